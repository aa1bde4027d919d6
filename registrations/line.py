"""The rules of waiting lists: who is next, who cannot be served, how long an offer lasts. Pure."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from .models import WaitingEntry

SHORTEST = datetime.timedelta(minutes=30)
NEAR = 4
"""An offer never lasts longer than this part of the time that is left."""


def waiting_order(entries: Iterable[WaitingEntry]) -> list[WaitingEntry]:
    """Who comes before whom: by the event's own rule, if it has one (`ranked`), then as they joined."""
    return sorted(entries, key=lambda entry: (entry.rank, entry.joined_at, entry.pk))


def position_of(entry: WaitingEntry, waiting: Iterable[WaitingEntry]) -> int:
    """The place in the line, 1 being next; `waiting` are all who stand in it."""
    ordered = [one.pk for one in waiting_order(waiting)]
    return ordered.index(entry.pk) + 1 if entry.pk in ordered else 0


def offer_ends(*, now: datetime.datetime, hours: int, begins: datetime.datetime) -> datetime.datetime:
    """Until when an offer made now lasts, for something that begins then.

    The hours agreed, at most a quarter of the time that is left, at least half an hour, and never longer
    than until it begins.
    """
    left = max(begins - now, datetime.timedelta())
    lasts = max(SHORTEST, min(datetime.timedelta(hours=hours), left / NEAR))
    return now + min(lasts, left)


@dataclass(frozen=True)
class Standing:
    """What is looked at before a member's place is offered; `company_left` is None without a cap."""

    is_member: bool
    has_place: bool = False
    company_left: int | None = None


def objection(standing: Standing) -> str:
    """Why someone cannot be served now, and is passed over; empty where nothing speaks against it."""
    if not standing.is_member:
        return WaitingEntry.PassedOver.NOT_A_MEMBER
    if standing.has_place:
        return WaitingEntry.PassedOver.HAS_PLACE
    if standing.company_left is not None and standing.company_left <= 0:
        return WaitingEntry.PassedOver.COMPANY_FULL
    return ""
