"""Forms of the actions on one receivable, and of the accounting period."""

import datetime
import decimal
import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.text.dates import format_date
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.normalize import normalize_whitespace
from convention.web.forms import ActionErrorsMixin, DayField, HundredthsField, hide_optional_mark
from registrations.invoices.documents.credit_preview import CreditScope
from registrations.invoices.formatting import format_cents
from registrations.invoices.ledger.payments import has_equal_payment
from registrations.invoices.models import InvoiceLine, Payment, Receivable, Refund
from registrations.invoices.models.receivables import FORM_PREFIX
from registrations.invoices.tax_amounts import FULL_RATE, allocate_cents

from .issuer import CheckedNumbersForm

# Money by card online comes from the processor: recorded by hand, it would be counted twice.
MANUAL_METHODS = [
    (method.value, method.label)
    for method in (
        Payment.Method.TRANSFER,
        Payment.Method.CASH,
        Payment.Method.CHEQUE,
        Payment.Method.TERMINAL,
    )
]


class CentsField(HundredthsField):
    """A positive amount typed in euros and stored in cents."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": decimal.Decimal("0.01"), "max_value": 10_000_000, **kwargs})


class FrenchDayField(DayField):
    """Date field that also accepts dd/mm/yyyy."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y"], **kwargs)


class RequiredReasonField(forms.CharField):
    """Reason that must be given."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {"required": _("Enter the reason.")}
        super().__init__(**{"label": _("Reason"), "max_length": 300, "error_messages": messages, **kwargs})


class ConfirmationForm(forms.Form):
    """Form without fields, for a page with just a button."""


class RequiredReasonForm(forms.Form):
    """Reason, recorded in the audit trail."""

    reason = RequiredReasonField()

    def clean_reason(self) -> str:
        return normalize_whitespace(self.cleaned_data["reason"])


class CreditReasonForm(RequiredReasonForm):
    """Reason, printed on the credit note."""

    reason = RequiredReasonField(
        error_messages={"required": _("Enter the reason; it appears on the credit note.")}
    )


class PaymentCancelForm(RequiredReasonForm):
    """Reason why a payment is cancelled, recorded with the counter-entry."""

    # Stored in 300 characters, after the words that the payment was entered by mistake.
    reason = RequiredReasonField(max_length=250)


class NextDocumentForm(forms.Form):
    """Form with the id of the last document when its page was shown, so that two clicks issue only one."""

    # Without it (a script), documents issued meanwhile are not noticed.
    last_document = forms.IntegerField(widget=forms.HiddenInput, required=False)


class WithdrawnCreditForm(NextDocumentForm, CreditReasonForm):
    """Reason of the credit notes for what is no longer due."""


class DepositForm(NextDocumentForm):
    """Deposit invoice, as an amount or as a percentage of the `uninvoiced_cents`."""

    amount = CentsField(label=_("Amount of the deposit, VAT included"), required=False)
    percentage = HundredthsField(
        label=_("Or a percentage"), required=False, min_value=decimal.Decimal("0.01"), max_value=100
    )

    def __init__(self, *args: Any, uninvoiced_cents: int, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.uninvoiced_cents = uninvoiced_cents
        total = format_cents(uninvoiced_cents, currency)
        self.fields["percentage"].help_text = _("Of %(total)s, VAT included.") % {"total": total}
        for name in ("amount", "percentage"):
            # One of them is required, so neither is “optional”.
            hide_optional_mark(self.fields[name])

    def clean(self) -> dict[str, Any]:
        """Require an amount or a percentage, and refuse both together."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        amount, percentage = data.get("amount"), data.get("percentage")
        if amount and percentage:
            self.add_error("percentage", _("Enter either an amount or a percentage, not both."))
        elif not amount and not percentage:
            self.add_error("amount", _("Enter the amount or the percentage of the deposit."))
        return data

    @property
    def amount_cents(self) -> int:
        """Return the amount of a valid form in cents, VAT included."""
        if self.cleaned_data["amount"]:
            return int(self.cleaned_data["amount"])
        share = self.cleaned_data["percentage"]
        return allocate_cents(self.uninvoiced_cents, [share, FULL_RATE - share])[0]


