"""Choose rides: at most one each way, all or nothing, never more people than seats."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.limited_stock import release_stock, reserve_stock
from convention.errors import InvalidFields, NotOpenNow, SoldOut
from convention.text.normalize import normalize_whitespace
from registrations.visits.models import Application, Ride, RideSeat, Visit

from .notifications import notify_seated_visitor


def filter_choosable_rides(
    rides: Iterable[Ride], current_rides: Iterable[Ride], *, at: datetime.datetime
) -> list[Ride]:
    """Return the rides that can still be chosen: one that has left can be neither chosen nor given up."""
    fixed_directions = {ride.direction for ride in current_rides if ride.leaves_at <= at}
    return [ride for ride in rides if ride.leaves_at > at and ride.direction not in fixed_directions]


@transaction.atomic
def choose_rides(*, application: Application, ride_ids: Collection[int]) -> None:
    """Save a visitor's own choice. Raise NotOpenNow, InvalidFields or SoldOut."""
    if set_rides(application=application, ride_ids=ride_ids):
        record_action("ride.choose", application, event=application.visit.event)


def set_rides(*, application: Application, ride_ids: Collection[int]) -> bool:
    """Replace the rides of an application; return whether anything changed.

    Rides that have left stay as they are. Call it in a transaction: all rides of the visit are locked in one
    order, so that a swap happens completely or not at all. Raise NotOpenNow, InvalidFields or SoldOut.
    """
    rides = _lock_rides(application)
    now = timezone.now()
    current_ids = {seat.ride_id for seat in application.ride_seats.all()}
    # A ride that has left cannot be undone, whatever the form says.
    chosen_ids = {*ride_ids} | {pk for pk in current_ids if rides[pk].leaves_at <= now}
    _check_choice(application, rides, chosen_ids - current_ids, chosen_ids)
    # Places are cancelled elsewhere without touching rides; their seats are released when one is needed.
    release_lost_seats([rides[pk] for pk in chosen_ids - current_ids])
    # Releases before reserving, all under the same locks: if a reservation fails, the transaction restores
    # both.
    _release_seats(application, [rides[pk] for pk in current_ids - chosen_ids])
    _reserve_seats(application, [rides[pk] for pk in chosen_ids - current_ids])
    return current_ids != chosen_ids


def _lock_rides(application: Application) -> dict[int, Ride]:
    # All rides, in one order: two visitors who swap rides would otherwise wait for each other for ever.
    rows = Ride.objects.select_for_update().filter(visit=application.visit_id).order_by("pk")
    return {ride.pk: ride for ride in rows}


def _check_choice(
    application: Application, rides: dict[int, Ride], added_ids: Collection[int], chosen_ids: Collection[int]
) -> None:
    now = timezone.now()
    if not Application.objects.confirmed().filter(pk=application.pk).exists():
        raise NotOpenNow(_("Rides are for people with a place on the visit."))
    if application.visit.cancelled_at:
        raise NotOpenNow(_("The visit was called off."))
    # The form offers only rides of this visit; this guards direct calls and rides removed meanwhile.
    if unknown_ids := [pk for pk in added_ids if pk not in rides]:
        raise InvalidFields(
            _("Some fields need to be corrected."), {str(unknown_ids[0]): [_("We could not find this ride.")]}
        )
    if any(rides[pk].leaves_at <= now for pk in added_ids):
        raise NotOpenNow(_("This coach has already left."))
    directions = [rides[pk].direction for pk in chosen_ids]
    for direction in Ride.Direction.values:
        if directions.count(direction) > 1:
            raise InvalidFields(
                _("Some fields need to be corrected."), {direction: [_("Choose one ride in each direction.")]}
            )


# Called when a seat is needed: cancelling belongs to a lower package, which must not import rides.
def release_lost_seats(rides: list[Ride]) -> None:
    """Release the seats of people who have lost their place at the visit."""
    lost_seats = RideSeat.objects.filter(ride__in=rides).exclude(
        pk__in=RideSeat.objects.active().values("pk")
    )
    for ride in rides:
        deleted_count, _by_model = lost_seats.filter(ride=ride).delete()
        if deleted_count:
            release_stock({ride: deleted_count})


def _release_seats(application: Application, rides: list[Ride]) -> None:
    RideSeat.objects.filter(application=application, ride__in=rides).delete()
    release_stock(dict.fromkeys(rides, 1))


