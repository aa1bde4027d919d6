"""Organizers' pages of waiting lists: who waits, what is offered, and actions on one entry."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.tables.downloads import table_response
from convention.web.routing import require_safe_or_post
from registrations.application_rules import has_passed_deadline
from registrations.models import WaitingEntry, WaitingPolicy
from registrations.storefront.waiting_list_forms import WaitingActionForm, WaitingPolicyForm
from registrations.waiting_list.organizer_actions import (
    can_offer_place,
    offer_place_now,
    pause_waiting_entry,
    remove_waiting_entry,
    resume_waiting_entry,
    set_offer_hours,
)
from registrations.waiting_list.overview import list_waiting_rows, load_waiting_lists, make_waiting_list_sheet

PAGE_SIZE = 100
WAITING_ACTIONS: dict[str, tuple[Callable[..., WaitingEntry], object]] = {
    "offer": (offer_place_now, gettext_lazy("%(name)s has been offered a place and will receive an e-mail.")),
    "pause": (pause_waiting_entry, gettext_lazy("%(name)s has been held back and keeps their position.")),
    "resume": (resume_waiting_entry, gettext_lazy("%(name)s is back on the list.")),
    "remove": (remove_waiting_entry, gettext_lazy("%(name)s has been removed from the list.")),
}


@require_safe_or_post
def waiting_list_overview(request: HttpRequest, event: str) -> HttpResponse:
    """Show all waiting lists and one in full; a POST sets how long offers last."""
    event_obj = get_event_to_organize(event, request.user)
    policy = WaitingPolicy.objects.filter(event=event_obj).first() or WaitingPolicy(event=event_obj)
    form = WaitingPolicyForm(request.POST or None, instance=policy)
    if request.method == "POST" and form.is_valid():
        set_offer_hours(event=event_obj, offer_hours=form.cleaned_data["offer_hours"])
        messages.success(request, _("The duration has been saved. It applies to new offers."))
        return redirect("organize-waiting", event)
    lists = load_waiting_lists(event_obj)
    selected_list = next(
        (waiting_list for waiting_list in lists if waiting_list.key == request.GET.get("list")),
        lists[0] if lists else None,
    )
    page = Paginator(list_waiting_rows(selected_list) if selected_list else [], PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "lists": lists,
        "selected_list": selected_list,
        "can_offer": selected_list is not None
        and can_offer_place(selected_list.wanted_item, at=timezone.now()),
        "has_passed_deadline": has_passed_deadline(event_obj, at=timezone.now()),
        "page_obj": page,
        "form": form,
    }
    return _render_page(request, event_obj, **context)


def _render_page(request: HttpRequest, event: Event, **context: object) -> HttpResponse:
    return render(
        request,
        "registrations/organizer_waiting_lists.html",
        {"event": event, "section": "organize", **context},
    )


@require_POST
def waiting_entry_action(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Offer a place to one entry, pause it, resume it or remove it."""
    event_obj = get_event_to_organize(event, request.user)
    rows = WaitingEntry.objects.select_related("ticket", "session", "registration")
    entry = get_object_or_404(rows, event=event_obj, pk=pk)
    form = WaitingActionForm(request.POST)
    if form.is_valid():
        action, message = WAITING_ACTIONS[form.cleaned_data["action"]]
        try:
            action(entry=entry, reason=form.cleaned_data["reason"])
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, str(message) % {"name": entry.name})
    else:
        messages.error(request, _("Choose an action. A reason can have at most 300 characters."))
    # Back to the list that the entry is on.
    list_key = f"ticket-{entry.ticket_id}" if entry.ticket_id else f"session-{entry.session_id}"
    return redirect(f"{reverse('organize-waiting', args=[event])}?list={list_key}")


@require_GET
def waiting_list_export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """Return all waiting lists as a file, with entries that have ended."""
    event_obj = get_event_to_organize(event, request.user)
    record_action("waiting.export", event_obj, event=event_obj, fields=[kind])
    return table_response(
        make_waiting_list_sheet(event_obj), name=f"{event_obj.slug}-{_('waiting-lists')}", kind=kind
    )