class IdempotentForm(forms.Form):
    """Form with a hidden key, so that sending it twice records one row."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Made when the page is rendered, so that a repeated submission carries the same key.
        self.initial["key"] = uuid.uuid4()

    @property
    def external_id(self) -> str:
        """Return the id that identifies this submission."""
        # A form without the key (a script) gets a new one: it is recorded, but not protected against
        # repetition.
        return f"{FORM_PREFIX}{self.cleaned_data.get('key') or uuid.uuid4()}"


class ConfirmableForm(forms.Form):
    """Form with hidden checkboxes, shown when an unlikely value has to be confirmed."""

    def require_confirmation(self, checkbox_name: str, *, field_name: str, question: str) -> None:
        """Show the checkbox, and refuse the field with `question` until it is ticked."""
        self.fields[checkbox_name].widget = forms.CheckboxInput()
        if not self.cleaned_data.get(checkbox_name):
            self.add_error(field_name, question)


# A payment comes after the order; only one for an older debt that was entered later is dated before.
MAX_DAYS_BEFORE_RECEIVABLE = 365


def is_long_before_receivable(day: datetime.date, receivable: Receivable) -> bool:
    """Return whether a day is so early that a payment of this receivable was hardly made on it."""
    return (timezone.localdate(receivable.created_at) - day).days > MAX_DAYS_BEFORE_RECEIVABLE


class ManualPaymentForm(IdempotentForm, ConfirmableForm):
    """Payment received outside of the online processor."""

    amount = CentsField(label=_("Amount received"))
    method = forms.ChoiceField(label=_("Method"), choices=MANUAL_METHODS)
    received_on = FrenchDayField(label=_("Received on"), initial=timezone.localdate)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)
    # Hidden until the amount is more than what is due.
    is_amount_confirmed = forms.BooleanField(
        label=_("I received this amount"), required=False, widget=forms.HiddenInput
    )
    # Hidden until the day is long before the receivable.
    is_day_confirmed = forms.BooleanField(
        label=_("I received it on this day"), required=False, widget=forms.HiddenInput
    )

    # Hidden until the same payment was recorded before.
    is_repetition_confirmed = forms.BooleanField(
        label=_("I received a second payment"), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, receivable: Receivable, amount_due: int, **kwargs: Any) -> None:
        super().__init__(*args, initial={"amount": amount_due if amount_due > 0 else None}, **kwargs)
        self.receivable, self.amount_due = receivable, max(0, amount_due)

    def clean(self) -> dict[str, Any]:
        """Ask for a confirmation of an overpayment, of a very early day, and of a payment recorded before."""
        data = super().clean() or self.cleaned_data
        # A second click finds the first one's payment, after which less is due.
        if not Payment.objects.filter(external_id=self.external_id).exists():
            self._question_amount(data.get("amount", 0))
            self._question_day(data.get("received_on"))
            self._question_repetition(data)
        return data

    def _question_amount(self, amount: int) -> None:
        if amount > self.amount_due:
            sentence = _(
                "This is %(excess)s more than the balance due. Correct the amount, or confirm it below."
            )
            excess = format_cents(amount - self.amount_due, self.receivable.currency)
            self.require_confirmation(
                "is_amount_confirmed", field_name="amount", question=sentence % {"excess": excess}
            )

    def _question_day(self, day: datetime.date | None) -> None:
        if day and is_long_before_receivable(day, self.receivable):
            sentence = _(
                "This is more than a year before the amount was recorded, on %(day)s. Correct the date, or "
                "confirm it below."
            )
            created_on = format_date(timezone.localdate(self.receivable.created_at))
            self.require_confirmation(
                "is_day_confirmed", field_name="received_on", question=sentence % {"day": created_on}
            )

    def _question_repetition(self, data: dict[str, Any]) -> None:
        amount, method, received_on = data.get("amount"), data.get("method"), data.get("received_on")
        if (
            amount
            and method
            and received_on
            and has_equal_payment(
                receivable=self.receivable, amount=amount, method=method, received_on=received_on
            )
        ):
            sentence = _(
                "A payment of %(amount)s by this method on this day has already been recorded. If you "
                "received a second one, confirm it below."
            )
            recorded = format_cents(amount, self.receivable.currency)
            self.require_confirmation(
                "is_repetition_confirmed", field_name="amount", question=sentence % {"amount": recorded}
            )

    def clean_received_on(self) -> datetime.date:
        """Refuse days in the future, since a recorded payment cannot be changed."""
        day: datetime.date = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(
                _("Choose a day that is not in the future: record the payment once you have received it.")
            )
        return day


class RefundForm(IdempotentForm):
    """Amount and reason of a refund, and whether it goes by transfer whatever way the money came."""

    amount = CentsField(label=_("Amount to refund"))
    reason = RequiredReasonField()
    by_transfer = forms.BooleanField(
        label=_("Refund by bank transfer instead"),
        help_text=_("You make the transfer yourself, then mark the refund as done."),
        required=False,
    )

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Test payments brought no money that a transfer could return.
        if payment.method in (Payment.Method.TRANSFER, Payment.Method.TEST):
            del self.fields["by_transfer"]

    @property
    def method(self) -> str:
        """Return the method to use instead of the payment's, if any."""
        return Payment.Method.TRANSFER if self.cleaned_data.get("by_transfer") else ""


