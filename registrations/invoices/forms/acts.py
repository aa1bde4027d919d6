"""What the treasurer says to an act: amounts in the currency's units, reasons, days."""

import datetime
import decimal
import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club import forms as club_forms
from convention.text import tidy

from ..models import Line, Payment, Receivable
from ..saying import say_amount
from .numbers import NumbersForm

BY_HAND = [
    (Payment.Method.TRANSFER.value, Payment.Method.TRANSFER.label),
    (Payment.Method.CASH.value, Payment.Method.CASH.label),
]


class Amount(forms.DecimalField):
    """An amount in euros; its form gives cents."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=decimal.Decimal("0.01"), max_value=10_000_000, decimal_places=2, localize=True, **kwargs
        )

    def clean(self, value: Any) -> Any:
        """Cents."""
        amount = super().clean(value)
        return None if amount is None else int(amount * 100)


class Day(club_forms.Day):
    """A day, chosen from the browser's calendar or typed as the French write it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y"], **kwargs)


class ConfirmForm(forms.Form):
    """Nothing but the button."""


class WhyForm(forms.Form):
    """Why: it stands on the document, or in the trail."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Say why; it stands on the document.")},
    )

    def clean_reason(self) -> str:
        """In one line."""
        return tidy(self.cleaned_data["reason"])


class DepositForm(forms.Form):
    """How much is asked for ahead."""

    amount = Amount(label=_("Amount of the deposit, VAT included"))


class OnceForm(forms.Form):
    """A form that counts once, however often it is sent."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["key"] = uuid.uuid4()

    @property
    def external_id(self) -> str:
        """What tells this sending from others."""
        return f"hand-{self.cleaned_data.get('key') or uuid.uuid4()}"


class PayForm(OnceForm):
    """Money that came in by transfer or in cash."""

    amount = Amount(label=_("Amount received"))
    method = forms.ChoiceField(label=_("How"), choices=BY_HAND)
    received_on = Day(label=_("Received on"), initial=timezone.localdate)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def clean_received_on(self) -> datetime.date:
        """Not to come: what is recorded never changes."""
        day: datetime.date = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come: record the money once it is there."))
        return day


class RefundForm(OnceForm):
    """Money that goes back."""

    amount = Amount(label=_("Amount to give back"))
    reason = forms.CharField(label=_("Reason"), max_length=300, error_messages={"required": _("Say why.")})


class CreditForm(WhyForm):
    """What of an invoice is credited: all that is left, some lines, or an amount."""

    ALL, LINES, AMOUNT = "all", "lines", "amount"
    what = forms.ChoiceField(
        label=_("What is credited"),
        choices=[(ALL, _("all that is left")), (LINES, _("these lines")), (AMOUNT, _("an amount"))],
        initial=ALL,
        widget=forms.RadioSelect,
    )
    lines = forms.TypedMultipleChoiceField(
        label=_("Lines"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    amount = Amount(label=_("Amount, VAT included"), required=False)
    field_order = ["what", "lines", "amount", "reason"]

    def __init__(self, *args: Any, standing: Sequence[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["lines"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(line.pk, f"{line.description} · {say_amount(line.amount)}") for line in standing]

    def clean(self) -> dict[str, Any]:
        """What was chosen has to be said."""
        data = super().clean() or self.cleaned_data
        if data.get("what") == self.LINES and not data.get("lines"):
            self.add_error("lines", _("Tick the lines that are credited."))
        if data.get("what") == self.AMOUNT and not data.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Write the amount that is credited."))
        return data


class BankLineForm(forms.Form):
    """Which line of the bank statement a payout is."""

    bank_line = forms.CharField(label=_("Line of the bank statement"), max_length=140)


class BuyerForm(NumbersForm[Receivable]):
    """Who owes it, as the next document will say."""

    language = forms.ChoiceField(label=_("Language"), choices=[("fr", "Français"), ("en", "English")])

    class Meta:
        model = Receivable
        fields = [
            "name", "street", "postcode", "city", "country", "siren", "vat_number", "email", "language",
            "purchase_order", "service_code", "engagement_number",
        ]  # fmt: skip
        help_texts = {
            "service_code": _("For public buyers."),
            "engagement_number": _("For public buyers; it stands for the order’s number."),
        }
