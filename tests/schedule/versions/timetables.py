"""Change drafts in tests: move, cancel and remove sessions."""

import datetime
from dataclasses import replace

from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import ScheduleDraft, Session
from schedule.versions.publish import publish_draft

HOUR = datetime.timedelta(hours=1)


def change_slot(session: Session, *, hours: int = 0, **values: object) -> ScheduleDraft:
    """Move a session by hours and set other columns in the current draft."""
    draft = get_current_draft(session.event)
    state = load_slot_states(draft).get(session.pk)
    if state is None:
        starts_at = session.event.starts_at.astimezone(datetime.UTC)
        state = SlotState(None, starts_at, starts_at + HOUR)
    moved = replace(state, starts_at=state.starts_at + hours * HOUR, ends_at=state.ends_at + hours * HOUR)
    if hours:
        moved = replace(moved, day=None)
    make_moves(draft=draft, states={session.pk: replace(moved, **values)}, author=None)  # type: ignore[arg-type]  # any columns
    return draft


def remove_slot(session: Session) -> ScheduleDraft:
    draft = get_current_draft(session.event)
    make_moves(draft=draft, states={session.pk: None}, author=None)
    return draft


def publish_current_draft(session: Session, **options: object) -> Session:
    """Publish the draft of the session's event and return the session as it is then."""
    publish_draft(draft=get_current_draft(session.event), **options)  # type: ignore[arg-type]  # any options
    session.refresh_from_db()
    return session
