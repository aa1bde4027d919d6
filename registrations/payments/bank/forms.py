"""Forms of the bank pages."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.money import compact_reference
from convention.text.dates import format_date
from convention.web.forms import AmountField
from registrations.invoices.formatting import format_cents
from registrations.invoices.forms.actions import ConfirmableForm, is_long_before_receivable
from registrations.invoices.models import Receivable
from registrations.payments.models import BankLine

from .csv_columns import COLUMN_HEADINGS
from .matching import LineMatch, MatchKind, PayableIndex, PayableItem, split_typed_references
from .statement_files import read_uploaded_statement
from .statement_lines import StatementFile

MAX_STATEMENT_BYTES = 3 * 1024 * 1024


class StatementForm(forms.Form):
    """Statement file, with column headings for unusual CSV files.

    After the preview the content travels in the hidden field `checked`, so that exactly what was previewed is
    imported.
    """

    file = forms.FileField(
        label=_("Statement"),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("This file is empty. Choose another one."),
        },
        help_text=_(
            "CAMT.053 (.xml) or CSV, as downloaded from the bank. Lines already imported are skipped."
        ),
        widget=forms.FileInput(attrs={"accept": ".xml,.csv,.txt"}),
    )
    date = forms.CharField(label=_("Date column"), required=False, max_length=80)
    amount = forms.CharField(label=_("Amount column"), required=False, max_length=80)
    credit = forms.CharField(label=_("Credit column"), required=False, max_length=80)
    debit = forms.CharField(label=_("Debit column"), required=False, max_length=80)
    text = forms.CharField(label=_("Payment details column"), required=False, max_length=80)
    party = forms.CharField(label=_("Payer column"), required=False, max_length=80)
    name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    checked = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The second step sends the previewed copy instead of a file.
        self.fields["file"].required = not self.data.get("checked")

    def clean(self) -> dict[str, Any]:
        """Set `name` and `content`, from the upload or from the previewed copy."""
        data = self.cleaned_data
        if file := data.get("file"):
            if file.size > MAX_STATEMENT_BYTES:
                self.add_error("file", _("This file is larger than 3 MB. Export a shorter period."))
                return data
            data["name"], data["content"] = file.name, file.read()
        else:
            data["content"] = self._decode_checked(data)
        if not data["content"] and "file" not in self.errors:
            self.add_error("file", _("Choose a file."))
        return data

    def _decode_checked(self, data: dict[str, Any]) -> bytes:
        try:
            # `validate`, as the default silently skips characters that are not base 64.
            return base64.b64decode(data.get("checked", ""), validate=True)
        except (binascii.Error, ValueError):
            return b""

    def read_file(self) -> StatementFile:
        """Parse the statement. Raise UnreadableFile or InvalidLines."""
        data = self.cleaned_data
        columns = {field: data[field] for field in COLUMN_HEADINGS if data.get(field)}
        # Parsed again, though previewed: the hidden field may have been changed.
        return read_uploaded_statement(data["name"] or "statement", data["content"], columns)

    @property
    def encoded_content(self) -> str:
        """Return the content in base64, for the hidden field."""
        return base64.b64encode(self.cleaned_data["content"]).decode()


# Of these the page says that the line is more than what is due of the matched reference.
KINDS_ABOVE_BALANCE = (MatchKind.OVERPAID, MatchKind.ALREADY_PAID, MatchKind.NO_LONGER_DUE)


class AssignmentForm(ConfirmableForm):
    """Reference that a line pays, and the amount; or several references, with what is due of all."""

    reference = forms.CharField(
        label=_("Reference"),
        max_length=1_000,
        help_text=_(
            "Reference of an order or of any other amount due. Separate several references with spaces."
        ),
    )
    amount = AmountField(label=_("Amount"), max_value=9_999_999_999)
    # Both are hidden until there is something to confirm.
    is_amount_confirmed = forms.BooleanField(
        label=_("Record this amount for this reference"), required=False, widget=forms.HiddenInput
    )
    is_day_confirmed = forms.BooleanField(
        label=_("This line pays this reference"), required=False, widget=forms.HiddenInput
    )

    def __init__(
        self, *args: Any, line: BankLine, index: PayableIndex, match: LineMatch, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.line, self.index, self.match = line, index, match

    def clean(self) -> dict[str, Any]:
        """Ask for a confirmation of more than what is due, and of a line long before the receivable."""
        data = super().clean() or self.cleaned_data
        typed = data.get("reference", "")
        if item := self.index.items.get(compact_reference(typed)):
            self.items = [item]
        else:
            self.items, unknown_word = split_typed_references(typed, self.index)
            if self.items and unknown_word:
                sentence = _("There is nothing due under the reference “%(reference)s”.")
                self.add_error("reference", sentence % {"reference": unknown_word[:60]})
        # Another currency is refused by the assignment.
        if "amount" in data and all(item.currency == self.line.currency for item in self.items):
            self._question_items()
        return data

    def _question_items(self) -> None:
        if len(self.items) == 1:
            self._question_amount(self.items[0])
        elif self.items:
            self._compare_total()
        if self.items:
            self._question_day(self.items)

    def _compare_total(self) -> None:
        """Refuse any amount but what is due of all references: it would not tell what each one gets."""
        total = sum(item.amount_due for item in self.items)
        if unowed := next((item for item in self.items if item.amount_due <= 0), None):
            sentence = _("Nothing is left to pay under “%(reference)s”. Remove it, or assign it by itself.")
            self.add_error("reference", sentence % {"reference": unowed.reference})
        elif self.cents != total:
            sentence = _(
                "The balances due under these references come to %(total)s. Enter this amount, or assign the "
                "references one at a time."
            )
            self.add_error("amount", sentence % {"total": format_cents(total, self.line.currency)})

    def _question_amount(self, item: PayableItem) -> None:
        excess = self.cents - max(0, item.amount_due)
        is_stated = self.match.kind in KINDS_ABOVE_BALANCE and self.match.reference == item.reference
        if excess > 0 and not is_stated:
            sentence = _(
                "This is %(excess)s more than the balance due. Correct the amount, or confirm it below."
            )
            question = sentence % {"excess": format_cents(excess, item.currency)}
            self.require_confirmation("is_amount_confirmed", field_name="amount", question=question)

    def _question_day(self, items: Sequence[PayableItem]) -> None:
        receivables = Receivable.objects.filter(reference__in=[item.reference for item in items])
        latest = max(receivables, key=lambda receivable: receivable.created_at, default=None)
        if latest and is_long_before_receivable(self.line.booked_on, latest):
            sentence = _(
                "This line was booked more than a year before the amount was recorded, on %(day)s. Correct "
                "the reference, or confirm it below."
            )
            question = sentence % {"day": format_date(timezone.localdate(latest.created_at))}
            self.require_confirmation("is_day_confirmed", field_name="reference", question=question)

    @property
    def parts(self) -> list[tuple[str, int]]:
        """Return the (reference, cents) to assign."""
        if len(self.items) > 1:
            return [(item.reference, item.amount_due) for item in self.items]
        # A receivable that is not indexed, such as that of an order without a price, is looked up as typed.
        reference = self.items[0].reference if self.items else self.cleaned_data["reference"]
        return [(reference, self.cents)]

    @property
    def cents(self) -> int:
        return int(self.cleaned_data["amount"] * 100)


class ReturnForm(forms.Form):
    """Reference for which a debit returned money."""

    reference = forms.CharField(
        label=_("Reference"), max_length=40, help_text=_("Reference of the order that was refunded.")
    )


class BankReasonForm(forms.Form):
    """Reason, recorded in the audit trail."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
