"""A list of people from a file."""

import csv
import io
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.tables import MOST_BYTES, Table, read_table, too_large


class ListForm(forms.Form):
    """A list from a file, or the one that was just checked."""

    file = forms.FileField(
        label=_("File"),
        error_messages={"required": _("Choose a file.")},
        help_text=_(".csv or .xlsx; the first row names the columns."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    checked = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

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
