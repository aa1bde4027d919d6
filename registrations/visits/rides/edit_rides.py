"""Plan, change, move and remove rides, and notify passengers of changes."""

import datetime
from copy import copy

from django.db import transaction
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.ticketing.stock_limits import save_sale_item
from registrations.visits.models import Ride, RideSeat, Visit

from .notifications import notify_passenger
from .seating import release_lost_seats

# Passengers are notified when one of these changes.
NOTIFIED_FIELDS = {"meeting_point", "latitude", "longitude", "leaves_at"}


class RideInUse(ConventionError):
    """The ride has passengers."""

    kind = "ride-in-use"
    status = 409


@transaction.atomic
def save_ride(*, ride: Ride, changed: list[str]) -> Ride:
    """Save a new or changed ride; `changed` names its fields. Raise InvalidFields for too few seats."""
    is_new = ride.pk is None
    # Otherwise seats of visitors who lost their place would count against a smaller capacity.
    stored = list(Ride.objects.select_for_update().filter(pk=ride.pk))
    release_lost_seats(stored)
    save_sale_item(ride, changed)
    for former in stored:
        _announce_change(former, ride)
    record_action("ride.create" if is_new else "ride.change", ride, event=ride.visit.event, fields=changed)
    if not is_new and NOTIFIED_FIELDS & {*changed}:
        for seat in RideSeat.objects.active().filter(ride=ride):
            notify_passenger.enqueue(seat.pk)
    return ride


@transaction.atomic
def shift_rides(
    *,
    visit: Visit,
    start_shift: datetime.timedelta,
    end_shift: datetime.timedelta,
) -> int:
    """Move the rides with a visit whose start and end have moved; return how many have other times.

    Outward rides follow the start, return rides the end. Passengers are not mailed.
    """
    shifted_count = 0
    # In the order of `set_rides`, for which rows are locked by id.
    for ride in Ride.objects.select_for_update().filter(visit=visit).order_by("pk"):
        shift = end_shift if ride.direction == Ride.Direction.BACK else start_shift
        if not shift:
            continue
        former = copy(ride)
        ride.leaves_at += shift
        if ride.arrives_at:
            ride.arrives_at += shift
        ride.save(update_fields=["leaves_at", "arrives_at"])
        _announce_change(former, ride)
        record_action("ride.change", ride, event=visit.event, fields=["leaves_at", "arrives_at"])
        shifted_count += 1
    return shifted_count


def _announce_change(former: Ride, ride: Ride) -> None:
    for follow_change in hooks.ride_change_listeners.providers():
        follow_change(former, ride)


@transaction.atomic
def remove_ride(*, ride: Ride) -> None:
    """Remove a ride without passengers. Raise RideInUse."""
    # Locked, so that nobody takes a seat between the check and the deletion.
    Ride.objects.select_for_update().get(pk=ride.pk)
    if RideSeat.objects.active().filter(ride=ride).exists():
        sentence = _(
            "Some people are booked on the ride from “%(place)s”. Ask them to choose another one first."
        )
        raise RideInUse(sentence % {"place": ride.meeting_point})
    # Before the deletion, while the row has an id to record.
    record_action("ride.remove", ride, event=ride.visit.event)
    ride.delete()
