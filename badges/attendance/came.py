"""Find who was scanned, and when they came and left: providers of attendance hooks for lower layers."""

import datetime
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db.models import Max, Min, Q
from django.db.models.functions import Coalesce

from .headcount import doors_of
from .models import Presence, Scan

if TYPE_CHECKING:
    from convention.events.models import Event

type Stay = tuple[datetime.datetime, datetime.datetime | None]


def came_among(registrations: Collection[int]) -> set[int]:
    """Those of these registrations, by id, of whom there is any scan, also of a badge merged into them."""
    theirs = Q(registration__in=registrations) | Q(registration__merged_into__in=registrations)
    scans = Scan.objects.filter(theirs).order_by()
    return set(scans.values_list(Coalesce("registration__merged_into", "registration"), flat=True).distinct())


def came_and_left(event: "Event") -> dict[int, Stay]:
    """By registration, when someone first came in at the event's own doors and when they last left.

    Who came in again after that has not left; a seat in a coach alone makes nobody arrive.
    """
    passed = Presence.objects.filter(checkpoint__in=doors_of(event)).order_by().values_list("registration")
    stays = passed.annotate(came=Min("first_in"), entered=Max("last_in"), left=Max("last_out"))
    return {
        pk: (came, left if left and left >= entered else None)
        for pk, came, entered, left in stays
        if came is not None
    }
