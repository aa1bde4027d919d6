"""Choose rides: one each way at most, all or nothing, and never more people than seats."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.counters import give_back_to, take_from
from convention.errors import Closed, InvalidFields, SoldOut

from .models import Application, Leg, LegSeat


@transaction.atomic
def choose_rides(*, application: Application, rides: Collection[int]) -> None:
    """The visitor’s own choice of rides. Raises Closed, InvalidFields, SoldOut."""
    if sit_in(application=application, rides=rides):
        record("ride.choose", application, event=application.visit.event)


def sit_in(*, application: Application, rides: Collection[int]) -> bool:
    """Sit in these rides and in no others, but for those that have left; whether anything changed.

    In the caller’s transaction. All rides of the visit are locked in one order, so that changing from one to
    another is both or neither. Raises Closed, InvalidFields, SoldOut.
    """
    legs = _locked(application)
    now = timezone.now()
    had = {seat.leg_id for seat in application.rides.all()}
    wanted = {*rides} | {pk for pk in had if legs[pk].leaves_at <= now}
    _refuse_odd(application, legs, wanted - had, wanted)
    free_lost([legs[pk] for pk in wanted - had])
    _leave(application, [legs[pk] for pk in had - wanted])
    _board(application, [legs[pk] for pk in wanted - had])
    return had != wanted


def _locked(application: Application) -> dict[int, Leg]:
    rows = Leg.objects.select_for_update().filter(visit=application.visit_id).order_by("pk")
    return {leg.pk: leg for leg in rows}


def _refuse_odd(
    application: Application, legs: dict[int, Leg], fresh: Collection[int], wanted: Collection[int]
) -> None:
    now = timezone.now()
    if not Application.objects.confirmed().filter(pk=application.pk).exists():
        raise Closed(_("Rides are for those who have a place at the visit."))
    if application.visit.cancelled_at:
        raise Closed(_("The visit was called off."))
    if unknown := [pk for pk in fresh if pk not in legs]:
        raise InvalidFields(
            _("Some fields need another look."), {str(unknown[0]): [_("There is no such ride.")]}
        )
    if any(legs[pk].leaves_at <= now for pk in fresh):
        raise Closed(_("This ride has left already."))
    ways = [legs[pk].direction for pk in wanted]
    for way in Leg.Direction.values:
        if ways.count(way) > 1:
            raise InvalidFields(_("Some fields need another look."), {way: [_("Choose one ride each way.")]})


def free_lost(legs: list[Leg]) -> None:
    """Seats of those who lost their place since are free again, whoever took the place from them."""
    lost = LegSeat.objects.filter(leg__in=legs).exclude(pk__in=LegSeat.objects.standing().values("pk"))
    for leg in legs:
        gone, _each = lost.filter(leg=leg).delete()
        if gone:
            give_back_to({leg: gone})


def _leave(application: Application, legs: list[Leg]) -> None:
    LegSeat.objects.filter(application=application, leg__in=legs).delete()
    give_back_to(dict.fromkeys(legs, 1))


def _board(application: Application, legs: list[Leg]) -> None:
    """Take the seats. Raises SoldOut, and the caller's transaction is undone."""
    full = take_from(dict.fromkeys(legs, 1))
    if full:
        raise SoldOut(
            _("No seat is left in the ride from “%(place)s”: choose another one. Nothing was changed.")
            % {"place": full.meeting_point}
        )
    LegSeat.objects.bulk_create(LegSeat(leg=leg, application=application) for leg in legs)
