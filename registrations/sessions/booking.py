"""Book, leave and swap sessions.

Locks: the registration first, then sessions in the order of their ids.
"""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.limited_stock import reserve_stock
from convention.errors import ConventionError, NotOpenNow
from convention.events.sequence import advance_sequence
from registrations.inventory.stock import make_sold_out_error
from registrations.models import Registration, SessionBooking, WaitingEntry
from registrations.waiting_list.notifications import notify_waiting_entry
from registrations.waiting_list.offers import (
    is_available,
    lock_wanted_item,
    offer_free_places,
    release_and_offer,
)
from schedule.models import ProgrammeAudience, Session
from schedule.permissions import get_programme_audience
from schedule.programme.neighbours import find_conflicting_sessions

# Audit entries name sessions by key: the trail stores no titles.
SESSION_KEY_PREFIX = "session:"


class SessionNotBooked(ConventionError):
    """The registration has no booking in this session."""

    kind = "not-booked"
    status = 409


class SessionConflict(ConventionError):
    """The session overlaps others that are booked (`conflicting_sessions`)."""

    kind = "session-conflict"
    status = 409

    def __init__(self, session: Session, conflicting_sessions: list[Session]) -> None:
        titles = ", ".join(_("“%(title)s”") % {"title": other.title} for other in conflicting_sessions)
        sentence = _(
            "“%(title)s” runs at the same time as %(others)s, already booked: swap seats, or "
            "keep the existing booking."
        )
        super().__init__(sentence % {"title": session.title, "others": titles})
        self.conflicting_sessions = conflicting_sessions


class MembersOnlySession(ConventionError):
    """The session is for members only, and the attendee is none."""

    kind = "members-only"
    status = 403


def lock_registration(registration: Registration) -> Registration:
    """Return the registration, locked. Raise NotOpenNow unless it is confirmed and the event not over."""
    rows = Registration.objects.select_for_update(of=("self",)).select_related("order", "event")
    locked = rows.get(pk=registration.pk)
    if locked.state != Registration.State.CONFIRMED:
        raise NotOpenNow(_("You can book sessions once your registration is confirmed."))
    if locked.event.is_over():
        raise NotOpenNow(_("The event is over, so there is nothing left to book."))
    return locked


def list_session_bookings(registration: Registration) -> QuerySet[SessionBooking]:
    """Return the active bookings with their sessions, in order of time."""
    bookings = SessionBooking.objects.active().filter(registration=registration)
    return bookings.select_related("session__room", "notified_room").order_by("session__starts_at", "pk")


def check_session_conflicts(
    registration: Registration, session: Session, *, ignored_session_ids: Collection[int] = ()
) -> None:
    """Raise SessionConflict where another booked session overlaps.

    `ignored_session_ids` are bookings that are being given up.
    """
    booked_sessions = [
        booking.session
        for booking in list_session_bookings(registration)
        if booking.session_id not in ignored_session_ids
    ]
    if conflicting_sessions := find_conflicting_sessions(session, booked_sessions):
        raise SessionConflict(session, conflicting_sessions)


def check_session_bookable(session: Session) -> None:
    """Raise NotOpenNow for a session that takes no bookings, or no more."""
    if not session.is_bookable:
        raise NotOpenNow(_("“%(title)s” does not need booking: just come along.") % {"title": session.title})
    if not is_available(session, at=timezone.now()):
        raise NotOpenNow(_("“%(title)s” can no longer be booked.") % {"title": session.title})


def check_session_audience(registration: Registration, session: Session) -> None:
    """Raise MembersOnlySession unless the attendee is a member today, or works at the event."""
    if session.is_for_members and not session.is_visible_to(get_attendee_audience(registration)):
        raise MembersOnlySession(
            _("“%(title)s” is for members only, and this attendee is not a member today.")
            % {"title": session.title}
        )


def get_attendee_audience(registration: Registration) -> ProgrammeAudience:
    """Return what the attendee sees of the programme; a registration without a person is no member's."""
    return get_programme_audience(registration.person, registration.event)


def reserve_session_place(registration: Registration, session: Session) -> SessionBooking:
    """Book a place: the one offered to this registration, else a free one.

    Locks the session. Others who wait come first. Raise MembersOnlySession, NotOpenNow or SoldOut.
    """
    check_session_audience(registration, session)
    # The entry is locked before the session, as everywhere: see `waiting_list.offers`.
    is_held = _end_waiting(registration, session)
    locked_session = lock_wanted_item(Session, session.pk)
    assert isinstance(locked_session, Session)
    check_session_bookable(locked_session)
    if not is_held:
        _reserve_free_place(locked_session)
    return SessionBooking.objects.create(
        registration=registration,
        session=locked_session,
        notified_starts_at=locked_session.starts_at,
        notified_room_id=locked_session.room_id,
    )


def _end_waiting(registration: Registration, session: Session) -> bool:
    """End this registration's wait for the session; return whether a place was held for it."""
    entries = WaitingEntry.objects.active().filter(registration=registration, session=session)
    entry = entries.select_for_update().first()
    if entry is None:
        return False
    is_held = entry.has_offer()
    if entry.offered_at and not is_held:
        return False  # it has expired; the periodic job offers the place to the next
    field_name = "accepted_at" if is_held else "left_at"
    setattr(entry, field_name, timezone.now())
    entry.save(update_fields=[field_name])
    record_action(
        "waiting.accept" if is_held else "waiting.leave", entry, event=registration.event, fields=[field_name]
    )
    notify_waiting_entry.enqueue(entry.pk)
    return is_held


