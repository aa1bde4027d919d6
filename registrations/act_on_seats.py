"""What the buttons of the sessions page say, read and done: `book:12`, `swap:12:7`, `leave:7` and so on."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.errors import NotFound
from schedule.models import Session

from .accept_offer import accept_seat
from .book_session import book_session
from .join_waiting import join_for_session
from .leave_session import leave_session
from .leave_waiting import NotWaiting, decline, leave_waiting
from .models import Registration, WaitingEntry
from .swap_session import swap_session


@dataclass(frozen=True)
class Asked:
    """One act on one session; `given_up` are those that it is swapped for, `reason` is an organizer's."""

    verb: str
    session: Session
    given_up: tuple[Session, ...] = ()
    reason: str = ""


def asked_of(text: str, registration: Registration, reason: str = "") -> Asked:
    """What a button says. Raises NotFound for a session that is not there."""
    verb, *numbers = text.split(":")
    wanted = [
        int(number) for number in numbers[:20] if number.isascii() and number.isdigit() and len(number) < 10
    ]
    sessions = {session.number: session for session in registration.event.sessions.filter(number__in=wanted)}
    if verb not in ACTS or not wanted or any(number not in sessions for number in wanted):
        raise NotFound(_("There is no such session; the programme may have changed."))
    first, *others = [sessions[number] for number in wanted]
    return Asked(verb, first, tuple(others), reason)


def act_on_seats(*, registration: Registration, asked: Asked) -> str:
    """Do it; a sentence that says what was done. Raises what the act raises."""
    return ACTS[asked.verb](registration, asked) % {"title": asked.session.title}


def _book(registration: Registration, asked: Asked) -> str:
    book_session(registration=registration, session=asked.session, reason=asked.reason)
    return _("“%(title)s” is booked.")


def _swap(registration: Registration, asked: Asked) -> str:
    swap_session(
        registration=registration, given_up=asked.given_up, wanted=asked.session, reason=asked.reason
    )
    return _("“%(title)s” is booked instead.")


def _leave(registration: Registration, asked: Asked) -> str:
    leave_session(registration=registration, session=asked.session, reason=asked.reason)
    return _("The seat in “%(title)s” is free for others again.")


def _wait(registration: Registration, asked: Asked) -> str:
    join_for_session(registration=registration, session=asked.session, reason=asked.reason)
    return _("“%(title)s”: on the waiting list. An e-mail says when a seat is offered.")


def _unwait(registration: Registration, asked: Asked) -> str:
    leave_waiting(entry=_wait_for(registration, asked.session), reason=asked.reason)
    return _("“%(title)s”: no longer on the waiting list.")


def _accept(registration: Registration, asked: Asked) -> str:
    accept_seat(entry=_wait_for(registration, asked.session), given_up=asked.given_up)
    return _("“%(title)s” is booked.")


def _decline(registration: Registration, asked: Asked) -> str:
    decline(entry=_wait_for(registration, asked.session))
    return _("The seat in “%(title)s” goes to the next in line.")


def _wait_for(registration: Registration, session: Session) -> WaitingEntry:
    entry = WaitingEntry.objects.standing().filter(registration=registration, session=session).first()
    if entry is None:
        raise NotWaiting(_("This wait has ended already."))
    return entry


ACTS: dict[str, Callable[[Registration, Asked], str]] = {
    "book": _book,
    "swap": _swap,
    "leave": _leave,
    "wait": _wait,
    "unwait": _unwait,
    "accept": _accept,
    "decline": _decline,
}
