"""Who sits where: everybody with a place, and the ride of each, there and back."""

from django.db.models import Prefetch, QuerySet

from .models import Application, Leg, LegSeat, Visit


def visitors_to_seat(visit: Visit) -> QuerySet[Application]:
    """Everybody with a place by name, with their rides; so many queries however many they are."""
    seats = LegSeat.objects.select_related("leg").order_by("leg__leaves_at", "leg")
    rows = Application.objects.confirmed().filter(visit=visit).select_related("registration", "company")
    return rows.prefetch_related(Prefetch("rides", seats)).order_by("registration__sort_name", "pk")


def ways_of(application: Application) -> list[tuple[str, Leg | None]]:
    """The ride of somebody each way, by the way’s name; none for who comes or goes on their own."""
    taken = {seat.leg.direction: seat.leg for seat in application.rides.all()}
    return [(str(label), taken.get(way)) for way, label in Leg.Direction.choices]
