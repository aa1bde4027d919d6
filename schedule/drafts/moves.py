"""Change the slots of a draft, keep a journal, undo and redo.

Nothing is locked for longer than one request: two editors work at once, and a command is refused only if
another editor moved the same session since the author last saw the draft.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.errors import ConventionError, NotFound
from convention.events.models import Room
from schedule.models import Move, ScheduleDraft, Session, Slot

from .slot_state import SlotState, to_json

BATCH_SIZE: Final = 200
SLOT_COLUMNS: Final = (
    *("room_id", "starts_at", "ends_at", "day"),
    *("is_cancelled", "is_time_pinned", "is_room_pinned"),
)


class SlotChangedMeanwhile(ConventionError):
    """Another editor moved the same sessions; `current_states` has their current slots, by session."""

    kind = "changed-meanwhile"
    status = 409

    def __init__(self, current_states: Mapping[int, SlotState | None]) -> None:
        super().__init__(
            _("Someone else has moved this session in the meantime. You now see where it is; move it again.")
        )
        self.current_states = dict(current_states)


class InvalidPlacement(ConventionError):
    """The time or room of a placement is not possible at this event."""

    kind = "invalid-placement"


class NothingToUndo(ConventionError):
    kind = "nothing-to-undo"
    status = 409


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The moves that were made; `skipped_sessions` were changed again since, and stay where they are."""

    moves: list[Move]
    skipped_sessions: list[int] = field(default_factory=list)


@transaction.atomic
def make_moves(
    *,
    draft: ScheduleDraft,
    states: Mapping[int, SlotState | None],
    author: Person | None,
    seen_revision: int | None = None,
) -> list[Move]:
    """Set the slots of the given sessions, None to remove one, as one batch; return what changed.

    With `seen_revision`, raise SlotChangedMeanwhile if another author moved one of these sessions to another
    place after that revision. Without it, the last command wins. Raise NotFound for a session and
    InvalidPlacement for a room that is not the event's, or that was removed.
    """
    locked = _lock_draft(draft)
    _check_targets(locked, states)
    current = _load_states(locked, states)
    changes = {session: state for session, state in states.items() if current[session] != state}
    if seen_revision is not None:
        _check_seen(locked, changes, current, author, seen_revision)
    moves = _write_moves(locked, changes, current, author)
    draft.revision = locked.revision
    return moves


def undo_last_batch(*, draft: ScheduleDraft, author: Person) -> UndoResult:
    """Undo the author's own last batch. Raise NothingToUndo."""
    return undo_batch(draft=draft, batch=find_last_batch(draft, author), author=author)


@transaction.atomic
def undo_batch(*, draft: ScheduleDraft, batch: int, author: Person | None) -> UndoResult:
    """Undo a batch, whoever made it.

    Sessions that were moved again since stay where they are. Raise NothingToUndo if it is undone already.
    """
    locked = _lock_draft(draft)
    moves = list(_list_commands(locked, None).filter(batch=batch, undone_at__isnull=True))
    if not moves:
        raise NothingToUndo(_("There is nothing to undo."))
    targets = {move.session_id: (move.after, move.before) for move in moves}
    result = _revert(locked, targets, author, reverts=batch)
    Move.objects.filter(pk__in=[move.pk for move in moves]).update(undone_at=timezone.now())
    draft.revision = locked.revision
    return result


@transaction.atomic
def redo_last_batch(*, draft: ScheduleDraft, author: Person) -> UndoResult:
    """Make the author's batch again that was undone last, unless they have moved anything since.

    Raise NothingToUndo.
    """
    locked = _lock_draft(draft)
    _last, batch = find_undo_and_redo(locked, author)
    moves = list(_list_commands(locked, author).filter(batch=batch))
    if not moves:
        raise NothingToUndo(_("There is nothing to redo."))
    targets = {move.session_id: (move.before, move.after) for move in moves}
    result = _revert(locked, targets, author, reverts=moves[0].batch)
    Move.objects.filter(pk__in=[move.pk for move in moves]).update(undone_at=None)
    draft.revision = locked.revision
    return result


def find_last_batch(draft: ScheduleDraft, author: Person | None = None) -> int:
    """Return the last batch that is not undone, of an author or of everybody; 0 if there is none."""
    commands = _list_commands(draft, author).filter(undone_at__isnull=True)
    return commands.aggregate(last=Max("batch"))["last"] or 0


def find_undo_and_redo(draft: ScheduleDraft, author: Person) -> tuple[int, int]:
    """Return the batches that the author would undo and make again next; 0 for none."""
    commands = _list_commands(draft, author)
    found = commands.aggregate(
        last=Max("batch", filter=Q(undone_at__isnull=True)), last_made_at=Max("made_at")
    )
    last = found["last"] or 0
    if found["last_made_at"] is None:
        return 0, 0
    # A command that was undone before the latest one was made can no longer be redone.
    undone = commands.filter(batch__gt=last, undone_at__gte=found["last_made_at"])
    return last, undone.aggregate(first=Min("batch"))["first"] or 0


