"""From a copied event to a published one: the form of the copy, the checklist, and the address to share."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from convention.codes.qr import draw_svg_symbol
from convention.errors import Forbidden, InvalidFields, NotOpenNow
from convention.events.forms import CopyEventForm, PublishEventForm
from convention.events.models import Event
from convention.events.permissions import can_create_events, get_event_to_organize
from convention.events.slugs import make_event_slug

from .copy_event import copy_event
from .publish import list_readiness, publish_event

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_http_methods(["GET", "HEAD", "POST"])
def event_publication(request: "HttpRequest", event: str) -> "HttpResponse":
    """Show what is missing and publish the event; once it is, show its address."""
    event_row = get_event_to_organize(event, request.user)
    is_draft = event_row.visibility == Event.Visibility.DRAFT
    for_members = event_row.kind == Event.Kind.GROUP_MEETING
    usual = Event.Visibility.MEMBERS if for_members else Event.Visibility.PUBLIC
    form = PublishEventForm(request.POST or None, initial={"visibility": usual})
    if request.method == "POST" and is_draft and form.is_valid():
        try:
            publish_event(event=event_row, visibility=form.cleaned_data["visibility"], actor=request.user)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except NotOpenNow as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The event is published."))
            return redirect("organize-event-publish", event_row.slug)
    return render(request, "organize/event_publish.html", _build_context(event_row, form))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def event_copy(request: "HttpRequest") -> "HttpResponse":
    """Create a draft with the settings of another event."""
    if not can_create_events(request.user):
        raise Forbidden(_("Only the club’s organizers can add an event."))
    form = CopyEventForm(request.POST or None, initial={"source": request.GET.get("source", "")})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        copied = copy_event(**values, slug=make_event_slug(values["name"]))
        messages.success(request, _("The event was copied. Check it here before you publish it."))
        return redirect("organize-event-publish", copied.slug)
    return render(request, "organize/event_copy.html", {"form": form, "section": "organize"})


def _build_context(event: Event, form: PublishEventForm) -> dict[str, object]:
    items = list_readiness(event)
    address = f"{settings.SITE_URL}{event.get_absolute_url()}"
    is_draft = event.visibility == Event.Visibility.DRAFT
    return {
        "event": event,
        "section": "organize",
        "form": form,
        "is_draft": is_draft,
        "missing_items": [item for item in items if not item.is_done],
        "done_items": [item for item in items if item.is_done],
        "is_blocked": any(item.is_required and not item.is_done for item in items),
        "address": address,
        "symbol": "" if is_draft else draw_svg_symbol(address, size=180),
    }