def _reserve_free_place(session: Session) -> None:
    """Reserve a free place after offering free ones to those who wait. Raise SoldOut."""
    # Otherwise a late visitor would overtake the waiting list.
    offer_free_places(Session, session.pk)
    if reserve_stock({session: 1}):
        # The error message names how many places there are.
        session.refresh_from_db(fields=["reserved", "capacity"])
        raise make_sold_out_error(session)


def release_session_places(registration: Registration, sessions: Iterable[Session]) -> list[Session]:
    """Give up these bookings and offer the places; return the sessions that were booked."""
    released = []
    for session in sorted(sessions, key=lambda session: session.pk):
        bookings = SessionBooking.objects.active().filter(registration=registration, session=session)
        if bookings.update(cancelled_at=timezone.now()):
            release_and_offer({session: 1})
            released.append(session)
    return released


def release_all_session_places(registration: Registration) -> None:
    """Release all session bookings, waiting list entries and offers of a cancelled registration.

    Call it under the registration's lock, before its ticket's place is released.
    """
    _release_places(registration, Q())


def release_members_session_places(registration: Registration) -> None:
    """Release what a former attendee booked among sessions for members only, unless the new one is a member.

    Call it under the registration's lock.
    """
    if get_attendee_audience(registration) is not ProgrammeAudience.MEMBERS:
        _release_places(registration, Q(session__is_for_members=True))


def _release_places(registration: Registration, condition: Q) -> None:
    """Release the bookings, waiting list entries and offers that meet the condition."""
    own_entries = WaitingEntry.objects.active().filter(condition, registration=registration)
    # `of`: PostgreSQL cannot lock the nullable side of the condition's join.
    entries = list(own_entries.order_by("pk").select_for_update(of=("self",)))
    WaitingEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(left_at=timezone.now())
    held = {entry.session_id for entry in entries if entry.offered_at and entry.session_id}
    bookings = SessionBooking.objects.active().filter(condition, registration=registration)
    booked = set(bookings.values_list("session", flat=True))
    SessionBooking.objects.active().filter(registration=registration, session__in=booked).update(
        cancelled_at=timezone.now()
    )
    # In the order of ids, as everywhere; after the updates, so that this registration is not offered a place.
    for session in Session.objects.filter(pk__in=held | booked).order_by("pk"):
        release_and_offer({session: (session.pk in held) + (session.pk in booked)})


def record_session_change(registration: Registration) -> None:
    """Record that the bookings changed, for scanners and for the mail to the attendee. Call it last."""
    # Last, because it locks the event's row, which all changes of an event wait for.
    sequence = advance_sequence(registration.event_id)
    # `changed_at` queues the mail of `changes.notifications`.
    Registration.objects.filter(pk=registration.pk).update(sequence=sequence, changed_at=timezone.now())


def make_session_key(session: Session) -> str:
    """Return the name of a session in the audit trail, which stores no titles."""
    return f"{SESSION_KEY_PREFIX}{session.pk}"


@transaction.atomic
def book_session(*, registration: Registration, session: Session, reason: str = "") -> SessionBooking:
    """Book a session, or return the existing booking.

    Raise SoldOut, SessionConflict, MembersOnlySession or NotOpenNow.
    """
    locked = lock_registration(registration)
    # A second click is no error.
    if booking := SessionBooking.objects.active().filter(registration=locked, session=session).first():
        return booking
    check_session_conflicts(locked, session)
    booking = reserve_session_place(locked, session)
    record_action("seat.book", locked, event=locked.event, fields=[make_session_key(session)], reason=reason)
    record_session_change(locked)
    return booking


@transaction.atomic
def leave_session(*, registration: Registration, session: Session, reason: str = "") -> None:
    """Give a booking up. Raise SessionNotBooked or NotOpenNow."""
    locked = lock_registration(registration)
    if not release_session_places(locked, [session]):
        raise SessionNotBooked(_("No seat is booked in “%(title)s”.") % {"title": session.title})
    record_action("seat.leave", locked, event=locked.event, fields=[make_session_key(session)], reason=reason)
    record_session_change(locked)


@transaction.atomic
def swap_session(
    *, registration: Registration, old_sessions: Collection[Session], new_session: Session, reason: str = ""
) -> SessionBooking:
    """Book one session in place of others; if the new one is full, nothing changes.

    Sessions are locked in the order of their ids, so that two opposite swaps cannot deadlock. A registration
    that has the new session already is left as it is. Raise SoldOut, SessionNotBooked, SessionConflict,
    MembersOnlySession or NotOpenNow.
    """
    locked = lock_registration(registration)
    booked = {booking.session: booking for booking in list_session_bookings(locked)}
    if new_session in booked:
        return booked[new_session]
    for session in old_sessions:
        if session not in booked:
            raise SessionNotBooked(_("No seat is booked in “%(title)s”.") % {"title": session.title})
    check_session_conflicts(locked, new_session, ignored_session_ids={session.pk for session in old_sessions})
    booking = None
    for session in sorted({*old_sessions, new_session}, key=lambda session: session.pk):
        if session == new_session:
            booking = reserve_session_place(locked, new_session)
        else:
            release_session_places(locked, [session])
    assert booking is not None
    keys = [make_session_key(session) for session in (*old_sessions, new_session)]
    record_action("seat.swap", locked, event=locked.event, fields=keys, reason=reason)
    record_session_change(locked)
    return booking
