"""Find the published changes that an attendee does not know yet (the rule is in `notifications.py`)."""

import datetime
import enum
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from registrations.models import AgendaLink, Registration, SessionBooking
from schedule.models import ChosenSession, ScheduleVersion, Session
from schedule.programme.neighbours import find_conflicting_sessions
from schedule.versions.differences import TimetableSlot, is_other_room
from schedule.versions.timetables import load_version_timetable


class ChangeNotice(enum.StrEnum):
    """The change of a session that an e-mail announces; of several changes, the most serious."""

    MOVED = "moved"
    CANCELLED = "cancelled"
    REMOVED = "removed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class ChangedSession:
    """A session as it is now, for an attendee who booked or only starred it.

    `known_starts_at` and `known_room` are the time and room of which the attendee knew, as far as stored.
    """

    session: Session
    is_booked: bool
    notice: ChangeNotice
    known_starts_at: datetime.datetime | None = None
    known_room: str = ""
    conflicting_sessions: list[Session] = field(default_factory=list)

    @property
    def takes_place(self) -> bool:
        return self.notice in {ChangeNotice.MOVED, ChangeNotice.RESTORED}


def choose_notice(session: Session, *, if_it_takes_place: ChangeNotice) -> ChangeNotice:
    """Return the notice for a changed session; `if_it_takes_place` unless cancelled or without a time."""
    if session.cancelled_at:
        return ChangeNotice.CANCELLED
    if session.starts_at is None:
        return ChangeNotice.REMOVED
    return if_it_takes_place


def list_booked_changes(
    bookings: Iterable[SessionBooking], booked_sessions: list[Session]
) -> list[ChangedSession]:
    """Return the changes of these bookings; `booked_sessions` are all that the attendee booked."""
    changes = []
    for booking in bookings:
        was_dropped = booking.notified_starts_at is None or booking.is_cancellation_notified
        notice = choose_notice(
            booking.session, if_it_takes_place=ChangeNotice.RESTORED if was_dropped else ChangeNotice.MOVED
        )
        others = find_conflicting_sessions(booking.session, booked_sessions)
        changes.append(
            ChangedSession(
                booking.session,
                is_booked=True,
                notice=notice,
                known_starts_at=booking.notified_starts_at,
                known_room=booking.notified_room.name if booking.notified_room else "",
                conflicting_sessions=others,
            )
        )
    return changes


def find_unknown_choices() -> QuerySet[ChosenSession]:
    """Return the stars whose session changed since, in a version that was published with notice."""
    return ChosenSession.objects.filter(
        session__published_in__is_silent=False, session__published_in__number__gt=F("known_version")
    )


def find_links_to_notify() -> QuerySet[AgendaLink]:
    """Return the links with starred sessions that changed after the version that was announced last."""
    choices = find_unknown_choices().filter(
        personal_agenda=OuterRef("personal_agenda"),
        session__published_in__number__gt=OuterRef("notified_version"),
    )
    return AgendaLink.objects.filter(
        Exists(choices),
        personal_agenda__event__ends_at__gt=timezone.now(),
        registration__in=Registration.objects.confirmed(),
    )


def list_starred_changes(
    links: Iterable[AgendaLink], booked_sessions: Collection[Session]
) -> list[ChangedSession]:
    """Return changed sessions that the attendee starred, without booked ones (see `list_booked_changes`)."""
    changes_by_session: dict[int, ChangedSession] = {}
    for link in links:
        for change in _iterate_link_changes(link):
            changes_by_session[change.session.pk] = change
    booked_ids = {session.pk for session in booked_sessions}
    return [change for pk, change in changes_by_session.items() if pk not in booked_ids]


def _iterate_link_changes(link: AgendaLink) -> Iterator[ChangedSession]:
    choices = find_unknown_choices().filter(
        personal_agenda=link.personal_agenda_id, session__published_in__number__gt=link.notified_version
    )
    by_known_version: dict[int, list[Session]] = {}
    for choice in choices.select_related("session__room").order_by("session__starts_at", "pk"):
        known = max(link.notified_version, choice.known_version)
        by_known_version.setdefault(known, []).append(choice.session)
    for known, sessions in by_known_version.items():
        yield from _compare_with_version(sessions, known)


def _compare_with_version(sessions: list[Session], number: int) -> Iterator[ChangedSession]:
    """Yield the sessions that differ from the version of that number."""
    version = ScheduleVersion.objects.filter(event=sessions[0].event_id, number=number).first()
    slots = load_version_timetable(version, session_ids=[session.pk for session in sessions])
    for session in sessions:
        slot = slots.get(session.guid)
        if slot is None or not _is_same(session, slot):
            # No timetable is stored from before the first version; to be starred, the session was public.
            was_dropped = slot.is_cancelled if slot else version is not None
            notice = choose_notice(
                session, if_it_takes_place=ChangeNotice.RESTORED if was_dropped else ChangeNotice.MOVED
            )
            yield ChangedSession(
                session,
                is_booked=False,
                notice=notice,
                known_starts_at=slot.starts_at if slot else None,
                known_room=slot.room_name if slot else "",
            )


def _is_same(session: Session, slot: TimetableSlot) -> bool:
    """Return whether the session takes place, or is cancelled, as the slot says."""
    is_cancelled = session.cancelled_at is not None
    if session.starts_at is None or is_cancelled != slot.is_cancelled:
        return False
    # A cancelled session is announced as cancelled only, not also as moved.
    if is_cancelled:
        return True
    current_slot = TimetableSlot(
        session.guid,
        session.title,
        session.starts_at,
        session.ends_at or session.starts_at,
        session.room_id,
        session.room.name if session.room else "",
    )
    current_times = (current_slot.starts_at, current_slot.ends_at)
    return current_times == (slot.starts_at, slot.ends_at) and not is_other_room(current_slot, slot)
