"""Build the days of a programme with their rooms, for formats that nest sessions in days and rooms."""

import datetime
from dataclasses import dataclass
from itertools import groupby

from schedule.exchange.parsed_programme import ParsedHeader, ParsedProgramme, ParsedSession
from schedule.exchange.parsing.times import find_zone

ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExportDay:
    """A day: number from 1, date, local start and end, and its rooms in order."""

    index: int
    date: datetime.date
    start: datetime.datetime
    end: datetime.datetime
    rooms: tuple[tuple[str, tuple[ParsedSession, ...]], ...]


def build_export_days(programme: ParsedProgramme) -> list[ExportDay]:
    """Return all days with sessions, or the event's first day if there are none."""
    by_day = sorted(
        programme.sessions,
        key=lambda parsed_session: (parsed_session.day or datetime.date.min, parsed_session.starts_at),
    )
    grouped = [
        (day, list(parsed_sessions))
        for day, parsed_sessions in groupby(by_day, key=lambda parsed_session: parsed_session.day)
        if day
    ]
    if not grouped:
        # The event's first day, since the XML schema requires at least one.
        grouped = [(programme.header.first_day or datetime.date(1970, 1, 1), [])]
    names = [parsed_room.name for parsed_room in programme.rooms]
    return [
        build_export_day(index, date, parsed_sessions, programme.header, names)
        for index, (date, parsed_sessions) in enumerate(grouped, start=1)
    ]


def build_export_day(
    index: int,
    date: datetime.date,
    parsed_sessions: list[ParsedSession],
    header: ParsedHeader,
    room_names: list[str],
) -> ExportDay:
    """Return a day from the usual start, or its first session, to the next day's start, or its last end.

    The first day lists all rooms, so that a reader learns their order.
    """
    zone = find_zone(header.zone_name)
    day_start = header.day_starts_at or datetime.time()
    first = datetime.datetime.combine(date, day_start, zone)
    starts = [first, *(parsed_session.starts_at for parsed_session in parsed_sessions)]
    ends = [
        datetime.datetime.combine(date + ONE_DAY, day_start, zone),
        *(parsed_session.ends_at or first for parsed_session in parsed_sessions),
    ]
    rooms: dict[str, list[ParsedSession]] = {name: [] for name in room_names}
    for parsed_session in parsed_sessions:
        rooms.setdefault(parsed_session.room or "", []).append(parsed_session)
    return ExportDay(
        index,
        date,
        min(starts).astimezone(zone),
        max(ends).astimezone(zone),
        tuple(
            (name, tuple(room_sessions))
            for name, room_sessions in rooms.items()
            if room_sessions or index == 1
        ),
    )


def format_slot_duration(header: ParsedHeader) -> str:
    """Format the grid of the programme, at most a day; five minutes where none is known."""
    return format_duration(datetime.timedelta(minutes=min(header.slot_minutes or 5, 24 * 60)))


def format_duration(duration: datetime.timedelta) -> str:
    """Format as 01:30, or 01:30:15 if there are seconds."""
    seconds = int(duration.total_seconds())
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return f"{hours:02}:{minutes:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")


def format_clock(moment: datetime.datetime) -> str:
    """Format as 09:30, or 09:30:15 if there are seconds."""
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
