"""Describe the moves of a draft in words, and list what changed since an editor last looked."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from convention.club.models import Person
from convention.events.models import Event
from schedule.drafts.moves import find_last_batch, find_undone_batch, list_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import Move, ScheduleDraft
from schedule.templatetags.programme import short_day

from .presence import get_editor_name

MAX_JOURNAL_BATCHES: Final = 50
# An editor who has missed more than this loads the board again.
MAX_MOVES_SENT: Final = 500


class MoveDescriber:
    """Describes moves of one event in the active language, with its rooms' names and local times."""

    def __init__(self, event: Event) -> None:
        self.zone = event.zone
        self.rooms: Mapping[int, str] = dict(event.rooms.values_list("pk", "name"))

    def describe_batch(self, moves: Sequence[Move]) -> str:
        """Return a sentence about the moves of one command."""
        if len(moves) == 1:
            return self.describe_move(moves[0])
        count = len(moves)
        sentence = ngettext("%(count)s session: %(title)s …", "%(count)s sessions: %(title)s …", count)
        return sentence % {"count": count, "title": moves[0].session.title}

    def describe_move(self, move: Move) -> str:
        before, after = SlotState.from_json(move.before), SlotState.from_json(move.after)
        title = move.session.title
        if after is None:
            return pgettext("schedule journal", "“%(title)s”: back to the tray") % {"title": title}
        if before and (before.room_id, before.starts_at) == (after.room_id, after.starts_at):
            return self._describe_change(title, before, after)
        values = {"title": title, "place": self.describe_place(after)}
        if before is None:
            return pgettext("schedule journal", "“%(title)s”: placed, %(place)s") % values
        return pgettext("schedule journal", "“%(title)s”: moved, %(place)s") % values

    def _describe_change(self, title: str, before: SlotState, after: SlotState) -> str:
        """Describe a move that changes neither start nor room."""
        if before.ends_at != after.ends_at:
            minutes = int((after.ends_at - after.starts_at).total_seconds() // 60)
            sentence = pgettext("schedule journal", "“%(title)s”: now %(minutes)s minutes long")
            return sentence % {"title": title, "minutes": minutes}
        is_pinned = after.is_time_pinned or after.is_room_pinned
        if is_pinned:
            return pgettext("schedule journal", "“%(title)s”: pinned") % {"title": title}
        if before.is_time_pinned or before.is_room_pinned:
            return pgettext("schedule journal", "“%(title)s”: no longer pinned") % {"title": title}
        return pgettext("schedule journal", "“%(title)s”: changed") % {"title": title}

    def describe_place(self, state: SlotState) -> str:
        """Return “mar. 16 juin, 09:00–09:50, Salle Curie”."""
        starts, ends = state.starts_at.astimezone(self.zone), state.ends_at.astimezone(self.zone)
        when = f"{short_day(starts.date())}, {starts:%H:%M}–{ends:%H:%M}"
        room = self.rooms.get(state.room_id or 0)
        return f"{when}, {room}" if room else when


def build_changes(draft: ScheduleDraft, event: Event, *, since: int, person: Person) -> dict[str, Any]:
    """Return the moves after a revision, and which commands the person can undo and redo.

    `reload` is true for a board that has missed too much.
    """
    moves = list(list_moves(draft, since=since)[: MAX_MOVES_SENT + 1])
    is_too_old = len(moves) > MAX_MOVES_SENT or since > draft.revision
    return {
        # Not draft.revision, which another editor may have raised since it was read.
        "revision": moves[-1].number if moves else min(since, draft.revision),
        "reload": is_too_old,
        "moves": [] if is_too_old else [serialize_move(move, person) for move in moves],
        **describe_undo(draft, event, person),
    }


def serialize_move(move: Move, person: Person) -> dict[str, Any]:
    return {
        "number": move.number,
        "batch": move.batch,
        "session": move.session_id,
        "slot": move.after,
        "author": get_editor_name(move.author),
        "is_own": move.author_id == person.pk,
        "reverts": move.reverts,
    }


def describe_undo(draft: ScheduleDraft, event: Event, person: Person) -> dict[str, str]:
    """Return sentences about the command that undo would undo and redo would redo, "" for none."""
    batches = {"undo": find_last_batch(draft, person), "redo": find_undone_batch(draft, person)}
    moves = draft.moves.filter(batch__in=batches.values()).select_related("session")
    by_batch = {batch: list(group) for batch, group in groupby(moves, lambda move: move.batch)}
    describer = MoveDescriber(event)
    return {
        name: describer.describe_batch(by_batch[batch]) if batch in by_batch else ""
        for name, batch in batches.items()
    }


def list_journal(draft: ScheduleDraft, event: Event, person: Person) -> list[dict[str, Any]]:
    """Return the last commands, the newest first, as JSON."""
    commands = draft.moves.filter(reverts__isnull=True).order_by("-batch")
    batches = list(commands.values_list("batch", flat=True).distinct()[:MAX_JOURNAL_BATCHES])
    moves = (
        draft.moves.filter(batch__in=batches).select_related("session", "author").order_by("-batch", "number")
    )
    describer = MoveDescriber(event)
    return [
        serialize_batch(batch, list(group), describer, person)
        for batch, group in groupby(moves, lambda move: move.batch)
    ]


def serialize_batch(
    batch: int, moves: Sequence[Move], describer: MoveDescriber, person: Person
) -> dict[str, Any]:
    first = moves[0]
    made_at = first.made_at.astimezone(describer.zone)
    return {
        "batch": batch,
        "author": get_editor_name(first.author) or _("a program"),
        "is_own": first.author_id == person.pk,
        "made_at": f"{short_day(made_at.date())}, {made_at:%H:%M}",
        "text": describer.describe_batch(moves),
        "is_undone": any(move.undone_at for move in moves),
    }
