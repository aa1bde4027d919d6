"""Read the sheets of a workbook and their cells, with a sentence for what is malformed."""

import datetime
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import python_calamine
from django.utils.translation import gettext as _

from convention.errors import UnreadableFile

type Rows = list[list[Any]]

MAX_CELLS: Final = 4_000_000
# More than any sensible penalty or length; keeps sums of penalties small.
MAX_NUMBER: Final = 10**9
MAX_LENGTH: Final = 1_000
MAX_QUOTED_CHARS: Final = 60


def read_sheets(data: bytes, names: Sequence[str]) -> dict[str, Rows]:
    """Return the rows of these sheets. Raise UnreadableFile if one is missing."""
    try:
        workbook = python_calamine.CalamineWorkbook.from_object(io.BytesIO(data))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFile(_("The file is not an XLSX workbook.")) from error
    sheets = {}
    for name in names:
        if name not in workbook.sheet_names:
            raise UnreadableFile(_("The workbook has no sheet “%(sheet)s”.") % {"sheet": name})
        sheet = workbook.get_sheet_by_name(name)
        if sheet.total_height * sheet.total_width > MAX_CELLS:
            raise make_sheet_error(name, _("it is too large"))
        sheets[name] = sheet.to_python(skip_empty_area=False)
    return sheets


def check_size(rows: Rows, sheet: str, *, height: int = 1, width: int = 1) -> None:
    """Raise UnreadableFile unless the sheet has that many rows and columns; all its rows are equally long."""
    if len(rows) < height:
        raise make_sheet_error(sheet, _("it needs at least %(count)d rows") % {"count": height})
    if len(rows[0]) < width:
        raise make_sheet_error(sheet, _("it needs at least %(count)d columns") % {"count": width})


def list_entries(rows: Rows) -> Rows:
    """Return the rows below the header that have a name in the first column."""
    return [row for row in rows[1:] if row[0] != ""]


def make_sheet_error(sheet: str, reason: str) -> UnreadableFile:
    return UnreadableFile(
        _("Sheet “%(sheet)s” of the workbook cannot be read: %(reason)s.")
        % {"sheet": sheet, "reason": reason}
    )


def make_cell_error(sheet: str, value: Any, expected: str) -> UnreadableFile:
    found = _("an empty cell") if value == "" else f"“{shorten(str(value))}”"
    reason = _("found %(found)s instead of %(expected)s") % {"found": found, "expected": expected}
    return make_sheet_error(sheet, reason)


def shorten(text: str) -> str:
    return text if len(text) <= MAX_QUOTED_CHARS else f"{text[:MAX_QUOTED_CHARS]}…"


def read_number(value: Any, sheet: str) -> int:
    """Return a whole number; 0 for an empty cell."""
    if value == "":
        return 0
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value != int(value) or abs(value) > MAX_NUMBER:
        raise make_cell_error(sheet, value, _("a whole number"))
    return int(value)


def read_length(value: Any, sheet: str) -> int:
    """Return a number of time slots."""
    length = read_number(value, sheet)
    if not 1 <= length <= MAX_LENGTH:
        expected = _("a number of time slots from 1 to %(most)d") % {"most": MAX_LENGTH}
        raise make_cell_error(sheet, value, expected)
    return length


def read_names(entries: Rows, sheet: str) -> dict[Any, int]:
    """Return the position of each name in the first column. Raise UnreadableFile for a name given twice."""
    names: dict[Any, int] = {}
    for row in entries:
        if row[0] in names:
            raise make_sheet_error(sheet, _("“%(name)s” appears twice") % {"name": shorten(str(row[0]))})
        names[row[0]] = len(names)
    if not names:
        raise make_sheet_error(sheet, _("its first column is empty"))
    return names


def find_name(names: Mapping[Any, int], value: Any, sheet: str) -> int:
    if value not in names:
        raise UnreadableFile(
            _("Sheet “%(sheet)s” of the workbook names “%(name)s”, which does not exist.")
            % {"sheet": sheet, "name": shorten(str(value))}
        )
    return names[value]


def split_people(value: Any) -> list[str]:
    """Return the people of a cell, separated by a comma and a space."""
    return [name for name in str(value).split(", ") if name]


def read_matrix(
    rows: Rows, row_names: Mapping[Any, int], column_names: Mapping[Any, int], sheet: str
) -> tuple[tuple[int, ...], ...]:
    """Return the numbers of a sheet whose first row and column are names, in the order of the names."""
    check_size(rows, sheet)
    columns = [find_name(column_names, name, sheet) for name in rows[0][1 : len(column_names) + 1]]
    matrix = [[0] * len(column_names) for _row in row_names]
    for row in list_entries(rows):
        numbers = matrix[find_name(row_names, row[0], sheet)]
        for column, value in zip(columns, row[1:], strict=False):
            numbers[column] = read_number(value, sheet)
    return tuple(map(tuple, matrix))


def read_time(value: Any, sheet: str) -> datetime.time:
    """Return a time of day: a time cell, or a text such as 09:30."""
    if isinstance(value, datetime.datetime):
        return value.time()
    if isinstance(value, datetime.time):
        return value
    try:
        hour, minute = map(int, str(value).split(":")[:2])
        return datetime.time(hour, minute)
    except (TypeError, ValueError) as error:
        raise make_cell_error(sheet, value, _("a time of day such as 09:30")) from error
