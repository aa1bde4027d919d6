"""A list of people from a file."""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .tables import MOST_BYTES, Table, read_table, too_large

EXAMPLES, SEARCHED = 3, 50


class ListForm(forms.Form):
    """A list from a file, or the one that was just checked."""

    file = forms.FileField(
        label=_("File"),
        error_messages={"required": _("Choose a file.")},
        help_text=_(".csv or .xlsx; the first row names the columns."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    checked = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.fields["file"].required = not self.data.get("checked")

    @cached_property
    def table(self) -> Table:
        """What the file says, or else the list that was checked. Raises Unreadable."""
        file = self.cleaned_data.get("file")
        if file:
            if file.size > MOST_BYTES:
                raise too_large()
            return read_table(file.name, file.read())
        return read_table(str(_("the list")), str(self.cleaned_data["checked"]).encode())

    @property
    def checked_text(self) -> str:
        """The list as text, to travel with the form until it is booked; each row keeps its number."""
        file = io.StringIO(newline="")
        writer, line = csv.writer(file), 1
        writer.writerow(self.table.header)
        for number, row in self.table.rows:
            writer.writerows([] for _empty in range(line + 1, number))
            writer.writerow(row)
            line = number
        return file.getvalue()

    @cached_property
    def file_name(self) -> str:
        """What the file is called, also once it was checked."""
        file = self.cleaned_data.get("file")
        return str(file.name if file else self.cleaned_data["name"])[-200:]

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
