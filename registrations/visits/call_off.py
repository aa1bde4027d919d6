"""Call a visit off: all places are free of charge again, and everybody who counted on it is told."""

from itertools import groupby

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, InvalidFields
from convention.events.sequence import next_sequence
from convention.turns import take_turn
from schedule.revision import raise_revision

from ..cancel import cancel_together, terms_keeping
from ..leave_waiting import leave_waiting
from ..models import Order, Registration, WaitingEntry
from .apply import turn_of
from .life import locked_row
from .models import Application, HostContact, Visit
from .tell_applicant import tell_applicant
from .tell_host import tell_contact, tell_security


@transaction.atomic
def call_off(*, visit: Visit, reason: str) -> Visit:
    """End a visit before its day; what was paid goes back whole. The reason stands in every mail.

    Calendars that follow it learn it by a higher sequence.
    Raises Closed once it is over or was called off, InvalidFields without a reason.
    """
    if not reason.strip():
        raise InvalidFields(
            _("Some fields need another look."), {"reason": [_("Say why: the e-mails tell it.")]}
        )
    take_turn(turn_of(visit))
    visit = locked_row(visit)
    if visit.event.ends_at <= timezone.now():
        raise Closed(_("The visit is over; there is nothing left to call off."))
    alive = list(Application.objects.alive().filter(visit=visit).values_list("pk", flat=True))
    visit.cancelled_at, visit.cancel_reason = timezone.now(), reason.strip()[:300]
    visit.save(update_fields=["cancelled_at", "cancel_reason"])
    record("visit.call_off", visit, event=visit.event, fields=["cancelled_at"], reason=visit.cancel_reason)
    visit.event.registration_closes_at = visit.cancelled_at
    visit.event.save(update_fields=["registration_closes_at"])
    _free_places(visit)
    _tell(visit, alive)
    raise_revision(event=visit.event)
    next_sequence(visit.event_id)
    return visit


def _free_places(visit: Visit) -> None:
    """Nobody waits any more and no place stands; our own mail tells it, not that of a cancellation."""
    for entry in WaitingEntry.objects.standing().filter(event=visit.event).order_by("pk"):
        leave_waiting(entry=entry, reason=visit.cancel_reason)
    standing = Registration.objects.active().filter(event=visit.event).order_by("order", "pk")
    for pk, rows in groupby(list(standing.values_list("order", "pk")), key=lambda row: row[0]):
        order = Order.objects.alone().get(pk=pk)
        _cancel(order, [row[1] for row in rows], visit.cancel_reason)


def _cancel(order: Order, places: list[int], reason: str) -> None:
    rows = Registration.objects.select_related("order__event", "event", "ticket")
    standing = list(rows.filter(pk__in=places, cancelled_at=None).select_for_update(of=("self",)))
    cancel_together(
        standing, order=order, reason=reason, terms_for=lambda place: terms_keeping(place, 0, reason)
    )
    Registration.objects.filter(pk__in=places).update(cancellation_sent_at=timezone.now())


def _tell(visit: Visit, applications: list[int]) -> None:
    for pk in applications:
        tell_applicant.enqueue(pk)
    for pk in HostContact.objects.filter(visit=visit, ended_at=None).values_list("pk", flat=True):
        tell_contact.enqueue(pk)
    if visit.security_email:
        tell_security.enqueue(visit.pk)
