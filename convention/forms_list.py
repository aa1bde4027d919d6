"""A list of people from a file."""

import csv
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .bad_rows import BadRows
from .downloads import Sheet
from .tables import MOST_BYTES, Table, read_table, read_upload

EXAMPLES, SEARCHED = 3, 50


class ListForm(forms.Form):
    """A list from a file, or the one that was just checked."""

    file = forms.FileField(
        label=_("File"),
        error_messages={"required": _("Choose a file.")},
        help_text=_(".csv, .xlsx, .xls or .ods; a row at its beginning names the columns."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.ods"}),
    )
    checked = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_heading: Callable[[list[str]], bool], **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.is_heading = is_heading
        self.fields["file"].required = not self.data.get("checked")

    @cached_property
    def table(self) -> Table:
        """What the file says, or else the list that was checked. Raises Unreadable."""
        file = self.cleaned_data.get("file")
        if file:
            return read_upload(file.name, file.read(MOST_BYTES + 1), self.is_heading)
        return read_table(str(_("the list")), str(self.cleaned_data["checked"]).encode())

    @property
    def checked_text(self) -> str:
        """The list as text, to travel with the form until it is booked; each row keeps its number."""
        file = io.StringIO(newline="")
        writer, line = csv.writer(file), 0
        for number, row in ((self.table.header_row, self.table.header), *self.table.rows):
            writer.writerows([] for _empty in range(line + 1, number))
            writer.writerow(row)
            line = number
        return file.getvalue()

    @cached_property
    def file_name(self) -> str:
        """What the file is called, and its sheet where it has several; also once it was checked."""
        file = self.cleaned_data.get("file")
        if not file:
            return str(self.cleaned_data["name"])
        sheet = f" ({self.table.sheet})" if self.table.sheet else ""
        return f"{file.name}{sheet}"[-200:]

    def picks(self, fields: Collection[str]) -> list[str] | None:
        """What each column is, as chosen on the page; None where nothing was chosen."""
        if self.cleaned_data.get("file") or "column-0" not in self.data:
            return None
        chosen = [str(self.data.get(f"column-{index}", "")) for index in range(len(self.table.header))]
        return [pick if pick in fields else "" for pick in chosen]


@dataclass(frozen=True)
class Column:
    """A column for a page: its heading, some of its cells, and what it is taken for."""

    index: int
    heading: str
    examples: list[str]
    pick: str


def columns_of(table: Table, picks: Sequence[str]) -> list[Column]:
    """Each column of the list with what it is taken for."""
    return [
        Column(index, heading or f"#{index + 1}", _examples(table, index), pick)
        for index, (heading, pick) in enumerate(zip(table.header, picks, strict=True))
    ]


def _examples(table: Table, index: int) -> list[str]:
    cells = (row[index] for _number, row in table.rows[:SEARCHED] if index < len(row))
    return [cell[:60] for cell in dict.fromkeys(cells) if cell.strip()][:EXAMPLES]


def sheet_of_errors(table: Table, error: BadRows) -> Sheet:
    """Each row that is wrong, with its number and all that speaks against it in front of what it says."""
    found: dict[int, list[str]] = {}
    for number, sentence in error.rows:
        found.setdefault(number, []).append(sentence)
    cells = dict(table.rows)
    rows = [[number, " ".join(said), *cells.get(number, [])] for number, said in found.items()]
    return Sheet(gettext("Errors"), [gettext("Row"), gettext("What is wrong"), *table.header], rows)
