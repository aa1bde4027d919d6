"""Separate the correct rows of a list from those with errors, so that they can be imported alone."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _

from convention.tables.files import ParsedTable
from convention.tables.row_errors import InvalidRows

from .import_directory import DirectoryPreview

# Without a row with errors, others may have errors that they did not have with it. Few rows depend on each
# other in a chain, and each step checks the list once more.
MAX_STEPS: Final = 5


@dataclass(frozen=True)
class CheckedList:
    """A list whose rows with errors are set aside.

    `errors` are those of the rows set aside, None if there are none; `correct_rows` is the list without them
    and `preview` what importing it would do, None if no row is correct.
    """

    errors: InvalidRows | None
    correct_rows: ParsedTable
    preview: DirectoryPreview | None

    @property
    def wrong_row_numbers(self) -> list[int]:
        return sorted({number for number, _sentence in self.errors.rows}) if self.errors else []


def check_list(table: ParsedTable, check: Callable[[ParsedTable], DirectoryPreview]) -> CheckedList:
    """Check the list, then its correct rows alone; `check` previews a table or raises InvalidRows.

    Raise UnreadableFile.
    """
    errors: list[tuple[int, str]] = []
    for _step in range(MAX_STEPS):
        try:
            return CheckedList(InvalidRows(errors) if errors else None, table, check(table))
        except InvalidRows as error:
            # In the first step the errors are the rows' own.
            errors += map(_explain_dependent_error, error.rows) if errors else error.rows
            table = exclude_rows(table, {number for number, _sentence in error.rows})
        if not table.rows:
            break
    return CheckedList(InvalidRows(errors), table, None)


def _explain_dependent_error(error: tuple[int, str]) -> tuple[int, str]:
    number, text = error
    sentence = _("This row depends on a row with errors. Without that one: %(error)s")
    return number, sentence % {"error": text}


def exclude_rows(table: ParsedTable, numbers: Collection[int]) -> ParsedTable:
    """Return the table without the rows of these numbers; the others keep theirs."""
    return replace(table, rows=[row for row in table.rows if row[0] not in numbers])
