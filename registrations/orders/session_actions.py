"""Parse and apply what the buttons of the sessions page send: `book:12`, `swap:12:7`, `leave:7`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from convention.errors import NotFound
from registrations.booking.accept_offer import accept_session_offer
from registrations.booking.join_waiting_list import join_session_list
from registrations.models import Registration, SessionBooking, WaitingEntry
from registrations.sessions.booking import book_session, leave_session, swap_session
from registrations.waiting_list.end_waiting import WaitingEnded, decline_offer, leave_waiting_list
from schedule.models import ProgrammeAudience, Session


@dataclass(frozen=True)
class SessionAction:
    """An action on one session. `old_sessions` are given up in a swap; `reason` comes from an organizer."""

    verb: str
    session: Session
    old_sessions: tuple[Session, ...] = ()
    reason: str = ""


def parse_session_action(
    text: str, registration: Registration, reason: str = "", *, audience: ProgrammeAudience
) -> SessionAction:
    """Return the action that a button sent.

    Raise NotFound for an unknown verb, and for a session that does not exist or that the audience may not
    know of, unless the attendee has booked it or waits for it.
    """
    verb, *numbers = text.split(":")
    # The text comes from the browser: at most 20 numbers of at most nine ASCII digits.
    session_numbers = [
        int(number) for number in numbers[:20] if number.isascii() and number.isdigit() and len(number) < 10
    ]
    own_sessions = (
        rows.active().filter(registration=registration).values("session")
        for rows in (SessionBooking.objects, WaitingEntry.objects)
    )
    booked, awaited = (Q(pk__in=own) for own in own_sessions)
    rows = registration.event.sessions.filter(number__in=session_numbers)
    found = rows.visible_to(audience) | rows.filter(booked | awaited)
    sessions = {session.number: session for session in found}
    if (
        verb not in SESSION_ACTIONS
        or not session_numbers
        or any(number not in sessions for number in session_numbers)
    ):
        raise NotFound(_("We could not find this session. The programme may have changed."))
    first, *other_sessions = [sessions[number] for number in session_numbers]
    return SessionAction(verb, first, tuple(other_sessions), reason)


def needs_confirmation(registration: Registration, action: SessionAction) -> bool:
    """Return whether the action releases a seat that others would get: the session is full or awaited."""
    session = action.session
    bookings = SessionBooking.objects.active().filter(registration=registration, session=session)
    if action.verb != "leave" or not bookings.exists():
        return False
    return session.remaining == 0 or WaitingEntry.objects.active().filter(session=session).exists()


def apply_session_action(*, registration: Registration, action: SessionAction) -> str:
    """Apply the action and return a sentence about it. Raise what the action raises."""
    return SESSION_ACTIONS[action.verb](registration, action) % {"title": action.session.title}


def _book_session(registration: Registration, action: SessionAction) -> str:
    book_session(registration=registration, session=action.session, reason=action.reason)
    return _("Seat booked: %(title)s.")


def _swap_session(registration: Registration, action: SessionAction) -> str:
    swap_session(
        registration=registration,
        old_sessions=action.old_sessions,
        new_session=action.session,
        reason=action.reason,
    )
    return _describe_swap(action.old_sessions)


def _describe_swap(old_sessions: Collection[Session]) -> str:
    """Return a sentence with the placeholder `title` that names the seats given up."""
    sentence = _("Seat booked: %(title)s. Released in exchange: %(old_titles)s.")
    # Titles may contain a percent sign, which the caller's formatting must not read.
    old_titles = ", ".join(session.title for session in old_sessions).replace("%", "%%")
    return sentence % {"title": "%(title)s", "old_titles": old_titles}


def _leave_session(registration: Registration, action: SessionAction) -> str:
    leave_session(registration=registration, session=action.session, reason=action.reason)
    return _("Seat released: %(title)s.")


def _join_waiting_list(registration: Registration, action: SessionAction) -> str:
    join_session_list(registration=registration, session=action.session, reason=action.reason)
    return _(
        "Added to the waiting list for “%(title)s”. We will send an e-mail when a seat becomes available."
    )


def _leave_waiting_list(registration: Registration, action: SessionAction) -> str:
    leave_waiting_list(entry=_find_waiting_entry(registration, action.session), reason=action.reason)
    return _("Removed from the waiting list for “%(title)s”.")


def _accept_offer(registration: Registration, action: SessionAction) -> str:
    accept_session_offer(
        entry=_find_waiting_entry(registration, action.session), replaced_sessions=action.old_sessions
    )
    return _describe_swap(action.old_sessions) if action.old_sessions else _("Seat booked: %(title)s.")


def _decline_offer(registration: Registration, action: SessionAction) -> str:
    decline_offer(entry=_find_waiting_entry(registration, action.session))
    return _(
        "Offer declined: the seat in “%(title)s” will be offered to the next person on the waiting list."
    )


def _find_waiting_entry(registration: Registration, session: Session) -> WaitingEntry:
    entry = WaitingEntry.objects.active().filter(registration=registration, session=session).first()
    if entry is None:
        raise WaitingEnded(_("This person is no longer waiting."))
    return entry


SESSION_ACTIONS: dict[str, Callable[[Registration, SessionAction], str]] = {
    "book": _book_session,
    "swap": _swap_session,
    "leave": _leave_session,
    "wait": _join_waiting_list,
    "unwait": _leave_waiting_list,
    "accept": _accept_offer,
    "decline": _decline_offer,
}
