"""The days of a programme with their rooms, for the formats that hang sessions into both."""

import datetime
from dataclasses import dataclass
from itertools import groupby

from ..moments import known_zone
from ..programme import Head, Programme, Talk

ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Frame:
    """A day: its number from 1, its date, from when to when (local), and its rooms in order."""

    index: int
    date: datetime.date
    start: datetime.datetime
    end: datetime.datetime
    rooms: tuple[tuple[str, tuple[Talk, ...]], ...]


def frames_of(programme: Programme) -> list[Frame]:
    """All days with sessions, or the first day of the event without any, since a file needs one."""
    by_day = sorted(programme.talks, key=lambda talk: (talk.day or datetime.date.min, talk.starts_at))
    grouped = [(day, list(talks)) for day, talks in groupby(by_day, key=lambda talk: talk.day) if day]
    if not grouped:
        grouped = [(programme.head.first_day or datetime.date(1970, 1, 1), [])]
    names = [place.name for place in programme.places]
    return [
        frame_of(index, date, talks, programme.head, names)
        for index, (date, talks) in enumerate(grouped, start=1)
    ]


def frame_of(index: int, date: datetime.date, talks: list[Talk], head: Head, names: list[str]) -> Frame:
    """A day from when days start, or its first session, to the next day's start, or its last end.

    The first day lists all rooms, so that a reader learns their order.
    """
    zone = known_zone(head.zone)
    begins = head.day_starts or datetime.time()
    first = datetime.datetime.combine(date, begins, zone)
    starts = [first, *(talk.starts_at for talk in talks)]
    ends = [
        datetime.datetime.combine(date + ONE_DAY, begins, zone),
        *(talk.ends_at or first for talk in talks),
    ]
    rooms: dict[str, list[Talk]] = {name: [] for name in names}
    for talk in talks:
        rooms.setdefault(talk.room or "", []).append(talk)
    return Frame(
        index,
        date,
        min(starts).astimezone(zone),
        max(ends).astimezone(zone),
        tuple((name, tuple(inside)) for name, inside in rooms.items() if inside or index == 1),
    )