def _reserve_seats(application: Application, rides: list[Ride]) -> None:
    """Reserve a seat in each ride. Raise SoldOut, which rolls the caller's transaction back."""
    full_ride = reserve_stock(dict.fromkeys(rides, 1))
    if full_ride:
        raise SoldOut(
            _("No seats are left on the ride from “%(place)s”. Choose another one. Nothing was changed.")
            % {"place": full_ride.meeting_point}
        )
    RideSeat.objects.bulk_create(RideSeat(ride=ride, application=application) for ride in rides)


MAX_REASON_LENGTH = 300


@transaction.atomic
def seat_visitor(*, application: Application, ride_ids: Collection[int], reason: str = "") -> bool:
    """Replace a visitor's rides for the organizer and mail them; return whether anything changed.

    The mail includes the reason, if there is one. Raise InvalidFields for two rides one way, SoldOut for a
    full ride, NotOpenNow for one that has left or a visitor without a place.
    """
    reason = normalize_whitespace(reason)[:MAX_REASON_LENGTH]
    changed = set_rides(application=application, ride_ids=ride_ids)
    if changed:
        entry = record_action(
            "ride.seat", application, event=application.visit.event, fields=["rides"], reason=reason
        )
        # The id of the audit entry distinguishes this change from the next, so that each is mailed.
        notify_seated_visitor.enqueue(application.pk, reason, entry.pk)
    return changed


@dataclass(frozen=True)
class SeatingResult:
    """The outcome of assigning several visitors to one ride; `refusals` are names with the reason."""

    changed: list[Application]
    unchanged: list[Application]
    refusals: list[tuple[str, str]]


@transaction.atomic
def seat_visitors(*, ride: Ride, application_ids: Collection[int], reason: str = "") -> SeatingResult:
    """Assign these visitors to a ride, in place of their ride in its direction, and mail those who change.

    Visitors who lost their place, or whose coach in this direction has left, are refused; all others get a
    seat, or nobody does. Raise SoldOut without a seat for each, NotOpenNow if the ride has left or is gone.
    """
    # Locked before the seats are read, which are then those that `set_rides` replaces.
    rides = {
        row.pk: row for row in Ride.objects.select_for_update().filter(visit=ride.visit_id).order_by("pk")
    }
    locked_ride = rides.get(ride.pk)
    if locked_ride is None:
        raise NotOpenNow(_("This ride is no longer available. Please choose another one."))
    if locked_ride.leaves_at <= timezone.now():
        raise NotOpenNow(_("This coach has already left."))
    selected = Application.objects.filter(visit=ride.visit_id, pk__in=application_ids)
    visitors = list(list_visitors_to_seat(ride.visit).filter(pk__in=application_ids))
    result = SeatingResult([], [], [])
    for application in selected.exclude(pk__in=[visitor.pk for visitor in visitors]).select_related("person"):
        result.refusals.append((str(application.person or _("erased")), _("no longer has a place")))
    for application in visitors:
        _seat_one(application, ride, reason, result)
    return result


def _seat_one(application: Application, ride: Ride, reason: str, result: SeatingResult) -> None:
    current = [seat.ride for seat in application.ride_seats.all()]
    others = {one.pk for one in current if one.direction != ride.direction}
    assert application.registration
    if any(one.direction == ride.direction and one.leaves_at <= timezone.now() for one in current):
        result.refusals.append((application.registration.name, _("their coach has already left")))
        return
    try:
        changed = seat_visitor(application=application, ride_ids=others | {ride.pk}, reason=reason)
    except NotOpenNow as error:
        result.refusals.append((application.registration.name, str(error)))
    except SoldOut as error:
        sentence = _(
            "There are not enough seats left on the ride from “%(place)s” for everyone you selected. Select "
            "fewer people or another ride. Nothing was changed."
        )
        raise SoldOut(sentence % {"place": ride.meeting_point}) from error
    else:
        (result.changed if changed else result.unchanged).append(application)


def list_visitors_to_seat(visit: Visit) -> QuerySet[Application]:
    """Return everybody with a place by name, with their rides prefetched."""
    seats = RideSeat.objects.select_related("ride").order_by("ride__leaves_at", "ride")
    rows = Application.objects.confirmed().filter(visit=visit).select_related("registration", "company")
    return rows.prefetch_related(Prefetch("ride_seats", seats)).order_by("registration__sort_name", "pk")


def list_rides_by_direction(application: Application) -> list[tuple[str, Ride | None]]:
    """Return the label of each direction with the visitor's ride, or None."""
    ride_by_direction = {seat.ride.direction: seat.ride for seat in application.ride_seats.all()}
    return [(str(label), ride_by_direction.get(direction)) for direction, label in Ride.Direction.choices]
