"""Organizers' pages of actions on selected registrations: each shows a preview to be confirmed once."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.club.models import Person
from convention.events.models import Event
from convention.jobs.job_queue import request_job
from convention.tables.downloads import TABLE_TYPES, table_response
from registrations.changes.cancel_selected import (
    BY_RULES,
    SelectionCancellation,
    cancel_selected,
    describe_cancelled,
    preview_selected_cancellations,
)
from registrations.changes.change_selected_tickets import (
    SelectionTicketChange,
    change_selected_tickets,
    describe_changed,
    preview_selected_changes,
)
from registrations.changes.resend import (
    describe_resent,
    preview_selected_confirmations,
    resend_selected,
)
from registrations.changes.selections import MAX_IMMEDIATE_CHANGES, RegistrationSelection, SelectionOutcome
from registrations.form_fields import ReasonForm

from .registration_list import make_registration_sheet
from .selection_action_forms import (
    SelectedCancellationForm,
    SelectedTicketForm,
    describe_price_sums,
)
from .selection_forms import with_selection


def _render_page(
    request: HttpRequest, template: str, selection: RegistrationSelection, **context: Any
) -> HttpResponse:
    context |= {"event": selection.event, "section": "organize", "selection": selection}
    return render(request, template, context)


@with_selection
def selection_export(request: HttpRequest, selection: RegistrationSelection) -> HttpResponse:
    """Show what the file contains, then download it."""
    event, kind = selection.event, request.POST.get("kind")
    if kind not in TABLE_TYPES:
        return _render_page(request, "registrations/selection_export.html", selection)
    sheet = make_registration_sheet(event, selection.find_registrations())
    record_action("registrations.export", event, event=event, fields=[kind, "selection"])
    return table_response(sheet, name=f"{event.slug}-{_('registrations')}", kind=kind)


@with_selection
def selection_cancel(request: HttpRequest, selection: RegistrationSelection) -> HttpResponse:
    """Show what is cancelled, refunded and mailed; once confirmed, cancel, in a job if there are many."""
    now, is_confirmed = timezone.now(), "fingerprint" in request.POST
    preview = preview_selected_cancellations(selection, at=now)
    form = SelectedCancellationForm(request.POST if is_confirmed else None, preview=preview)
    if is_confirmed and form.is_valid():
        if request.POST["fingerprint"] == preview.fingerprint:
            cancellation = SelectionCancellation(
                ids=tuple(registration.pk for registration in preview.registrations),
                refund=form.cleaned_data.get("refund", BY_RULES),
                reason=form.cleaned_data["reason"],
                requested_at=now,
                is_notified=form.cleaned_data.get("is_notified", True),
            )
            return _cancel(request, selection, cancellation)
        _warn_of_change(request)
    return _render_page(request, "registrations/selection_cancel.html", selection, form=form, preview=preview)


def _cancel(
    request: HttpRequest, selection: RegistrationSelection, cancellation: SelectionCancellation
) -> HttpResponse:
    event, count = selection.event, len(cancellation.ids)
    if count > MAX_IMMEDIATE_CHANGES:

        def write_title() -> str:
            title = ngettext(
                "Cancellation of %(count)d registration", "Cancellation of %(count)d registrations", count
            )
            return title % {"count": count}

        return _start_job(request, event, "cancel-selection", write_title, cancellation.to_json())
    outcome = cancel_selected(event=event, cancellation=cancellation)
    return _report_outcome(request, selection, describe_cancelled(outcome), outcome)


@with_selection
def selection_ticket(request: HttpRequest, selection: RegistrationSelection) -> HttpResponse:
    """Offer the tickets, then show what the change costs; once confirmed, change them."""
    # The list sends neither field; a form without a chosen ticket sends the second one alone.
    is_sent = "ticket" in request.POST or "is_sent" in request.POST
    choice = SelectedTicketForm(request.POST if is_sent else None, event=selection.event)
    is_confirmed = "fingerprint" in request.POST
    reason = ReasonForm(request.POST if is_confirmed else None)
    context: dict[str, Any] = {"choice": choice, "reason": reason}
    if choice.is_valid():
        preview = preview_selected_changes(selection, ticket=choice.cleaned_data["ticket"])
        context |= {"preview": preview, "sentences": describe_price_sums(preview)}
        if is_confirmed and reason.is_valid():
            if request.POST["fingerprint"] == preview.fingerprint:
                change = SelectionTicketChange(
                    preview.ticket.pk, preview.differences, reason.cleaned_data["reason"]
                )
                return _change_tickets(request, selection, change)
            _warn_of_change(request)
    return _render_page(request, "registrations/selection_ticket.html", selection, **context)


def _change_tickets(
    request: HttpRequest, selection: RegistrationSelection, change: SelectionTicketChange
) -> HttpResponse:
    event, count = selection.event, len(change.differences)
    if count > MAX_IMMEDIATE_CHANGES:

        def write_title() -> str:
            title = ngettext(
                "Change of ticket for %(count)d registration",
                "Change of ticket for %(count)d registrations",
                count,
            )
            return title % {"count": count}

        return _start_job(request, event, "change-selected-tickets", write_title, change.to_json())
    outcome = change_selected_tickets(event=event, change=change)
    return _report_outcome(request, selection, describe_changed(outcome), outcome)


@with_selection
def selection_resend(request: HttpRequest, selection: RegistrationSelection) -> HttpResponse:
    """Show to whom the confirmation is sent again; once confirmed, send it, in a job if there are many."""
    preview = preview_selected_confirmations(selection)
    if "fingerprint" in request.POST:
        if request.POST["fingerprint"] == preview.fingerprint:
            return _resend(request, selection, [registration.pk for registration in preview.registrations])
        _warn_of_change(request)
    return _render_page(request, "registrations/selection_resend.html", selection, preview=preview)


def _resend(request: HttpRequest, selection: RegistrationSelection, ids: list[int]) -> HttpResponse:
    event, count = selection.event, len(ids)
    if count > MAX_IMMEDIATE_CHANGES:

        def write_title() -> str:
            title = ngettext(
                "Confirmation of %(count)d registration", "Confirmations of %(count)d registrations", count
            )
            return title % {"count": count}

        return _start_job(request, event, "resend-selection", write_title, json.dumps(ids))
    outcome = resend_selected(event=event, ids=ids)
    return _report_outcome(request, selection, describe_resent(outcome), outcome)


def _start_job(
    request: HttpRequest, event: Event, kind: str, title: Callable[[], str], payload: str
) -> HttpResponse:
    assert isinstance(request.user, Person)
    job = request_job(event=event, kind=kind, title=title, requested_by=request.user, payload=payload)
    return redirect("organize-job", event.slug, job.pk)


def _report_outcome(
    request: HttpRequest, selection: RegistrationSelection, sentence: str, outcome: SelectionOutcome
) -> HttpResponse:
    """Redirect to the list, filtered as before, with messages about what was done and what was skipped."""
    if outcome.done_count:
        messages.success(request, sentence)
    for line in outcome.skipped.list_lines():
        messages.warning(request, line)
    list_path = reverse("organize-registrations", args=[selection.event.slug])
    return redirect(f"{list_path}{selection.list_query and '?'}{selection.list_query}")


def _warn_of_change(request: HttpRequest) -> None:
    messages.warning(
        request, _("Something has changed in the meantime. Check the preview again, then confirm.")
    )
