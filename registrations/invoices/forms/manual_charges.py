"""Forms of a receivable entered by hand: buyer, subject and lines."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from itertools import count
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from registrations.invoices.formatting import format_vat_rate
from registrations.invoices.ledger.charges import Buyer, ChargeItem
from registrations.invoices.ledger.manual_charges import MANUAL_KEY_PREFIX
from registrations.invoices.models import Receivable
from registrations.invoices.tax_amounts import VAT_RATES
from registrations.invoices.vat_exemptions import VAT_EXEMPTIONS

from .actions import BuyerForm, CentsField, FrenchDayField

MAX_LINES = 30
SUBJECT_FIELDS = ("event", "subject", "service_from", "service_to")


class ManualChargeForm(BuyerForm):
    """Buyer and subject of a receivable entered by hand."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    event = forms.ModelChoiceField(
        Event.objects.order_by("-starts_at"), label=_("Event"), required=False, empty_label=_("None")
    )
    service_from = FrenchDayField(label=_("First day of the service"), required=False)
    service_to = FrenchDayField(label=_("Last day of the service"), required=False)

    class Meta(BuyerForm.Meta):
        fields = [*BuyerForm.Meta.fields, *SUBJECT_FIELDS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4())
        # The column of a document is called “For”.
        self.fields["subject"].label = _("Subject")
        self.fields["subject"].help_text = _("As it will appear on the invoice.")

    @property
    def buyer_fields(self) -> list[forms.BoundField]:
        """Return the bound fields of the buyer."""
        return [self[name] for name in BuyerForm.Meta.fields]

    def clean(self) -> dict[str, Any]:
        """Refuse a service period that ends before it begins."""
        data = super().clean()
        first, last = data.get("service_from"), data.get("service_to")
        if first and last and last < first:
            self.add_error("service_to", _("The last day must not be before the first day."))
        return data

    @property
    def idempotency_key(self) -> str:
        """Return the key that identifies this submission."""
        return str(self.cleaned_data.get("key") or uuid.uuid4())

    @property
    def buyer(self) -> Buyer:
        return Buyer(**{name: self.cleaned_data[name] for name in BuyerForm.Meta.fields})

    @property
    def subject_values(self) -> dict[str, Any]:
        """Return the fields passed to `record_manual_charges`."""
        return {name: self.cleaned_data[name] for name in SUBJECT_FIELDS}


def list_tax_choices() -> list[tuple[str, Any]]:
    """Return VAT rates and exemptions as `rate:exemption` choices."""
    rates = [(f"{rate}:", format_vat_rate(rate)) for rate in VAT_RATES if rate]
    return [
        *rates,
        # A rate of 0 is never offered alone: an exemption must name its reason (EN 16931, rule BR-E-10).
        *((f"0:{code}", _describe_exemption(exemption.label)) for code, exemption in VAT_EXEMPTIONS.items()),
    ]


def _describe_exemption(reason: Any) -> str:
    return gettext("without VAT: %(reason)s") % {"reason": reason}


class ManualLineForm(forms.Form):
    """Line of the receivable; an empty form is ignored."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    description = forms.CharField(label=_("Description"), required=False, max_length=300)
    quantity = forms.IntegerField(
        label=_("Quantity"), min_value=1, max_value=10_000, initial=1, required=False
    )
    price = CentsField(label=_("Unit price, VAT included"), required=False)
    tax = forms.ChoiceField(label=_("VAT"), choices=list_tax_choices)

    def clean(self) -> dict[str, Any]:
        """Require both description and price, or neither."""
        data = super().clean() or self.cleaned_data
        description, price = data.get("description"), data.get("price")
        # No second error for a field that is malformed anyway.
        if price and not description and "description" not in self.errors:
            self.add_error("description", _("Enter what is due."))
        if description and not price and "price" not in self.errors:
            self.add_error("price", _("Enter the price."))
        return data

    @property
    def is_filled(self) -> bool:
        return bool(self.cleaned_data.get("description"))


class BaseManualLineFormSet(forms.BaseFormSet[ManualLineForm]):
    row_label = _("Line %(number)s")


# `absolute_max`, as `max_num` alone does not limit how many forms a request may send.
ManualLineFormSet = forms.formset_factory(
    ManualLineForm, BaseManualLineFormSet, extra=3, max_num=MAX_LINES, absolute_max=MAX_LINES
)


def build_items(
    line_forms: "forms.BaseFormSet[ManualLineForm]", known_keys: Collection[str] = ()
) -> list[ChargeItem]:
    """Return the filled lines as items.

    A line whose key is in `known_keys` keeps it, so that its charge is not replaced; others get the next free
    key.
    """
    # A line's key decides whether its charge is replaced: new lines must not take over an old one.
    new_keys = (key for n in count(1) if (key := f"{MANUAL_KEY_PREFIX}{n}") not in known_keys)
    rows = [form.cleaned_data for form in line_forms.forms if form.is_filled]
    return [_build_item(row, row["key"] if row["key"] in known_keys else next(new_keys)) for row in rows]


def _build_item(row: dict[str, Any], key: str) -> ChargeItem:
    rate, _colon, exemption = row["tax"].partition(":")
    return ChargeItem(
        key=key,
        description=row["description"],
        unit_price=row["price"],
        vat_rate=int(rate),
        quantity=row["quantity"] or 1,
        exemption=exemption,
    )


def list_typed_lines(data: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the lines of a form that was posted but is not validated, as initial data of the formset."""
    names = ManualLineForm.base_fields
    rows = [{name: data.get(f"line-{number}-{name}", "") for name in names} for number in range(MAX_LINES)]
    return [row for row in rows if row["description"] or row["price"]]


def list_initial_lines(receivable: Receivable) -> Iterable[dict[str, Any]]:
    """Return the active charges as initial data of the formset."""
    return [
        {
            "key": charge.key,
            "description": charge.description,
            "quantity": charge.quantity,
            "price": charge.unit_price,
            "tax": f"{charge.vat_rate}:{charge.exemption}",
        }
        # Without discounts, which the treasurer granted by a credit note and cannot edit as lines.
        for charge in receivable.charges.active().filter(key__startswith=MANUAL_KEY_PREFIX)
    ]
