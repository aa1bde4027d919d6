"""Seats are taken and given up here: the holder's row is locked first, then sessions in one order."""

from collections.abc import Collection, Iterable

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.counters import take_from
from convention.errors import Closed, ConventionError
from convention.events.sequence import next_sequence
from schedule.around import clashing
from schedule.models import Session

from .models import Registration, SessionSeat, WaitingEntry
from .offer import free, is_given_out, locked, offer_free
from .places import sold_out
from .tell_waiting import tell_waiting


class NotBooked(ConventionError):
    """There is no seat to give up."""

    kind = "not-booked"
    status = 409


class SeatsClash(ConventionError):
    """The session runs while others do that are booked; `others` are those."""

    kind = "seats-clash"
    status = 409

    def __init__(self, session: Session, others: list[Session]) -> None:
        titles = ", ".join(f"“{other.title}”" for other in others)
        sentence = _("“%(title)s” runs at the same time as %(others)s, which you booked: swap, or choose.")
        super().__init__(sentence % {"title": session.title, "others": titles})
        self.others = others


def holder_of(registration: Registration) -> Registration:
    """The registration, locked until the transaction ends. Raises Closed for one that is not confirmed."""
    rows = Registration.objects.select_for_update(of=("self",)).select_related("order", "event")
    holder = rows.get(pk=registration.pk)
    if holder.state != Registration.State.CONFIRMED:
        raise Closed(_("Sessions are booked with a confirmed registration; this one is not."))
    if holder.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to book."))
    return holder


def seats_of(registration: Registration) -> QuerySet[SessionSeat]:
    """The standing seats with their sessions, in order of time."""
    seats = SessionSeat.objects.standing().filter(registration=registration)
    return seats.select_related("session__room").order_by("session__starts_at", "pk")


def refuse_clashes(holder: Registration, session: Session, *, given_up: Collection[int] = ()) -> None:
    """Raises SeatsClash where a seat that is kept is for the same time."""
    kept = [seat.session for seat in seats_of(holder) if seat.session_id not in given_up]
    if others := clashing(session, kept):
        raise SeatsClash(session, others)


def refuse_shut(session: Session) -> None:
    """Raises Closed where seats of this session are not given out, or not any more."""
    if not session.is_bookable:
        raise Closed(_("“%(title)s” needs no booking: just come.") % {"title": session.title})
    if not is_given_out(session, at=timezone.now()):
        raise Closed(_("“%(title)s” cannot be booked any more.") % {"title": session.title})


def take_seat(holder: Registration, session: Session) -> SessionSeat:
    """A seat in a session, whose row is locked here: the one that is offered to the holder, else a free one.

    Those who wait come first. Raises Closed, SoldOut.
    """
    is_held = _end_wait(holder, session)
    row = locked(Session, session.pk)
    assert isinstance(row, Session)
    refuse_shut(row)
    if not is_held:
        _take_free(row)
    return SessionSeat.objects.create(registration=holder, session=row, known_starts_at=row.starts_at)


def _end_wait(holder: Registration, session: Session) -> bool:
    """Whether a place was held for this holder, who has it now; who only waited waits no more."""
    waits = WaitingEntry.objects.standing().filter(registration=holder, session=session)
    entry = waits.select_for_update().first()
    if entry is None:
        return False
    is_held = entry.has_offer()
    if entry.offered_at and not is_held:
        return False  # it has run out, and goes to the next
    mark = "accepted_at" if is_held else "left_at"
    setattr(entry, mark, timezone.now())
    entry.save(update_fields=[mark])
    record("waiting.accept" if is_held else "waiting.leave", entry, event=holder.event, fields=[mark])
    tell_waiting.enqueue(entry.pk)
    return is_held


def _take_free(row: Session) -> None:
    """A free place, after those who wait."""
    offer_free(Session, row.pk)
    if take_from({row: 1}):
        row.refresh_from_db(fields=["taken", "capacity"])
        raise sold_out(row)


def give_up_seats(holder: Registration, sessions: Iterable[Session]) -> list[Session]:
    """Give up these seats; what is free goes to those who wait. Returns the sessions that had one."""
    given_up = []
    for session in sorted(sessions, key=lambda session: session.pk):
        seats = SessionSeat.objects.standing().filter(registration=holder, session=session)
        if seats.update(cancelled_at=timezone.now()):
            free({session: 1})
            given_up.append(session)
    return given_up


def give_up_everything(holder: Registration) -> None:
    """Of a registration that is cancelled: its seats, its waits, and the places held for them.

    Call it under the registration's lock, before the place of its ticket is given back.
    """
    waits = list(
        WaitingEntry.objects.standing().filter(registration=holder).order_by("pk").select_for_update()
    )
    WaitingEntry.objects.filter(pk__in=[entry.pk for entry in waits]).update(left_at=timezone.now())
    held = {entry.session_id for entry in waits if entry.offered_at and entry.session_id}
    booked = {seat.session_id for seat in seats_of(holder)}
    SessionSeat.objects.standing().filter(registration=holder).update(cancelled_at=timezone.now())
    for session in Session.objects.filter(pk__in=held | booked).order_by("pk"):
        free({session: (session.pk in held) + (session.pk in booked)})


def stamp(holder: Registration) -> None:
    """Tell scanners, and soon the holder, that the seats have changed: last in the transaction."""
    sequence = next_sequence(holder.event_id)
    Registration.objects.filter(pk=holder.pk).update(sequence=sequence, changed_at=timezone.now())
