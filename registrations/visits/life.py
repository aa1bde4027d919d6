"""Steps of a visit's life: agreed with the host, open to members, closed, open again."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed
from convention.events.models import Event

from .deadline import locks_at
from .eligibility import ticket_of
from .models import NdaText, Visit
from .odd_dates import about_length
from .refusals import NotReady, refuse_called_off


def locked_row(visit: Visit) -> Visit:
    """The visit, locked until the transaction ends. Raises Closed for one that was called off."""
    rows = Visit.objects.select_for_update(of=("self",)).select_related("event__host")
    found = rows.get(pk=visit.pk)
    refuse_called_off(found)
    return found


@transaction.atomic
def agree(*, visit: Visit) -> Visit:
    """Say that the host has agreed to the day and the terms. Raises Closed, NotReady."""
    visit = locked_row(visit)
    if visit.event.host_id is None:
        raise NotReady(_("Say first which company is the host, in the settings of the event."))
    if sentence := about_length(visit.event.starts_at, visit.event.ends_at):
        raise NotReady(sentence)
    return _dated(visit, "agreed_at", "visit.agree") if visit.agreed_at is None else visit


def missing_for_members(visit: Visit) -> list[str]:
    """What has to be said before members hear of a visit, as sentences."""
    ticket, odd = ticket_of(visit), about_length(visit.event.starts_at, visit.event.ends_at)
    found = (
        (visit.agreed_at is None, _("The host has not agreed yet.")),
        (ticket is None or ticket.capacity is None, _("Say how many places there are.")),
        (not NdaText.objects.filter(visit=visit).exists(), _("Write what visitors keep to themselves.")),
        (bool(odd), odd),
        (locks_at(visit) <= timezone.now(), _("The list would be locked already: choose a later day.")),
    )
    return [sentence for is_so, sentence in found if is_so]


@transaction.atomic
def publish(*, visit: Visit) -> Visit:
    """Open a visit to members, who apply from now on until it closes. Raises Closed, NotReady."""
    visit = locked_row(visit)
    if missing := missing_for_members(visit):
        raise NotReady(" ".join(missing))
    event = visit.event
    event.visibility = Event.Visibility.MEMBERS
    event.registration_closes_at = min(event.registration_closes_at or locks_at(visit), locks_at(visit))
    event.save(update_fields=["visibility", "registration_closes_at"])
    record("visit.publish", visit, event=event, fields=["visibility"])
    return visit


@transaction.atomic
def close(*, visit: Visit) -> Visit:
    """Take no more applications; who waits may still get a place until the lock. Raises Closed."""
    visit = locked_row(visit)
    if visit.state != Visit.State.PUBLISHED:
        raise Closed(_("This visit takes no applications now."))
    _dated(visit, "closed_at", "visit.close")
    _set_closing(visit, timezone.now())
    return visit


@transaction.atomic
def reopen(*, visit: Visit) -> Visit:
    """Take applications again, until the list is locked. Raises Closed."""
    visit = locked_row(visit)
    if visit.state != Visit.State.CLOSED or locks_at(visit) <= timezone.now():
        raise Closed(_("The list of this visit is locked, or it takes applications already."))
    visit.closed_at = None
    visit.save(update_fields=["closed_at"])
    record("visit.reopen", visit, event=visit.event, fields=["closed_at"])
    _set_closing(visit, locks_at(visit))
    return visit


def _dated(visit: Visit, field: str, verb: str) -> Visit:
    setattr(visit, field, timezone.now())
    visit.save(update_fields=[field])
    record(verb, visit, event=visit.event, fields=[field])
    return visit


def _set_closing(visit: Visit, moment: datetime.datetime) -> None:
    visit.event.registration_closes_at = moment
    visit.event.save(update_fields=["registration_closes_at"])
