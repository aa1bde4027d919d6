"""Cancel a visit: refund everything, release every place and notify everybody involved."""

from functools import partial
from itertools import groupby

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import InvalidFields, NotOpenNow
from convention.events.sequence import advance_sequence
from registrations.changes.cancel import cancel_registrations, make_fee_terms
from registrations.models import Order, Registration, WaitingEntry
from registrations.visits.applications.apply import get_advisory_lock_name
from registrations.visits.applications.notifications import notify_applicant
from registrations.visits.hosts.notifications import (
    notify_contact_of_cancellation,
    notify_security_of_cancellation,
)
from registrations.visits.models import Application, HostContact, Visit
from registrations.visits.preconditions import lock_visit_row
from registrations.waiting_list.end_waiting import leave_waiting_list
from schedule.editing.revision import raise_revision


@transaction.atomic
def cancel_visit(*, visit: Visit, reason: str) -> Visit:
    """Cancel a visit before its end; the reason is quoted in every mail.

    Fees are refunded in full. The sequence of the event is raised, so that subscribed calendars show the
    cancellation. Raise NotOpenNow if it is over or was cancelled, InvalidFields without a reason.
    """
    if not reason.strip():
        raise InvalidFields(
            _("Some fields need to be corrected."),
            {"reason": [_("Enter the reason; it is included in the e-mails.")]},
        )
    # Waits for applicants in flight, who hold the lock shared, so that nobody gets a place afterwards.
    acquire_advisory_lock(get_advisory_lock_name(visit))
    visit = lock_visit_row(visit)
    if visit.event.is_over():
        raise NotOpenNow(_("The visit is over, so it can no longer be called off."))
    # Before the places are released, after which no application is valid any more.
    application_ids = list(Application.objects.still_valid().filter(visit=visit).values_list("pk", flat=True))
    visit.cancelled_at, visit.cancellation_reason = timezone.now(), reason.strip()[:300]
    visit.save(update_fields=["cancelled_at", "cancellation_reason"])
    record_action(
        "visit.call_off", visit, event=visit.event, fields=["cancelled_at"], reason=visit.cancellation_reason
    )
    # After `cancelled_at` was saved, which keeps the waiting list from being offered the released places.
    _release_places(visit)
    _notify_everyone(visit, application_ids)
    raise_revision(event=visit.event)
    advance_sequence(visit.event_id)
    return visit


def _release_places(visit: Visit) -> None:
    """End all waits and cancel all registrations; the visit's own mail replaces the usual ones."""
    # Waits first: nobody is left to whom a released place could be offered.
    for entry in WaitingEntry.objects.active().filter(event=visit.event).order_by("pk"):
        leave_waiting_list(entry=entry, reason=visit.cancellation_reason)
    active = Registration.objects.active().filter(event=visit.event).order_by("order", "pk")
    # By order, so that one credit note covers all places of an order.
    for pk, rows in groupby(list(active.values_list("order", "pk")), key=lambda row: row[0]):
        # Order before registrations: the lock order that payments use too.
        order = Order.objects.locked_for_update().get(pk=pk)
        _cancel_order_places(order, [row[1] for row in rows], visit.cancellation_reason)


def _cancel_order_places(order: Order, registration_ids: list[int], reason: str) -> None:
    rows = Registration.objects.select_related("order__event", "event", "ticket")
    active = list(rows.filter(pk__in=registration_ids, cancelled_at=None).select_for_update(of=("self",)))
    cancel_registrations(
        # No fee, whatever the refund rules say: it is the club that cancels.
        active,
        order=order,
        reason=reason,
        get_terms=partial(make_fee_terms, fee_cents=0, reason=reason),
    )
    # Marks the ordinary cancellation mail as sent: `notify_applicant` sends the visit's own.
    Registration.objects.filter(pk__in=registration_ids).update(cancellation_sent_at=timezone.now())


def _notify_everyone(visit: Visit, application_ids: list[int]) -> None:
    for pk in application_ids:
        notify_applicant.enqueue(pk)
    # Not `active()`, which leaves out contacts of cancelled visits.
    for pk in HostContact.objects.filter(visit=visit, ended_at=None).values_list("pk", flat=True):
        notify_contact_of_cancellation.enqueue(pk)
    if visit.security_email:
        notify_security_of_cancellation.enqueue(visit.pk)
