"""The page on which those who answer privacy requests ask an event's organizers to settle what blocks one."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.privacy.permissions import get_privacy_case
from convention.web.forms import LastEntryForm
from convention.web.routing import require_safe_or_post

from .mails import describe_organizer_request, list_recipients
from .organizer_requests import (
    NoOrganizer,
    OrganizersAskedMeanwhile,
    ask_organizers,
    get_blocking_event,
)

if TYPE_CHECKING:
    from django.http import HttpRequest


@never_cache
@require_safe_or_post
def organizer_request(request: "HttpRequest", pk: int, event: str) -> HttpResponse:
    """Show the e-mail and who gets it; a POST sends it."""
    case = get_privacy_case(pk, request.user)
    blocking_event = get_blocking_event(case, event)
    last_request = blocking_event.last_request
    if request.method == "POST":
        form = LastEntryForm(request.POST)
        last_entry_id = form.cleaned_data["last_entry"] if form.is_valid() else None
        try:
            count = ask_organizers(case=case, event_slug=event, last_entry_id=last_entry_id)
        except (NoOrganizer, OrganizersAskedMeanwhile) as error:
            messages.error(request, str(error))
        else:
            text = ngettext(
                "%(count)d organizer of “%(event)s” will receive your e-mail.",
                "%(count)d organizers of “%(event)s” will receive your e-mail.",
                count,
            )
            messages.success(request, text % {"count": count, "event": blocking_event.event.title})
        return redirect("privacy-case", pk)
    context = {
        "section": "requests",
        "case": case,
        "blocking_event": blocking_event,
        "recipients": list_recipients(blocking_event.event, case=case),
        "text": describe_organizer_request(case, blocking_event.event),
        "form": LastEntryForm(initial={"last_entry": last_request.entry.pk if last_request else None}),
    }
    return render(request, "privacy/organizer_request.html", context)
