"""Which sessions get into each other's way: shown to organizers, never a refusal."""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Placed:
    """A session with what can clash: its time, its room and its speakers, by any hashable keys."""

    key: Hashable
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    room: Hashable | None = None
    speakers: frozenset[Hashable] = frozenset()


@dataclass(frozen=True, slots=True)
class Clash:
    """Two sessions at once in one room, or with one speaker; `first` starts no later than `second`."""

    kind: Literal["room", "speaker"]
    shared: Hashable
    first: Hashable
    second: Hashable


def clashes(sessions: Iterable[Placed], *, most: int = MOST) -> list[Clash]:
    """All pairs that overlap in a room or need one speaker in two places, in order of time.

    Sessions that only touch do not clash, nor does anything of zero length. A room or speaker gives at
    most `most` pairs: a thousand sessions at one time would make half a million.
    """
    by_room: dict[Hashable, list[Placed]] = defaultdict(list)
    by_speaker: dict[Hashable, list[Placed]] = defaultdict(list)
    for session in sorted(sessions, key=lambda placed: (placed.starts_at, placed.ends_at)):
        if session.room is not None:
            by_room[session.room].append(session)
        for speaker in session.speakers:
            by_speaker[speaker].append(session)
    found = [
        (first.starts_at, second.starts_at, Clash("room", room, first.key, second.key))
        for room, placed in by_room.items()
        for first, second in islice(overlaps(placed), most)
    ]
    found += [
        (first.starts_at, second.starts_at, Clash("speaker", speaker, first.key, second.key))
        for speaker, placed in by_speaker.items()
        for first, second in islice(overlaps(placed), most)
    ]
    return [clash for *_, clash in sorted(found, key=lambda item: (item[0], item[1], item[2].kind))]


def overlaps(sessions: list[Placed]) -> Iterator[tuple[Placed, Placed]]:
    """The pairs that overlap, from sessions in order of their start."""
    running: list[Placed] = []
    for session in sessions:
        running = [other for other in running if other.ends_at > session.starts_at]
        if session.ends_at > session.starts_at:
            yield from ((other, session) for other in running)
            running.append(session)
