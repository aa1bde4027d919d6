"""Read a conference from the library's workbook."""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from convention.errors import UnreadableFile
from schedule.planner.instance import MAX_PLACINGS

from .conference import PENALTY_NAMES, Conference, ConferenceSession, Submission
from .sheets import (
    Rows,
    check_size,
    find_name,
    list_entries,
    make_cell_error,
    read_length,
    read_matrix,
    read_names,
    read_number,
    read_sheets,
    read_time,
    split_people,
)

SHEETS: Final = (
    "parameters",
    "submissions",
    "tracks",
    "sessions",
    "rooms",
    "tracks_sessions|penalty",
    "tracks_rooms|penalty",
    "similar tracks",
    "sessions_rooms|penalty",
)
FIRST_PENALTY_COLUMN: Final = 7
# Rows and columns of sheets whose columns have a fixed meaning.
MIN_SIZES: Final = {
    "parameters": (len(PENALTY_NAMES) + 1, 5),
    "submissions": (2, FIRST_PENALTY_COLUMN),
    "tracks": (2, 2),
    "sessions": (2, 5),
    "rooms": (2, 1),
}
# Each pair of submissions is compared.
MAX_SUBMISSIONS: Final = 3_000
TIME_ZONE: Final = re.compile(r"GMT([+-]\d{1,2})")


@dataclass(frozen=True, slots=True)
class TimeWindows:
    """The times of day that suit people in their own time zone, and the penalties outside."""

    local_offset: int
    suitable: tuple[datetime.time, datetime.time]
    less_suitable: tuple[datetime.time, datetime.time]
    small_penalty: int
    big_penalty: int


def read_conference(data: bytes) -> Conference:
    """Return the conference of a workbook. Raise UnreadableFile with what is wrong."""
    sheets = read_sheets(data, SHEETS)
    for sheet, (height, width) in MIN_SIZES.items():
        check_size(sheets[sheet], sheet, height=height, width=width)
    entries = {name: list_entries(sheets[name]) for name in ("submissions", "tracks", "sessions", "rooms")}
    tracks, sessions, rooms = (read_names(entries[name], name) for name in ("tracks", "sessions", "rooms"))
    rows = entries["submissions"]
    read_names(rows, "submissions")
    check_total_size(len(rows), len(sessions) * len(rooms))
    windows = read_windows(sheets["parameters"])
    times = [(read_time(row[3], "sessions"), read_time(row[4], "sessions")) for row in entries["sessions"]]
    submissions = tuple(
        read_submission(row, sheets, (tracks, sessions, rooms), windows, times) for row in rows
    )
    people = [(set(split_people(row[5])), set(split_people(row[6]))) for row in rows]
    chairs = [set(split_people(row[1])) for row in entries["tracks"]]
    return Conference(
        submissions=submissions,
        tracks=tuple(tracks),
        sessions=tuple(
            ConferenceSession(row[0], read_length(row[1], "sessions")) for row in entries["sessions"]
        ),
        rooms=tuple(rooms),
        track_session_penalties=read_matrix(sheets[SHEETS[5]], tracks, sessions, SHEETS[5]),
        track_room_penalties=read_matrix(sheets[SHEETS[6]], tracks, rooms, SHEETS[6]),
        similar_tracks=mirror_upper_half(read_matrix(sheets[SHEETS[7]], tracks, tracks, SHEETS[7])),
        session_room_penalties=read_matrix(sheets[SHEETS[8]], sessions, rooms, SHEETS[8]),
        presenter_conflicts=find_presenter_conflicts(submissions, people, chairs),
        attendee_conflicts=find_attendee_conflicts(submissions, people, chairs),
        chair_conflicts=find_chair_conflicts(chairs),
        weights=read_weights(sheets["parameters"]),
    )


def check_total_size(submissions: int, blocks: int) -> None:
    """Raise UnreadableFile for a conference beyond what the search can hold in memory."""
    if submissions > MAX_SUBMISSIONS:
        raise UnreadableFile(
            _("The conference has %(count)d submissions: at most %(most)d can be planned.")
            % {"count": submissions, "most": MAX_SUBMISSIONS}
        )
    if submissions * blocks > MAX_PLACINGS:
        raise UnreadableFile(
            _("The conference is too large: at most %(most)d submissions × sessions × rooms.")
            % {"most": MAX_PLACINGS}
        )


def read_weights(rows: Rows) -> dict[str, int]:
    """Return the weight of each penalty; the sheet has them in a fixed order."""
    cells = [row[4] for row in rows[1 : len(PENALTY_NAMES) + 1]]
    return {name: read_number(value, "parameters") for name, value in zip(PENALTY_NAMES, cells, strict=True)}


