"""The form that uploads a list, and the choice of its columns."""

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .columns import normalize_heading
from .downloads import TableSheet
from .files import MAX_TABLE_BYTES, ParsedTable, read_table, read_upload
from .row_errors import InvalidRows

MAX_EXAMPLES, EXAMPLE_ROWS_SEARCHED = 3, 50


class TableUploadForm(forms.Form):
    """A list from a file, or the one that was just checked, sent along as text."""

    file = forms.FileField(
        label=_("File"),
        error_messages={"required": _("Choose a file.")},
        help_text=_(".csv, .xlsx, .xls or .ods, with column headings in the first row."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.ods"}),
    )
    # The checked list is part of the form, so that nothing is stored before it is imported.
    # `strip=False`: empty lines at the beginning give the rows their numbers.
    checked = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_heading: Callable[[list[str]], bool], **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.is_heading = is_heading
        # A file may still replace the list that was checked.
        self.fields["file"].required = not self.data.get("checked")

    @cached_property
    def table(self) -> ParsedTable:
        """Return the parsed file, or the list that was checked. Raise UnreadableFile."""
        file = self.cleaned_data.get("file")
        if file:
            # One byte more than allowed shows that the file is too large, without reading a gigabyte.
            return read_upload(file.name, file.read(MAX_TABLE_BYTES + 1), self.is_heading)
        # Without a child process: it is our own .csv, limited to the size of a request.
        return read_table(str(_("the list")), str(self.cleaned_data["checked"]).encode())

    @property
    def checked_text(self) -> str:
        """Return the list as text, to be sent along with the form; rows keep their numbers."""
        return write_numbered_csv(self.table)

    @cached_property
    def file_name(self) -> str:
        """Return the name of the file, and of its sheet if it has several."""
        file = self.cleaned_data.get("file")
        if not file:
            return str(self.cleaned_data["name"])
        sheet = f" ({self.table.sheet})" if self.table.sheet else ""
        return f"{file.name}{sheet}"[-200:]

    def chosen_fields(self, fields: Collection[str]) -> list[str] | None:
        """Return the field chosen for each column; None if nothing was chosen."""
        # Choices belong to the list that was checked before, not to a new file.
        if self.cleaned_data.get("file") or "column-0" not in self.data:
            return None
        chosen = [str(self.data.get(f"column-{index}", "")) for index in range(len(self.table.header))]
        return [pick if pick in fields else "" for pick in chosen]

    @property
    def needs_check(self) -> bool:
        """Return whether a button asks for a check, or a column was changed since the preview was shown."""
        if {"check", "errors"} & self.data.keys():
            return True
        previewed = {name: value for name, value in self.data.items() if name.startswith("previewed-")}
        return any(
            self.data.get(name.replace("previewed-", "column-"), value) != value
            for name, value in previewed.items()
        )


def write_numbered_csv(table: ParsedTable) -> str:
    """Return a table as CSV that `read_table` reads with the same row numbers."""
    file = io.StringIO(newline="")
    writer, line = csv.writer(file), 0
    for number, row in ((table.header_row, table.header), *table.rows):
        # Empty lines for rows that were left out: errors keep naming the rows of the file.
        writer.writerows([] for _empty in range(line + 1, number))
        writer.writerow(row)
        line = number
    return file.getvalue()


@dataclass(frozen=True)
class ColumnChoice:
    """A column on the page: its heading, sample cells, and its field."""

    index: int
    heading: str
    examples: list[str]
    field_name: str
    # Whether it is ignored because the last import ignored it, although its heading names a field.
    was_ignored: bool = False


def list_column_choices(
    table: ParsedTable, picks: Sequence[str], remembered: Mapping[str, str]
) -> list[ColumnChoice]:
    """Return the columns with their picks; `remembered` are the picks of earlier imports by heading."""
    return [
        ColumnChoice(
            index=index,
            heading=heading or f"#{index + 1}",
            examples=_column_examples(table, index),
            field_name=pick,
            was_ignored=not pick and remembered.get(normalize_heading(heading)) == "",
        )
        for index, (heading, pick) in enumerate(zip(table.header, picks, strict=True))
    ]


def _column_examples(table: ParsedTable, index: int) -> list[str]:
    cells = (row[index] for _number, row in table.rows[:EXAMPLE_ROWS_SEARCHED] if index < len(row))
    return [cell[:60] for cell in dict.fromkeys(cells) if cell.strip()][:MAX_EXAMPLES]


def build_error_sheet(table: ParsedTable, error: InvalidRows) -> TableSheet:
    """Return each invalid row with its number and its errors in front."""
    messages: dict[int, list[str]] = {}
    for number, sentence in error.rows:
        messages.setdefault(number, []).append(sentence)
    cells = dict(table.rows)
    rows = [[number, " ".join(sentences), *cells.get(number, [])] for number, sentences in messages.items()]
    return TableSheet(gettext("Errors"), [gettext("Row"), gettext("Error"), *table.header], rows)
