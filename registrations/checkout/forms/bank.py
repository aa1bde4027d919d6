"""A statement of the bank from a file, and what is decided about one of its lines."""

import base64
import binascii
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..bank_columns import COLUMNS
from ..bank_files import read_uploaded_statement
from ..bank_rows import File

MOST_BYTES = 3 * 1024 * 1024


class StatementForm(forms.Form):
    """A file, or the one that was just checked and travels with the form; columns where they are unusual."""

    file = forms.FileField(
        label=_("Statement"),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
        help_text=_("CAMT.053 (.xml) or CSV, as the bank gives it. Lines known already are skipped."),
        widget=forms.FileInput(attrs={"accept": ".xml,.csv,.txt"}),
    )
    date = forms.CharField(label=_("Column of the date"), required=False, max_length=80)
    amount = forms.CharField(label=_("Column of the amount"), required=False, max_length=80)
    credit = forms.CharField(label=_("Column of credits"), required=False, max_length=80)
    debit = forms.CharField(label=_("Column of debits"), required=False, max_length=80)
    text = forms.CharField(label=_("Column of the communication"), required=False, max_length=80)
    party = forms.CharField(label=_("Column of the payer"), required=False, max_length=80)
    name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    checked = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.fields["file"].required = not self.data.get("checked")

    def clean(self) -> dict[str, Any]:
        """Hold the content and the name of the file, whichever way they came."""
        data = self.cleaned_data
        if file := data.get("file"):
            if file.size > MOST_BYTES:
                self.add_error("file", _("This file is larger than 3 MB; export a shorter time."))
                return data
            data["name"], data["content"] = file.name, file.read()
        else:
            data["content"] = self._checked(data)
        if not data["content"] and "file" not in self.errors:
            self.add_error("file", _("Choose a file."))
        return data

    def _checked(self, data: dict[str, Any]) -> bytes:
        try:
            return base64.b64decode(data.get("checked", ""), validate=True)
        except (binascii.Error, ValueError):
            return b""

    def statement(self) -> File:
        """What it says. Raises Unreadable, BadLines."""
        data = self.cleaned_data
        columns = {field: data[field] for field in COLUMNS if data.get(field)}
        return read_uploaded_statement(data["name"] or "statement", data["content"], columns)

    @property
    def packed(self) -> str:
        """The content as text, to travel with the form until it is imported."""
        return base64.b64encode(self.cleaned_data["content"]).decode()


class AssignForm(forms.Form):
    """What a line pays, and how much of it."""

    reference = forms.CharField(
        label=_("Reference"), max_length=40, help_text=_("Of an order, or of anything else that is owed.")
    )
    amount = forms.DecimalField(
        label=_("Amount"), min_value=0, decimal_places=2, max_digits=12, localize=True
    )

    @property
    def cents(self) -> int:
        """The amount in cents."""
        return int(self.cleaned_data["amount"] * 100)


class WhyForm(forms.Form):
    """The reason, kept in the trail."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
