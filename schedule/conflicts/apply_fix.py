"""Apply and undo a suggested fix on an event's current draft."""

import hashlib
import json

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.models import Event
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves, undo_batch
from schedule.models import Move

from .find import find_conflicts
from .load import load_timetable
from .suggest_fix import Fix, suggest_fix


class FixOutdated(ConventionError):
    """The timetable has changed, so that the fix that was shown is no longer the one suggested."""

    kind = "changed-meanwhile"
    status = 409


def compute_digest(fix: Fix) -> str:
    """Return a short hash by which `apply_fix` recognizes the fix that was shown."""
    states = {str(key): state.to_json() for key, state in fix.states.items()}
    return hashlib.sha256(json.dumps(states, sort_keys=True).encode()).hexdigest()[:16]


@transaction.atomic
def apply_fix(*, event: Event, code: str, digest: str, author: Person) -> list[Move]:
    """Make the moves that solve the conflict of this code, if they are still those that were shown.

    They are one batch in the journal of the current draft. Raise FixOutdated.
    """
    draft = get_current_draft(event, author=author)
    timetable = load_timetable(draft)
    conflict = next((found for found in find_conflicts(timetable) if found.code == code), None)
    fix = suggest_fix(timetable, conflict) if conflict else None
    if fix is None or compute_digest(fix) != digest:
        raise FixOutdated(
            _("The timetable has changed in the meantime. Look at the conflicts again; nothing was moved.")
        )
    moves = make_moves(draft=draft, states=fix.states, author=author, seen_revision=draft.revision)
    record_action("draft.solve_conflict", draft, event=event, fields=["slots"])
    return moves


@transaction.atomic
def undo_fix(*, event: Event, batch: int, author: Person) -> list[int]:
    """Undo a batch of the current draft; return the sessions that were moved again since and stay.

    Raise NothingToUndo.
    """
    draft = get_current_draft(event, author=author)
    result = undo_batch(draft=draft, batch=batch, author=author)
    record_action("draft.undo", draft, event=event, fields=["slots"])
    return result.skipped_sessions
