"""Read and change sessions' slots in the current draft, for organizers' pages."""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError, NotFound
from convention.events.models import Event, Room
from schedule.drafts.current_draft import find_current_draft, get_current_draft, load_working_states
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import ScheduleDraft, Session


class SessionNotPlaced(ConventionError):
    kind = "not-placed"
    status = 409


def load_state(session: Session) -> SlotState | None:
    """Return one session's slot in the current draft; without a draft, what is published."""
    draft = find_current_draft(session.event)
    if draft is None:
        return SlotState.of_session(session)
    slot = draft.slots.filter(session=session).first()
    return SlotState.of_slot(slot) if slot else None


def overlay_draft(event: Event, sessions: Iterable[Session]) -> list[Session]:
    """Set time, room and cancellation as in the current draft, in memory only: never save these rows."""
    states = load_working_states(event)
    rooms = {room.pk: room for room in event.rooms.all()}
    rows = list(sessions)
    for session in rows:
        overlay_state(session, states.get(session.pk), rooms)
    return rows


def overlay_state(session: Session, state: SlotState | None, rooms: dict[int, Room]) -> None:
    """Set one session's time, room and cancellation, in memory only."""
    session.room = rooms.get(state.room_id) if state and state.room_id else None
    session.starts_at = state.starts_at if state else None
    session.ends_at = state.ends_at if state else None
    session.day = state.day if state else None
    is_cancelled = state is not None and state.is_cancelled
    session.cancelled_at = (session.cancelled_at or timezone.now()) if is_cancelled else None


def lock_current_draft(event: Event, *, author: Person | None) -> ScheduleDraft:
    """Lock the current draft. Drafts are locked before sessions, as in `versions.publish`."""
    draft = get_current_draft(event, author=author)
    return ScheduleDraft.objects.select_for_update().get(pk=draft.pk)


def lock_session(session: Session, *, author: Person | None) -> Session:
    """Lock the current draft, then the session, and return its fresh row. Raise NotFound."""
    lock_current_draft(session.event, author=author)
    # By key: the usual order joins other tables, whose rows cannot be locked.
    locked = Session.objects.select_for_update().filter(pk=session.pk).order_by("pk").first()
    if locked is None:
        raise NotFound(_("This session was not found; it may have been deleted."))
    # Otherwise each use of its event would load it again.
    locked.event = session.event
    return locked


def move_session(session: Session, state: SlotState | None, author: Person | None) -> None:
    """Set a session's slot in the current draft."""
    draft = get_current_draft(session.event, author=author)
    make_moves(draft=draft, states={session.pk: state}, author=author)


def change_cancellation(*, session: Session, verb: str, author: Person | None, reason: str = "") -> None:
    """Cancel (`session.cancel`) or restore a session in the current draft; a second call changes nothing.

    Raise SessionNotPlaced for a session without a time.
    """
    draft = lock_current_draft(session.event, author=author)
    slot = draft.slots.filter(session=session).first()
    if slot is None:
        raise SessionNotPlaced(
            _("This session is not scheduled yet, so nobody expects it: delete it instead of cancelling it.")
        )
    is_cancelled = verb == "session.cancel"
    if slot.is_cancelled == is_cancelled:
        return
    slot.is_cancelled = is_cancelled
    make_moves(draft=draft, states={session.pk: SlotState.of_slot(slot)}, author=author)
    record_action(verb, session, event=session.event, reason=reason[:300])
