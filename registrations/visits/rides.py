"""Plan, change and remove rides; never fewer seats than are taken, and passengers are told what changed."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError

from ..keep import keep
from .choose_rides import free_lost
from .models import Leg, LegSeat
from .tell_passengers import tell_passengers

TOLD = {"meeting_point", "latitude", "longitude", "leaves_at"}
"""What passengers must hear of."""


class RideInUse(ConventionError):
    """People sit in this ride."""

    kind = "ride-in-use"
    status = 409


@transaction.atomic
def save_ride(*, leg: Leg, changed: list[str]) -> Leg:
    """Keep a new or changed ride; `changed` names its fields. Raises InvalidFields for too few seats."""
    is_new = leg.pk is None
    free_lost(list(Leg.objects.select_for_update().filter(pk=leg.pk)))
    keep(leg, changed)
    record("ride.create" if is_new else "ride.change", leg, event=leg.visit.event, fields=changed)
    if not is_new and TOLD & {*changed}:
        for seat in LegSeat.objects.standing().filter(leg=leg):
            tell_passengers.enqueue(seat.pk)
    return leg


@transaction.atomic
def remove_ride(*, leg: Leg) -> None:
    """Remove a ride that nobody takes. Raises RideInUse."""
    Leg.objects.select_for_update().get(pk=leg.pk)
    if LegSeat.objects.standing().filter(leg=leg).exists():
        sentence = _("People take the ride from “%(place)s”: ask them to choose another one first.")
        raise RideInUse(sentence % {"place": leg.meeting_point})
    record("ride.remove", leg, event=leg.visit.event)
    leg.delete()
