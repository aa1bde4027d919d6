"""Describe the moves of a draft in words, and list what changed since an editor last looked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from convention.club.models import Person
from convention.events.models import Event
from convention.text.dates import format_short_time, format_short_time_range
from schedule.drafts.moves import find_undo_and_redo, list_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import Move, ScheduleDraft
from schedule.templatetags.programme import short_day

from .presence import get_editor_name

MAX_JOURNAL_BATCHES: Final = 50
# An editor who has missed more than this loads the board again.
MAX_MOVES_SENT: Final = 500


@dataclass(frozen=True, slots=True)
class Command:
    """A batch of the journal, with the data that its description needs."""

    batch: int
    first_move: Move
    session_count: int
    is_undone: bool


class MoveDescriber:
    """Describes moves of one event in the active language, with its rooms' names and local times."""

    def __init__(self, event: Event) -> None:
        self.zone = event.zone
        self.rooms: Mapping[int, str] = dict(event.rooms.values_list("pk", "name"))

    def describe_command(self, command: Command) -> str:
        """Return a sentence about the moves of one command."""
        count, first = command.session_count, command.first_move
        if count == 1:
            return self.describe_move(first)
        sentence = ngettext(
            "%(count)s session changed, including “%(title)s”",
            "%(count)s sessions changed, including “%(title)s”",
            count,
        )
        return sentence % {"count": count, "title": first.session.title}

    def describe_move(self, move: Move) -> str:
        before, after = SlotState.from_json(move.before), SlotState.from_json(move.after)
        title = move.session.title
        if after is None:
            return pgettext("schedule journal", "“%(title)s” taken off the timetable") % {"title": title}
        if before and (before.room_id, before.starts_at) == (after.room_id, after.starts_at):
            return self._describe_change(title, before, after)
        values = {"title": title, "place": self.describe_place(after)}
        if before is None:
            return pgettext("schedule journal", "“%(title)s” placed on %(place)s") % values
        return pgettext("schedule journal", "“%(title)s” moved to %(place)s") % values

    def _describe_change(self, title: str, before: SlotState, after: SlotState) -> str:
        """Describe a move that changes neither start nor room."""
        if before.ends_at != after.ends_at:
            minutes = int((after.ends_at - after.starts_at).total_seconds() // 60)
            sentence = pgettext("schedule journal", "“%(title)s” set to %(minutes)s min")
            return sentence % {"title": title, "minutes": minutes}
        is_pinned = after.is_time_pinned or after.is_room_pinned
        if is_pinned:
            return pgettext("schedule journal", "“%(title)s” pinned") % {"title": title}
        if before.is_time_pinned or before.is_room_pinned:
            return pgettext("schedule journal", "“%(title)s” unpinned") % {"title": title}
        return pgettext("schedule journal", "“%(title)s” changed") % {"title": title}

    def describe_place(self, state: SlotState) -> str:
        """Return “mar. 16 juin, 9:00–9:50, Salle Curie”."""
        starts, ends = state.starts_at.astimezone(self.zone), state.ends_at.astimezone(self.zone)
        when = f"{short_day(starts.date())}, {format_short_time_range(starts, ends, self.zone)}"
        room = self.rooms.get(state.room_id or 0)
        return f"{when}, {room}" if room else when


def build_changes(draft: ScheduleDraft, *, since: int, person: Person) -> dict[str, Any]:
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
        **describe_undo(draft, person),
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


def describe_undo(draft: ScheduleDraft, person: Person) -> dict[str, str]:
    """Return sentences about the command that undo would undo and redo would redo, "" for none."""
    last, undone = find_undo_and_redo(draft, person)
    commands = {command.batch: command for command in load_commands(draft, [last, undone])}
    if not commands:
        return {"undo": "", "redo": ""}
    describer = MoveDescriber(draft.event)
    return {
        name: describer.describe_command(commands[batch]) if batch in commands else ""
        for name, batch in (("undo", last), ("redo", undone))
    }


def list_journal(draft: ScheduleDraft, person: Person) -> list[dict[str, Any]]:
    """Return the last commands, the newest first, as JSON."""
    describer = MoveDescriber(draft.event)
    return [serialize_command(command, describer, person) for command in load_commands(draft)]


def load_commands(draft: ScheduleDraft, batches: Collection[int] | None = None) -> list[Command]:
    """Return the given commands, or the last ones, the newest first.

    Two queries; of a command that moved a whole day, only the first move is loaded.
    """
    moves = draft.moves.filter(reverts__isnull=True)
    if batches is not None:
        moves = moves.filter(batch__in=batches)
    rows = moves.values("batch").annotate(
        first=Min("number"), session_count=Count("pk"), undone_count=Count("undone_at")
    )
    found = list(rows.order_by("-batch")[:MAX_JOURNAL_BATCHES])
    first_moves = draft.moves.filter(number__in=[row["first"] for row in found])
    moves_by_number = {move.number: move for move in first_moves.select_related("session", "author")}
    return [
        Command(row["batch"], moves_by_number[row["first"]], row["session_count"], row["undone_count"] > 0)
        for row in found
    ]


def serialize_command(command: Command, describer: MoveDescriber, person: Person) -> dict[str, Any]:
    first = command.first_move
    made_at = first.made_at.astimezone(describer.zone)
    return {
        "batch": command.batch,
        "author": get_editor_name(first.author) or _("automatic"),
        "is_own": first.author_id == person.pk,
        "made_at": f"{short_day(made_at.date())}, {format_short_time(made_at, describer.zone)}",
        "text": describer.describe_command(command),
        "is_undone": command.is_undone,
    }
