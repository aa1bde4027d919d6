"""The organizers' page to move a registration to the waiting list of another event."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize, get_organized_events
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from registrations.changes.move_to_waiting_list import (
    MovePreview,
    find_tickets_for_members_only,
    list_tickets_to_wait_for,
    move_to_waiting_list,
    preview_move,
)
from registrations.form_fields import ReasonForm
from registrations.models import Registration, Ticket


class EventTicketField(forms.ModelChoiceField):
    """A ticket, named with its event."""

    members_only: Collection[Ticket] = ()

    def label_from_instance(self, ticket: Ticket) -> str:
        name = f"{ticket.event.title} · {ticket.title}"
        return _("%(ticket)s (for members only)") % {"ticket": name} if ticket in self.members_only else name


class WaitingListChoiceForm(ReasonForm):
    """The ticket whose list the attendee is put on; `members_only` are those that they cannot have."""

    ticket = EventTicketField(
        Ticket.objects.none(), label=gettext_lazy("Waiting list"), empty_label=None, widget=forms.RadioSelect
    )

    def __init__(
        self, *args: Any, tickets: list[Ticket], members_only: Collection[Ticket], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["ticket"]
        assert isinstance(field, EventTicketField)
        field.members_only = members_only
        rows = Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets])
        field.queryset = rows.select_related("event", "quota").order_by("event__starts_at", "event", "pk")


@require_safe_or_post
def registration_move(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Offer the lists of other events, then show what the move costs; a POST moves."""
    event_obj = get_event_to_organize(event, request.user)
    rows = Registration.objects.select_related("order__event", "event", "ticket").prefetch_related(
        "addons__addon"
    )
    registration = get_object_or_404(rows, event=event_obj, reference=reference)
    # Only of events that this person organizes: the entry reveals there who was registered here.
    tickets = list_tickets_to_wait_for(get_organized_events(request.user).exclude(pk=event_obj.pk))
    data = request.POST if request.method == "POST" else request.GET or None
    members_only = find_tickets_for_members_only(registration, tickets)
    form = WaitingListChoiceForm(data, tickets=tickets, members_only=members_only)
    context: dict[str, Any] = {"registration": registration, "form": form, "has_lists": bool(tickets)}
    if data is not None and form.is_valid():
        preview = _preview(form, registration)
        if request.method == "POST" and preview and _try_move(request, form, registration):
            return redirect("organize-registration", event, reference)
        context |= {"ticket": form.cleaned_data["ticket"], "preview": preview, "is_refused": not preview}
    return _render_page(request, event_obj, context)


def _render_page(request: HttpRequest, event: Event, context: dict[str, Any]) -> HttpResponse:
    context |= {"event": event, "section": "organize"}
    return render(request, "registrations/organizer_move.html", context)


def _preview(form: WaitingListChoiceForm, registration: Registration) -> MovePreview | None:
    try:
        return preview_move(registration, form.cleaned_data["ticket"])
    except ConventionError as error:
        form.add_error(None, str(error))
        return None


def _try_move(request: HttpRequest, form: WaitingListChoiceForm, registration: Registration) -> bool:
    ticket, fee_cents = form.cleaned_data["ticket"], parse_digits(request.POST.get("fee", ""))
    if fee_cents is None:
        form.add_error(None, _("The refund has changed in the meantime. Check it again."))
        return False
    try:
        entry = move_to_waiting_list(
            registration=registration,
            ticket=ticket,
            expected_fee_cents=fee_cents,
            reason=form.cleaned_data["reason"],
        )
    except InvalidFields as error:
        # The fields are those of the registration, which this page does not have.
        form.add_error(None, [text for texts in error.field_errors.values() for text in texts])
        return False
    except ConventionError as error:
        form.add_error(None, str(error))
        return False
    sentence = (
        _("%(name)s has been offered a place at %(event)s and will receive an e-mail.")
        if entry.offered_at
        else _("%(name)s is on the waiting list of %(event)s.")
    )
    messages.success(request, sentence % {"name": entry.name, "event": ticket.event.title})
    return True
