"""Describe the journal of a draft: who changed what, and what can be undone."""

import datetime
import itertools
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from schedule.drafts.slot_state import SlotState
from schedule.models import Move, ScheduleDraft

from .differences import SlotDifference, TimetableSlot, list_change_kinds
from .sentences import describe_change, describe_place

MAX_MOVES_SHOWN: Final = 5
BATCHES_PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One batch of moves; `changes` are titles with sentences, `hidden_count` how many more there are."""

    batch: int
    author: str
    made_at: datetime.datetime
    changes: list[tuple[str, str]]
    hidden_count: int = 0
    is_undone: bool = False
    is_revert: bool = False

    @property
    def can_be_undone(self) -> bool:
        return not self.is_undone and not self.is_revert


def list_history_batches(draft: ScheduleDraft) -> list[int]:
    """Return the batches of a draft, the latest first."""
    return list(draft.moves.order_by("-batch").values_list("batch", flat=True).distinct())


def load_history_steps(draft: ScheduleDraft, batches: Iterable[int]) -> list[HistoryStep]:
    """Return the steps of these batches, the latest first."""
    moves = draft.moves.filter(batch__in=list(batches)).select_related("author", "session")
    rooms = dict(draft.event.rooms.values_list("pk", "name"))
    groups = itertools.groupby(moves.order_by("-batch", "number"), key=lambda move: move.batch)
    return [_build_step(batch, list(rows), rooms, draft.event.zone) for batch, rows in groups]


def _build_step(
    batch: int, moves: list[Move], rooms: Mapping[int, str], zone: zoneinfo.ZoneInfo
) -> HistoryStep:
    first = moves[0]
    return HistoryStep(
        batch=batch,
        author=str(first.author or ""),
        made_at=first.made_at,
        changes=[(move.session.title, describe_move(move, rooms, zone)) for move in moves[:MAX_MOVES_SHOWN]],
        hidden_count=max(0, len(moves) - MAX_MOVES_SHOWN),
        is_undone=first.undone_at is not None,
        is_revert=first.reverts is not None,
    )


def describe_move(move: Move, rooms: Mapping[int, str], zone: zoneinfo.ZoneInfo) -> str:
    """Return what a move changed, in a sentence."""
    before, after = (_to_slot(move, data, rooms) for data in (move.before, move.after))
    kinds = tuple(list_change_kinds(before, after))
    if not kinds:
        return _("The planning constraints have been saved.")
    # In the draft, a session without a slot is in the tray: it is neither new nor deleted.
    if before is None and after:
        return pgettext("schedule journal", "Placed: %(when)s.") % {"when": describe_place(after, zone)}
    if after is None and before:
        sentence = pgettext("schedule journal", "Taken off the timetable (previously %(when)s).")
        return sentence % {"when": describe_place(before, zone)}
    return describe_change(SlotDifference(kinds, before, after), zone)


def _to_slot(move: Move, data: Any, rooms: Mapping[int, str]) -> TimetableSlot | None:
    state = SlotState.from_json(data)
    if state is None:
        return None
    return TimetableSlot(
        guid=move.session.guid,
        title=move.session.title,
        starts_at=state.starts_at,
        ends_at=state.ends_at,
        room_id=state.room_id,
        room_name=rooms.get(state.room_id, _("a removed room")) if state.room_id else "",
        is_cancelled=state.is_cancelled,
    )
