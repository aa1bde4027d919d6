"""Compare two timetables. Pure: works on plain data, whether from a version, a draft or the sessions."""

import datetime
import enum
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class TimetableSlot:
    """When and where a session is; times are aware. `day` is None where the source does not know it."""

    guid: uuid.UUID
    title: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    room_id: int | None = None
    room_name: str = ""
    day: datetime.date | None = None
    is_cancelled: bool = False
    session_id: int | None = None
    is_for_members: bool = False


type Timetable = Mapping[uuid.UUID, TimetableSlot]


class ChangeKind(enum.StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    TIME = "time"
    ROOM = "room"
    # The same time, under another day of the programme: nothing that an attendee needs to know.
    DAY = "day"


NOTIFIED_KINDS: Final = frozenset(ChangeKind) - {ChangeKind.DAY}


@dataclass(frozen=True, slots=True)
class SlotDifference:
    """The changes of one session; `before` or `after` is None if it was added or removed."""

    kinds: tuple[ChangeKind, ...]
    before: TimetableSlot | None
    after: TimetableSlot | None

    @property
    def slot(self) -> TimetableSlot:
        """Return the new slot, or the old one of a removed session."""
        slot = self.after or self.before
        assert slot
        return slot

    @property
    def is_notified(self) -> bool:
        """Return whether speakers and attendees need to know."""
        return bool(NOTIFIED_KINDS.intersection(self.kinds))


@dataclass(frozen=True, slots=True)
class TimetableDifferences:
    """The changed sessions in order of time, and the number of the others."""

    changes: list[SlotDifference] = field(default_factory=list)
    unchanged_count: int = 0

    @property
    def notified_session_ids(self) -> list[int]:
        """Return the sessions whose time, room or state changed."""
        ids = (change.slot.session_id for change in self.changes if change.is_notified)
        return [session_id for session_id in ids if session_id is not None]

    def count_by_kind(self) -> dict[ChangeKind, int]:
        """Return how many sessions changed in each way, without zeros; one may count more than once."""
        counts = {kind: sum(kind in change.kinds for change in self.changes) for kind in ChangeKind}
        return {kind: count for kind, count in counts.items() if count}


def compare_timetables(before: Timetable, after: Timetable) -> TimetableDifferences:
    """Return what changed from one timetable to the other."""
    changes = [
        SlotDifference(kinds, before.get(guid), after.get(guid))
        for guid in {**before, **after}
        if (kinds := tuple(list_change_kinds(before.get(guid), after.get(guid))))
    ]
    changes.sort(key=lambda change: (change.slot.starts_at, change.slot.room_name, change.slot.title))
    return TimetableDifferences(changes, len({**before, **after}) - len(changes))


def list_change_kinds(before: TimetableSlot | None, after: TimetableSlot | None) -> Iterator[ChangeKind]:
    """Yield in which ways a session's slot changed."""
    if before is None or after is None:
        if after:
            yield ChangeKind.ADDED
        if before:
            yield ChangeKind.REMOVED
        return
    if before.is_cancelled != after.is_cancelled:
        yield ChangeKind.CANCELLED if after.is_cancelled else ChangeKind.RESTORED
    if (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at):
        yield ChangeKind.TIME
    elif before.day and after.day and before.day != after.day:
        yield ChangeKind.DAY
    if is_other_room(before, after):
        yield ChangeKind.ROOM


def is_other_room(before: TimetableSlot, after: TimetableSlot) -> bool:
    """Return whether the room changed; a renamed room is the same one."""
    if before.room_id and after.room_id:
        return before.room_id != after.room_id
    # Of a room that was removed since, only the name is left.
    return before.room_name != after.room_name