def list_moves(draft: ScheduleDraft, *, since: int = 0) -> "QuerySet[Move]":
    """Return the moves after a revision, in order, with undone ones and those that undid them."""
    return draft.moves.filter(number__gt=since).select_related("author")


def _lock_draft(draft: ScheduleDraft) -> ScheduleDraft:
    return ScheduleDraft.objects.select_for_update().get(pk=draft.pk)


def _check_targets(draft: ScheduleDraft, states: Mapping[int, SlotState | None]) -> None:
    """Refuse sessions and rooms that the event does not have; removals wait for the lock of its draft."""
    if Session.objects.filter(event=draft.event_id, pk__in=states).count() != len(states):
        raise NotFound(_("This session was not found; it may have been deleted. Reload the board."))
    rooms = {state.room_id for state in states.values() if state and state.room_id is not None}
    if rooms and Room.objects.filter(event=draft.event_id, pk__in=rooms).count() != len(rooms):
        raise InvalidPlacement(_("This room was not found; it may have been deleted. Reload the board."))


def _list_commands(draft: ScheduleDraft, author: Person | None) -> "QuerySet[Move]":
    """Return the moves that people made, not those that undid or redid others; None for every author's."""
    commands = draft.moves.filter(reverts__isnull=True)
    return commands if author is None else commands.filter(author=author)


def _load_states(draft: ScheduleDraft, sessions: Collection[int]) -> dict[int, SlotState | None]:
    found = {slot.session_id: SlotState.of_slot(slot) for slot in draft.slots.filter(session__in=sessions)}
    return {session: found.get(session) for session in sessions}


def _check_seen(
    draft: ScheduleDraft,
    changes: Collection[int],
    current: Mapping[int, SlotState | None],
    author: Person | None,
    seen_revision: int,
) -> None:
    newer = draft.moves.filter(number__gt=seen_revision, session__in=changes)
    if author:
        newer = newer.exclude(author=author)
    moved = set(newer.values_list("session_id", flat=True))
    if moved:
        raise SlotChangedMeanwhile({session: current[session] for session in moved})


def _revert(
    draft: ScheduleDraft,
    targets: Mapping[int, tuple[Any, Any]],
    author: Person | None,
    *,
    reverts: int,
) -> UndoResult:
    """Set each session's slot, given what it must be now and what it becomes, as JSON; skip the others."""
    current = _load_states(draft, targets)
    rooms = set(draft.event.rooms.values_list("pk", flat=True))
    wanted: dict[int, SlotState | None] = {}
    skipped = []
    for session, (expected, target) in targets.items():
        if current[session] == _drop_removed_room(SlotState.from_json(expected), rooms):
            wanted[session] = _drop_removed_room(SlotState.from_json(target), rooms)
        else:
            skipped.append(session)
    return UndoResult(_write_moves(draft, wanted, current, author, reverts=reverts), skipped)


def _drop_removed_room(state: SlotState | None, rooms: Collection[int]) -> SlotState | None:
    """Return the state without a room that was removed since: its slots lost it, too."""
    return replace(state, room_id=None) if state and state.room_id not in rooms else state


def _write_moves(
    draft: ScheduleDraft,
    changes: Mapping[int, SlotState | None],
    current: Mapping[int, SlotState | None],
    author: Person | None,
    *,
    reverts: int | None = None,
) -> list[Move]:
    """Write slots, journal and revision of a locked draft."""
    if not changes:
        return []
    first = draft.revision + 1
    moves = [
        Move(
            draft=draft,
            number=number,
            batch=first,
            session_id=session,
            before=to_json(current[session]),
            after=to_json(state),
            author=author,
            reverts=reverts,
        )
        for number, (session, state) in enumerate(changes.items(), start=first)
    ]
    Move.objects.bulk_create(moves, batch_size=BATCH_SIZE)
    _write_slots(draft, changes)
    draft.revision = moves[-1].number
    draft.save(update_fields=["revision"])
    return moves


def _write_slots(draft: ScheduleDraft, changes: Mapping[int, SlotState | None]) -> None:
    removed = [session for session, state in changes.items() if state is None]
    draft.slots.filter(session__in=removed).delete()
    Slot.objects.bulk_create(
        (
            Slot(draft=draft, session_id=session, **state.to_columns())
            for session, state in changes.items()
            if state
        ),
        batch_size=BATCH_SIZE,
        update_conflicts=True,
        unique_fields=["draft", "session"],
        update_fields=SLOT_COLUMNS,
    )
