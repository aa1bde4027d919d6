"""Read the sheets of a workbook and their cells, with a sentence for what is malformed."""

import datetime
import io
from collections.abc import Mapping, Sequence
from typing import Any

import python_calamine
from django.utils.translation import gettext as _

from convention.errors import UnreadableFile

type Rows = list[list[Any]]

MAX_CELLS = 4_000_000


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
            raise make_sheet_error(name)
        sheets[name] = sheet.to_python(skip_empty_area=False)
    return sheets


def make_sheet_error(sheet: str) -> UnreadableFile:
    return UnreadableFile(_("Sheet “%(sheet)s” of the workbook is malformed.") % {"sheet": sheet})


def read_number(value: Any, sheet: str) -> int:
    """Return a whole number; an empty cell is nought."""
    if value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise make_sheet_error(sheet)
    return int(value)


def read_names(rows: Rows, sheet: str) -> dict[Any, int]:
    """Return the position of each name in the first column. Raise UnreadableFile for a name given twice."""
    names = [row[0] for row in rows if row and row[0] != ""]
    if not names or len(set(names)) < len(names):
        raise make_sheet_error(sheet)
    return {name: position for position, name in enumerate(names)}


def find_name(names: Mapping[Any, int], value: Any, sheet: str) -> int:
    if value not in names:
        raise UnreadableFile(
            _("Sheet “%(sheet)s” of the workbook names “%(name)s”, which does not exist.")
            % {"sheet": sheet, "name": value}
        )
    return names[value]


def split_people(value: Any) -> list[str]:
    """Return the people of a cell, separated by a comma and a space."""
    return [name for name in str(value).split(", ") if name]


def read_matrix(
    rows: Rows, row_names: Mapping[Any, int], column_names: Mapping[Any, int], sheet: str
) -> tuple[tuple[int, ...], ...]:
    """Return the numbers of a sheet whose first row and column are names, in the order of the names."""
    columns = [find_name(column_names, name, sheet) for name in rows[0][1 : len(column_names) + 1]]
    matrix = [[0] * len(column_names) for _row in row_names]
    for row in rows[1:]:
        if row and row[0] != "":
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
        raise make_sheet_error(sheet) from error
