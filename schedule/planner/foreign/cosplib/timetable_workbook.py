"""Read and write timetables as the library's checker does: one sheet, tracks above, submissions below."""

import io
from typing import Any

import xlsxwriter

from .conference import Conference, Timetable
from .sheets import Rows, check_size, find_name, read_sheets

SHEET = "sol"


def read_timetable(conference: Conference, data: bytes) -> Timetable:
    """Return the timetable of a workbook. Raise UnreadableFile with what is wrong."""
    rows = read_sheets(data, [SHEET])[SHEET]
    width, count = len(conference.rooms) + 1, len(conference.sessions)
    check_size(rows, SHEET, height=2 + count + sum(session.length for session in conference.sessions))
    tracks = {name: number for number, name in enumerate(conference.tracks)}
    names = {submission.name: number for number, submission in enumerate(conference.submissions)}
    blocks: list[tuple[int | None, ...]] = []
    first = count + 2
    for session in conference.sessions:
        below = rows[first : first + session.length]
        blocks += [tuple(find_cell(names, row, room) for row in below) for room in range(1, width)]
        first += session.length
    return Timetable(
        tracks=tuple(find_cell(tracks, row, room) for row in rows[1 : count + 1] for room in range(1, width)),
        slots=tuple(blocks),
    )


def find_cell(names: dict[Any, int], row: list[Any], column: int) -> int | None:
    value = row[column] if column < len(row) else ""
    return None if value == "" else find_name(names, value, SHEET)


def write_timetable(conference: Conference, timetable: Timetable, penalties: dict[str, int]) -> bytes:
    """Return the workbook of a timetable; a second sheet lists the penalties, which the checker ignores."""
    target = io.BytesIO()
    # Plain text: a name that begins with "=" is no formula.
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet(SHEET)
        for number, row in enumerate(list_solution_rows(conference, timetable)):
            sheet.write_row(number, 0, row)
        summary = book.add_worksheet("penalties")
        for number, (name, penalty) in enumerate(penalties.items()):
            summary.write_row(number, 0, [name, penalty])
    return target.getvalue()


def list_solution_rows(conference: Conference, timetable: Timetable) -> Rows:
    """Return the rows of the sheet: rooms, tracks of each session, a gap, submissions of each time slot."""
    rooms = len(conference.rooms)
    above, below = [], []
    for number, session in enumerate(conference.sessions):
        blocks = range(number * rooms, (number + 1) * rooms)
        tracks = [timetable.tracks[block] for block in blocks]
        above.append([session.name, *("" if track is None else conference.tracks[track] for track in tracks)])
        for slot in range(session.length):
            filled = [timetable.slots[block][slot] for block in blocks]
            below.append(
                [session.name, *("" if x is None else conference.submissions[x].name for x in filled)]
            )
    return [["", *conference.rooms], *above, [""] * (rooms + 1), *below]
