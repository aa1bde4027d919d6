"""The sessions for which attendees are on a waiting list or have an offer, and sentences about them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.events.models import Event
from convention.text.dates import format_datetime
from registrations.models import Registration, WaitingEntry
from registrations.waiting_list.policy import find_position
from schedule.models import PersonalAgenda, Session

from .personal_agenda import query_own_registrations


@dataclass(frozen=True)
class AwaitedSession:
    """A session that an attendee waits for; `position` is 0 while a seat is offered."""

    entry: WaitingEntry
    session: Session
    position: int = 0

    @property
    def has_offer(self) -> bool:
        return self.entry.has_offer()

    def describe(self, event: Event) -> str:
        if self.entry.offer_expires_at and self.has_offer:
            until = format_datetime(self.entry.offer_expires_at, event.zone)
            return _("A seat is held for you until %(until)s. Accept it before then.") % {"until": until}
        return _("You are number %(position)d on the waiting list.") % {"position": self.position}


def load_awaited_sessions(registrations: Iterable[Registration]) -> dict[int, list[AwaitedSession]]:
    """Return the awaited sessions by the registration's id, in order of time; expired offers are left out."""
    rows = WaitingEntry.objects.active().filter(registration__in=[row.pk for row in registrations])
    entries = rows.filter(session__isnull=False).select_related("session")
    own_entries = [entry for entry in entries if entry.offered_at is None or entry.has_offer()]
    lists = load_waiting_lists(own_entries)
    awaited: dict[int, list[AwaitedSession]] = {}
    for entry in sorted(own_entries, key=_get_sort_key):
        position = find_position(entry, lists.get(entry.session_id, ()))
        if entry.session and entry.registration_id:
            row = AwaitedSession(entry, entry.session, position)
            awaited.setdefault(entry.registration_id, []).append(row)
    return awaited


def describe_awaited_sessions(
    event: Event, personal_agenda: PersonalAgenda | None, person: Person | None
) -> dict[int, str]:
    """Return sentences on the waits of an agenda's attendee and of a signed-in person. A hook."""
    registrations = query_own_registrations(event, personal_agenda, person)
    awaited = load_awaited_sessions(registrations)
    return {row.session.pk: row.describe(event) for rows in awaited.values() for row in rows}


def _get_sort_key(entry: WaitingEntry) -> tuple[bool, str, int]:
    starts_at = entry.session.starts_at if entry.session else None
    return starts_at is None, starts_at.isoformat() if starts_at else "", entry.pk


def load_waiting_lists(own_entries: Iterable[WaitingEntry]) -> dict[int | None, list[WaitingEntry]]:
    """Return everyone who waits, by session, for the sessions that `own_entries` wait for."""
    sessions = [entry.session_id for entry in own_entries if entry.offered_at is None]
    entries_by_session: dict[int | None, list[WaitingEntry]] = {}
    waiting = WaitingEntry.objects.active().filter(session__in=sessions, offered_at__isnull=True)
    for entry in waiting if sessions else ():
        entries_by_session.setdefault(entry.session_id, []).append(entry)
    return entries_by_session
