"""The rules of waiting lists: who is next or passed over, how long an offer lasts. No database access."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from registrations.models import WaitingEntry

MIN_OFFER_DURATION = datetime.timedelta(minutes=30)
# An offer lasts at most this fraction of the remaining time, so that the place can still go to others.
REMAINING_TIME_DIVISOR = 4


def sort_waiting_entries(entries: Iterable[WaitingEntry]) -> list[WaitingEntry]:
    """Return the entries by the event's own ranking, if it has one, then by when they joined."""
    return sorted(entries, key=lambda entry: (entry.priority_rank, entry.joined_at, entry.pk))


def find_position(entry: WaitingEntry, waiting_entries: Iterable[WaitingEntry]) -> int:
    """Return the entry's position among those who wait, from 1; 0 if it is not among them."""
    ordered = [candidate.pk for candidate in sort_waiting_entries(waiting_entries)]
    return ordered.index(entry.pk) + 1 if entry.pk in ordered else 0


def calculate_offer_expiry(
    *, now: datetime.datetime, offer_hours: int, starts_at: datetime.datetime
) -> datetime.datetime:
    """Return when an offer made at `now` expires, for an item that begins at `starts_at`.

    It lasts the configured hours, but at most a quarter of the remaining time, at least half an hour, and
    never beyond the start.
    """
    remaining = max(starts_at - now, datetime.timedelta())
    duration = max(
        MIN_OFFER_DURATION, min(datetime.timedelta(hours=offer_hours), remaining / REMAINING_TIME_DIVISOR)
    )
    return now + min(duration, remaining)


@dataclass(frozen=True)
class WaitingFacts:
    """The facts about one waiting person for one item; `company_places_left` is None without a cap."""

    is_member: bool
    has_place: bool = False
    company_places_left: int | None = None


def find_offer_objection(waiting_facts: WaitingFacts) -> str:
    """Return why the entry is passed over, or ""."""
    if not waiting_facts.is_member:
        return WaitingEntry.SkipReason.NOT_A_MEMBER
    if waiting_facts.has_place:
        return WaitingEntry.SkipReason.HAS_PLACE
    if waiting_facts.company_places_left is not None and waiting_facts.company_places_left <= 0:
        return WaitingEntry.SkipReason.COMPANY_FULL
    return ""
