"""What somebody owes, written by hand: the buyer, what for, and lines with their VAT."""

import uuid
from collections.abc import Collection, Iterable
from itertools import count
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event

from ..exemptions import EXEMPTIONS
from ..models import Receivable
from ..owe import Buyer, Owed
from ..owe_by_hand import BY_HAND
from ..saying import say_rate
from .acts import Amount, BuyerForm, Day

RATES = (2000, 1000, 550, 210)
MOST_LINES = 30
ABOUT = ("event", "subject", "service_from", "service_to")


class HandForm(BuyerForm):
    """Who owes it, and what for."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    event = forms.ModelChoiceField(
        Event.objects.order_by("-starts_at"), label=_("Event"), required=False, empty_label=_("None")
    )
    service_from = Day(label=_("First day of the service"), required=False)
    service_to = Day(label=_("Last day of the service"), required=False)

    class Meta(BuyerForm.Meta):
        fields = [*BuyerForm.Meta.fields, *ABOUT]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4())
        self.fields["subject"].help_text = _("What it is for, as it stands on the invoice.")

    @property
    def buyer_fields(self) -> list[forms.BoundField]:
        """The fields about the buyer."""
        return [self[name] for name in BuyerForm.Meta.fields]

    def clean(self) -> dict[str, Any]:
        """The last day not before the first."""
        data = super().clean()
        first, last = data.get("service_from"), data.get("service_to")
        if first and last and last < first:
            self.add_error("service_to", _("The last day is not before the first one."))
        return data

    @property
    def once(self) -> str:
        """What tells this sending from others."""
        return str(self.cleaned_data.get("key") or uuid.uuid4())

    @property
    def buyer(self) -> Buyer:
        """Who owes it."""
        return Buyer(**{name: self.cleaned_data[name] for name in BuyerForm.Meta.fields})

    @property
    def about(self) -> dict[str, Any]:
        """What for."""
        return {name: self.cleaned_data[name] for name in ABOUT}


def taxes() -> list[tuple[str, Any]]:
    """The rates, and the reasons for no VAT, as choices of one field."""
    rates = [(f"{rate}:", say_rate(rate)) for rate in RATES]
    return [*rates, *((f"0:{code}", _without(one.name)) for code, one in EXEMPTIONS.items())]


def _without(reason: Any) -> str:
    return gettext("without VAT: %(reason)s") % {"reason": reason}


class LineForm(forms.Form):
    """One thing owed; all empty: no line."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    description = forms.CharField(label=_("Description"), required=False, max_length=300)
    quantity = forms.IntegerField(
        label=_("Quantity"), min_value=1, max_value=10_000, initial=1, required=False
    )
    price = Amount(label=_("Unit price, VAT included"), required=False)
    tax = forms.ChoiceField(label=_("VAT"), choices=taxes)

    def clean(self) -> dict[str, Any]:
        """A description and a price, or neither."""
        data = super().clean() or self.cleaned_data
        description, price = data.get("description"), data.get("price")
        if price and not description and "description" not in self.errors:
            self.add_error("description", _("Say what is owed."))
        if description and not price and "price" not in self.errors:
            self.add_error("price", _("Write the price."))
        return data

    @property
    def is_filled(self) -> bool:
        """Whether it is a line."""
        return bool(self.cleaned_data.get("description"))


Lines = forms.formset_factory(LineForm, extra=3, max_num=MOST_LINES, absolute_max=MOST_LINES)


def lines_in(filled: "forms.BaseFormSet[LineForm]", known: Collection[str] = ()) -> list[Owed]:
    """The lines as they are owed; one that is `known` keeps its key, whatever stands before it."""
    fresh = (key for n in count(1) if (key := f"{BY_HAND}{n}") not in known)
    rows = [form.cleaned_data for form in filled.forms if form.is_filled]
    return [_owed(row, row["key"] if row["key"] in known else next(fresh)) for row in rows]


def _owed(row: dict[str, Any], key: str) -> Owed:
    rate, _colon, exemption = row["tax"].partition(":")
    return Owed(
        key=key,
        description=row["description"],
        unit_price=row["price"],
        vat_rate=int(rate),
        quantity=row["quantity"] or 1,
        exemption=exemption,
    )


def known_lines(receivable: Receivable) -> Iterable[dict[str, Any]]:
    """The standing lines, as the form shows them."""
    return [
        {
            "key": one.key,
            "description": one.description,
            "quantity": one.quantity,
            "price": one.unit_price / 100,
            "tax": f"{one.vat_rate}:{one.exemption}",
        }
        for one in receivable.charges.standing().filter(key__startswith=BY_HAND)
    ]