class RefundCompletionForm(forms.Form):
    """Day on which the money of a refund left the account."""

    refunded_on = FrenchDayField(label=_("Refunded on"), initial=timezone.localdate)

    def __init__(self, *args: Any, refund: Refund, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refund = refund

    def clean_refunded_on(self) -> datetime.date:
        """Refuse days in the future and before the payment, since a refund that is done cannot be changed."""
        day: datetime.date = self.cleaned_data["refunded_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(
                _("Choose a day that is not in the future: confirm the refund once the money has been sent.")
            )
        if day < self.refund.payment.received_on:
            received_on = format_date(self.refund.payment.received_on)
            raise forms.ValidationError(
                _("The payment was received on %(day)s. Choose that day or a later one.")
                % {"day": received_on}
            )
        return day


class CreditForm(NextDocumentForm, CreditReasonForm):
    """Extent of a credit note: everything left, some lines, or an amount. Nothing is chosen beforehand."""

    ALL, LINES, AMOUNT = "all", "lines", "amount"
    what = forms.ChoiceField(
        label=_("Amount to credit"),
        choices=[
            (ALL, _("the whole remaining amount")),
            (LINES, _("selected lines")),
            (AMOUNT, _("an amount")),
        ],
        error_messages={"required": _("Choose what to credit.")},
        widget=forms.RadioSelect,
    )
    lines = forms.TypedMultipleChoiceField(
        label=_("Lines"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    amount = CentsField(label=_("Amount, VAT included"), required=False)
    field_order = ["what", "lines", "amount", "reason"]

    def __init__(self, *args: Any, creditable_lines: Sequence[InvoiceLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["lines"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        # Only lines that can still be credited, so that a posted id of another line is refused by the field.
        field.choices = [
            (line.pk, f"{line.description} · {format_cents(line.amount)}") for line in creditable_lines
        ]

    def clean(self) -> dict[str, Any]:
        """Require the lines or the amount that the choice needs, and refuse those that it ignores."""
        data = super().clean() or self.cleaned_data
        choice = data.get("what")
        if choice == self.LINES and not data.get("lines"):
            self.add_error("lines", _("Tick the lines to credit."))
        if choice == self.AMOUNT and not data.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Enter the amount to credit."))
        # Ignored, they would give another credit note than the treasurer meant, which is final.
        if choice in (self.ALL, self.LINES) and data.get("amount"):
            self.add_error(
                "what", _("You have entered an amount. Choose “an amount”, or clear the amount field.")
            )
        if choice in (self.ALL, self.AMOUNT) and data.get("lines"):
            self.add_error("what", _("You have ticked lines. Choose “selected lines”, or untick them."))
        return data

    @property
    def scope(self) -> CreditScope:
        """Return what a valid form credits."""
        choice = self.cleaned_data["what"]
        return CreditScope(
            amount=self.cleaned_data["amount"] if choice == self.AMOUNT else None,
            line_ids=self.cleaned_data["lines"] if choice == self.LINES else None,
        )


class BankLineForm(forms.Form):
    """Bank statement line of a payout."""

    bank_line = forms.CharField(label=_("Bank statement text"), max_length=140)


# Without them `require_buyer_address` refuses an invoice.
INVOICE_FIELDS = ("name", "street", "city")


class BuyerForm(CheckedNumbersForm[Receivable]):
    """Buyer as printed on the next document."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES)

    class Meta:
        model = Receivable
        fields = [
            "name", "street", "postcode", "city", "country", "siren", "vat_number", "email", "language",
            "purchase_order", "service_code", "engagement_number",
        ]  # fmt: skip
        labels = {"name": _("Name on the invoice")}
        help_texts = {
            "street": _("Required to issue an invoice."),
            "city": _("Required to issue an invoice."),
            "service_code": _("For public buyers."),
            "engagement_number": _("For public buyers; replaces the purchase order number."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in INVOICE_FIELDS:
            # They may be entered later, but are not “optional”: no invoice is issued without them.
            hide_optional_mark(self.fields[name])


ACCEPTED_YEARS = range(2000, 2200)


class PeriodForm(forms.Form):
    """Period from a first to a last day, both included."""

    first = FrenchDayField(label=_("From"))
    last = FrenchDayField(label=_("To"))

    def clean(self) -> dict[str, Any]:
        """Require the days in order, and plausible years."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("first"), data.get("last")
        if first and last and first > last:
            self.add_error("last", _("The end of the period must not be before its start."))
        # A mistyped year would make a report over centuries.
        if any(day and day.year not in ACCEPTED_YEARS for day in (first, last)):
            self.add_error("first", _("Check the year."))
        return data

    @classmethod
    def get_last_month(cls) -> dict[str, datetime.date]:
        """Return the first and the last day of the previous month."""
        last = timezone.localdate().replace(day=1) - datetime.timedelta(days=1)
        return {"first": last.replace(day=1), "last": last}


class ClosePeriodForm(ActionErrorsMixin, forms.Form):
    """The last day of the period to close."""

    last_day = FrenchDayField(label=_("Close until"))
    is_confirmed = forms.BooleanField(
        label=_("I understand that a closed period cannot be reopened."),
        error_messages={"required": _("Tick the box to close the period.")},
    )


class OptionalPeriodForm(PeriodForm):
    """Period of a filter, open where a day is missing."""

    first = FrenchDayField(label=_("From"), required=False)
    last = FrenchDayField(label=_("To"), required=False)
