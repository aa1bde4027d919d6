"""Organizers' forms for one voucher, or for many alike."""

import decimal
import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.events.models import Event
from convention.web.edit_forms import EditConflictsMixin
from convention.web.forms import AmountField, OfferedRowsField
from registrations.models import Ticket, Voucher
from registrations.order_request import normalize_code

from .vouchers import MAX_VOUCHERS_AT_ONCE

TIME_FIELDS = ("opens_at", "closes_at")
CODE_PATTERN = re.compile(r"[A-Z0-9_-]{3,40}")
# An address, or a domain that begins with “@”.
ADDRESS_PATTERN = re.compile(r"[^@\s]*@[^@\s]+\.[^@\s]+")


class VoucherForm(EditConflictsMixin, forms.ModelForm[Voucher]):
    """A voucher; `amount` is a percentage or euros, by its kind."""

    linked_fields = (("kind", "amount"), ("opens_at", "closes_at"))

    amount = AmountField(
        label=_("Percentage, or amount in euros"),
        max_value=100_000,
        required=False,
    )
    capacity = forms.IntegerField(
        label=_("Number of places"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        initial=1,
        help_text=_("Each attendee counts as one. Leave empty for no limit."),
    )
    tickets = OfferedRowsField(
        Ticket.objects.none(),
        label=_("Applies to these tickets"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "If none is ticked, the code applies to all visible tickets. Tick hidden tickets to give "
            "access to them with the code."
        ),
    )
    opens_at = LocalDateTimeField(label=_("Valid from"), required=False)
    closes_at = LocalDateTimeField(label=_("Valid until"), required=False)

    class Meta:
        model = Voucher
        fields = [
            "code", "label", "kind", "capacity", "tickets", "opens_at", "closes_at", "for_company",
            "for_address",
        ]  # fmt: skip
        help_texts = {
            "label": _("For your own lists, for example a sponsor’s name."),
            "for_company": _(
                "Enter the company’s name as attendees type it. Leave empty if anyone may use the code."
            ),
            "for_address": _("An e-mail address, or a domain such as @example.org."),
        }

    def __init__(self, *args: Any, event: Event, company_names: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        # Suggested by a datalist and not enforced: an attendee's company need not be in the directory.
        self.company_names = company_names
        self.fields["for_company"].widget.attrs["list"] = "companies"
        field = self.fields["tickets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = event.tickets.all()
        is_percent = self.instance.kind == Voucher.Kind.PERCENT
        if self.instance.pk:
            self.initial["amount"] = (
                self.instance.value if is_percent else decimal.Decimal(self.instance.value) / 100
            )
        for name in TIME_FIELDS:
            if moment := getattr(self.instance, name):
                self.initial[name] = moment.astimezone(event.zone).replace(tzinfo=None)

    def clean_code(self) -> str:
        """Return the normalized code, unique at the event."""
        code = normalize_code(self.cleaned_data["code"])
        if not CODE_PATTERN.fullmatch(code):
            raise forms.ValidationError(
                _("Enter 3 to 40 characters: unaccented letters, digits and hyphens.")
            )
        if self.event.vouchers.filter(code=code).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another voucher of this event already has this code."))
        return code

    def clean_for_address(self) -> str:
        address = str(self.cleaned_data["for_address"]).strip()
        if address and not ADDRESS_PATTERN.fullmatch(address):
            raise forms.ValidationError(_("Enter an e-mail address, or a domain such as @example.org."))
        return address

    def clean(self) -> dict[str, Any]:
        """Check value and validity period, and require tickets for an access code."""
        data = super().clean() or self.cleaned_data
        for name in TIME_FIELDS:
            add_time_zone(self, name, self.event.zone)
        if data.get("opens_at") and data.get("closes_at") and data["closes_at"] <= data["opens_at"]:
            self.add_error("closes_at", _("The end must be after the start."))
        self._check_value(data.get("kind"), data.get("amount"))
        # A voucher without tickets opens no hidden one, so that this code would do nothing.
        if data.get("kind") == Voucher.Kind.ACCESS and not data.get("tickets"):
            self.add_error("tickets", _("Tick the tickets that the code gives access to."))
        return data

    def _check_value(self, kind: str | None, amount: Any) -> None:
        if "amount" in self.errors or kind in (None, Voucher.Kind.ACCESS):
            return
        if amount is None or (not amount and kind != Voucher.Kind.FIXED):
            self.add_error("amount", _("Enter the percentage or the amount."))
        elif kind == Voucher.Kind.PERCENT and (amount > 100 or amount % 1):
            self.add_error("amount", _("Enter a whole number from 1 to 100."))

    def build_voucher(self) -> Voucher:
        """Return the voucher as filled in, unsaved."""
        kind, amount = self.cleaned_data["kind"], self.cleaned_data.get("amount") or 0
        factor = {Voucher.Kind.PERCENT: 1, Voucher.Kind.ACCESS: 0}.get(kind, 100)
        self.instance.event, self.instance.value = self.event, int(amount * factor)
        return self.instance

    @property
    def changed_fields(self) -> list[str]:
        """Return the model's changed fields; another kind changes the value too."""
        names = ["value" if name == "amount" else name for name in self.changed_data]
        return list(dict.fromkeys([*names, "value"] if "kind" in names else names))


class VoucherBatchForm(VoucherForm):
    """A number of vouchers with the same terms, and codes that begin with the same letters."""

    number = forms.IntegerField(
        label=_("Number of codes"),
        min_value=1,
        max_value=MAX_VOUCHERS_AT_ONCE,
        initial=1,
        help_text=_("For more than one, we add random characters to each code so that it cannot be guessed."),
    )
