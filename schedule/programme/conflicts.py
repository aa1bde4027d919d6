"""Find schedule conflicts. They are shown to organizers and never prevent saving."""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

MAX_PAIRS: Final = 1000


@dataclass(frozen=True, slots=True)
class TimedSession:
    """A session's time, room and speakers, by any hashable keys."""

    key: Hashable
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    room: Hashable | None = None
    speakers: frozenset[Hashable] = frozenset()


@dataclass(frozen=True, slots=True)
class ScheduleConflict:
    """Two sessions at once in one room, or with one speaker; `first` starts no later than `second`."""

    kind: Literal["room", "speaker"]
    shared_key: Hashable
    first: Hashable
    second: Hashable


def find_conflicts(sessions: Iterable[TimedSession], *, max_pairs: int = MAX_PAIRS) -> list[ScheduleConflict]:
    """Return all pairs that overlap in a room or need one speaker twice, in order of time.

    Sessions that only touch are no conflict, nor are sessions of zero length. A room or speaker gives at most
    `max_pairs` pairs: a thousand sessions at one time would make half a million.
    """
    by_room: dict[Hashable, list[TimedSession]] = defaultdict(list)
    by_speaker: dict[Hashable, list[TimedSession]] = defaultdict(list)
    for session in sorted(sessions, key=lambda placed: (placed.starts_at, placed.ends_at)):
        if session.room is not None:
            by_room[session.room].append(session)
        for speaker in session.speakers:
            by_speaker[speaker].append(session)
    conflicts = [
        (first.starts_at, second.starts_at, ScheduleConflict("room", room, first.key, second.key))
        for room, placed in by_room.items()
        for first, second in islice(find_overlapping_pairs(placed), max_pairs)
    ]
    conflicts += [
        (first.starts_at, second.starts_at, ScheduleConflict("speaker", speaker, first.key, second.key))
        for speaker, placed in by_speaker.items()
        for first, second in islice(find_overlapping_pairs(placed), max_pairs)
    ]
    return [conflict for *_, conflict in sorted(conflicts, key=lambda item: (item[0], item[1], item[2].kind))]


def find_overlapping_pairs(sessions: list[TimedSession]) -> Iterator[tuple[TimedSession, TimedSession]]:
    """Yield the pairs that overlap, from sessions sorted by start."""
    running: list[TimedSession] = []
    for session in sessions:
        # Sorted by start, so what has ended overlaps with none of those that follow.
        running = [other for other in running if other.ends_at > session.starts_at]
        if session.ends_at > session.starts_at:
            yield from ((other, session) for other in running)
            running.append(session)