def read_windows(rows: Rows) -> TimeWindows:
    times = [read_time(rows[number][1], "parameters") for number in (3, 4, 6, 7)]
    return TimeWindows(
        local_offset=read_offset(rows[1][1], "parameters"),
        suitable=(times[0], times[1]),
        less_suitable=(times[2], times[3]),
        small_penalty=read_number(rows[8][1], "parameters"),
        big_penalty=read_number(rows[10][1], "parameters"),
    )


def read_offset(value: Any, sheet: str) -> int:
    """Return the hours of a time zone such as GMT+2."""
    if not (found := TIME_ZONE.fullmatch(str(value))):
        raise make_cell_error(sheet, value, _("a time zone such as GMT+2"))
    return int(found[1])


def read_submission(
    row: list[Any],
    sheets: dict[str, Rows],
    names: Sequence[dict[Any, int]],
    windows: TimeWindows,
    times: Sequence[tuple[datetime.time, datetime.time]],
) -> Submission:
    tracks, sessions, rooms = names
    header = sheets["submissions"][0][FIRST_PENALTY_COLUMN:]
    penalties = dict(zip(header, row[FIRST_PENALTY_COLUMN:], strict=False))
    offset = read_offset(row[4], "submissions") - windows.local_offset
    return Submission(
        name=row[0],
        track=find_name(tracks, row[1], "submissions"),
        length=read_length(row[2], "submissions"),
        order=read_number(row[3], "submissions"),
        session_penalties=tuple(read_number(penalties.get(name, ""), "submissions") for name in sessions),
        room_penalties=tuple(read_number(penalties.get(name, ""), "submissions") for name in rooms),
        timezone_penalties=tuple(
            penalize_time(windows, shift(start, offset), shift(end, offset)) for start, end in times
        ),
    )


def shift(time: datetime.time, hours: int) -> datetime.time:
    """Return the time of day that many hours later."""
    return time.replace(hour=(time.hour + hours) % 24)


def penalize_time(windows: TimeWindows, start: datetime.time, end: datetime.time) -> int:
    """Return the penalty of a session with these times where the presenter is."""
    earliest, latest = windows.less_suitable
    if start < earliest or end > latest or end < earliest:
        return windows.big_penalty
    if start < windows.suitable[0] or end > windows.suitable[1]:
        return windows.small_penalty
    return 0


def mirror_upper_half(matrix: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """Return a symmetrical matrix: as in the checker, only values above the diagonal count."""
    size = range(len(matrix))
    return tuple(tuple(matrix[min(one, other)][max(one, other)] for other in size) for one in size)


type People = Sequence[tuple[set[str], set[str]]]
"""The presenters and the attendees of each submission."""


def find_presenter_conflicts(
    submissions: Sequence[Submission], people: People, chairs: Sequence[set[str]]
) -> tuple[frozenset[int], ...]:
    """Return the pairs that share a presenter, or where one presents and chairs the other's track."""
    return collect_conflicts(
        len(people),
        (
            (one, other)
            for one, (presenters, _attendees) in enumerate(people)
            for other, (other_presenters, _others) in enumerate(people)
            if presenters & other_presenters
            or (
                submissions[one].track != submissions[other].track
                and presenters & chairs[submissions[other].track]
            )
        ),
    )


def find_attendee_conflicts(
    submissions: Sequence[Submission], people: People, chairs: Sequence[set[str]]
) -> tuple[frozenset[int], ...]:
    """Return the pairs that a person wants to attend, or attends while presenting or chairing the other."""
    return collect_conflicts(
        len(people),
        (
            (one, other)
            for one, (_presenters, attendees) in enumerate(people)
            for other, (other_presenters, other_attendees) in enumerate(people)
            if attendees & (other_attendees | other_presenters | chairs[submissions[other].track])
        ),
    )


def find_chair_conflicts(chairs: Sequence[set[str]]) -> tuple[frozenset[int], ...]:
    """Return the pairs of tracks with a chair in common."""
    numbers = range(len(chairs))
    return collect_conflicts(
        len(chairs), ((one, other) for one in numbers for other in numbers if chairs[one] & chairs[other])
    )


def collect_conflicts(count: int, pairs: Iterable[tuple[int, int]]) -> tuple[frozenset[int], ...]:
    """Return for each number those it is paired with, in either direction, without itself."""
    conflicts: list[set[int]] = [set() for _number in range(count)]
    for one, other in pairs:
        if one != other:
            conflicts[one].add(other)
            conflicts[other].add(one)
    return tuple(map(frozenset, conflicts))
