"""The staff's form for a quotation: recipient, quantities of tickets and add-ons, and agreed terms."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.errors import InvalidFields
from convention.events.models import Event
from convention.money import Money
from convention.text.dates import format_date
from convention.text.languages import LANGUAGE_CHOICES
from convention.web.forms import AmountField, DayField, hide_optional_mark
from registrations.booking.validation import is_addon_for_ticket
from registrations.invoices.membership_dues import find_company
from registrations.models import Addon, Ticket
from registrations.order_request import MAX_PLACES_PER_ORDER, RequestedPlace
from registrations.pricing.special_terms import SpecialTerms, find_special_price_error

from .create import AgreedTerms


class ItemRow(NamedTuple):
    """A ticket or an add-on with its fields; `price_field` is for the agreed price of a ticket."""

    title: str
    price: Money
    quantity_field: forms.BoundField
    price_field: forms.BoundField | None


class NewQuotationForm(forms.Form):
    """A quotation for a number of places, whose attendees are named with the order."""

    company = forms.CharField(
        label=_("Company in the directory"),
        required=False,
        max_length=200,
        help_text=_("Name or SIREN. Fills in the recipient below. Leave empty for another buyer."),
        widget=forms.TextInput(attrs={"list": "companies", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("E-mail of the recipient"),
        help_text=_("We send the quotation there, with the link to order."),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=LANGUAGE_CHOICES, initial=settings.LANGUAGE_CODE
    )
    valid_until = DayField(label=_("Valid until"), required=False)
    free_addons = forms.BooleanField(label=_("Add-ons free of charge"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=300,
        help_text=_("For a lower price. Only for the club’s records; the recipient does not see it."),
    )

    def __init__(
        self, *args: Any, event: Event, tickets: Sequence[Ticket], addons: Sequence[Addon], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.tickets, self.addons = tickets, addons
        self.last_day = event.registration_deadline.astimezone(event.zone).date()
        for name in [*map(get_quantity_name, tickets), *map(get_quantity_name, addons)]:
            self.fields[name] = forms.IntegerField(
                label=_("Quantity"), required=False, min_value=0, max_value=MAX_PLACES_PER_ORDER
            )
            # “Optional” at each would say nothing: at least one quantity is needed.
            hide_optional_mark(self.fields[name])
        for ticket in tickets:
            # A free ticket cannot be lower.
            if ticket.current_price.amount:
                self.fields[get_price_name(ticket)] = AmountField(
                    label=_("Agreed price per place"), required=False, max_value=100_000
                )
        self.fields["valid_until"].help_text = _(
            "At the latest %(day)s, when registration closes. Leave empty for 30 days, or until a price ends."
        ) % {"day": format_date(self.last_day)}
        if not addons:
            del self.fields["free_addons"]

    @property
    def item_rows(self) -> list[ItemRow]:
        """Return the tickets, then the add-ons."""
        prices = {ticket.pk: get_price_name(ticket) for ticket in self.tickets}
        bound_prices = {pk: self[name] for pk, name in prices.items() if name in self.fields}
        return [
            *(
                ItemRow(row.title, row.current_price, self[get_quantity_name(row)], bound_prices.get(row.pk))
                for row in self.tickets
            ),
            *(ItemRow(row.title, row.cost, self[get_quantity_name(row)], None) for row in self.addons),
        ]

    def clean_company(self) -> Company | None:
        """Return the company of the directory, None without a name."""
        text = self.cleaned_data["company"].strip()
        company = find_company(text)
        if text and company is None:
            raise forms.ValidationError(_("No company in the directory has this name or SIREN."))
        return company

    def clean(self) -> dict[str, Any]:
        """Check the day, the quantities, and that lower prices have a reason."""
        data = super().clean() or self.cleaned_data
        day = data.get("valid_until")
        if day and not timezone.localdate() <= day <= self.last_day:
            message = _("Choose a day from today to %(day)s, when registration closes.")
            self.add_error("valid_until", message % {"day": format_date(self.last_day)})
        if not self.errors:
            self._check_items()
        return data

    def _check_items(self) -> None:
        if not any(self._get_quantity(ticket) for ticket in self.tickets):
            self.add_error(None, _("Enter the quantity of at least one ticket."))
            return
        special_terms = self.special_terms
        if special_terms and not self.cleaned_data["reason"].strip():
            self.add_error("reason", _("Enter the reason for a different price."))
        for ticket in self.tickets:
            terms = special_terms.get(ticket.slug)
            if terms and (sentence := find_special_price_error(terms, ticket)):
                self.add_error(get_price_name(ticket), sentence)
        slugs = self._list_slugs()
        for addon in self.addons:
            if self._get_quantity(addon) > sum(is_addon_for_ticket(addon, slug) for slug in slugs):
                self.add_error(
                    get_quantity_name(addon),
                    _("There are more of this add-on than people who can have it with their ticket."),
                )

    def _get_quantity(self, item: Ticket | Addon) -> int:
        return self.cleaned_data.get(get_quantity_name(item)) or 0

    def _list_slugs(self) -> list[str]:
        """Return the ticket of each place."""
        return [ticket.slug for ticket in self.tickets for _place in range(self._get_quantity(ticket))]

    def build_places(self) -> tuple[RequestedPlace, ...]:
        """Return the places; each has an add-on at most once, the first ones that can have it."""
        slugs = self._list_slugs()
        chosen: list[list[str]] = [[] for _slug in slugs]
        for addon in self.addons:
            fitting = [number for number, slug in enumerate(slugs) if is_addon_for_ticket(addon, slug)]
            for number in fitting[: self._get_quantity(addon)]:
                chosen[number].append(addon.slug)
        return tuple(
            RequestedPlace(ticket=slug, addons=tuple(addons), is_to_follow=True)
            for slug, addons in zip(slugs, chosen, strict=True)
        )

    @property
    def special_terms(self) -> dict[str, SpecialTerms]:
        """Return the lower prices by the slug of each quoted ticket that has one."""
        reason = self.cleaned_data["reason"].strip()
        has_free_addons = bool(self.cleaned_data.get("free_addons")) and any(
            map(self._get_quantity, self.addons)
        )
        terms = {}
        for ticket in filter(self._get_quantity, self.tickets):
            price = self.cleaned_data.get(get_price_name(ticket))
            if price is not None or has_free_addons:
                cents = None if price is None else int(price * 100)
                terms[ticket.slug] = SpecialTerms(cents, reason, has_free_addons)
        return terms

    @property
    def terms(self) -> AgreedTerms:
        """Return what staff grant: lower prices, their reason and the last day."""
        data = self.cleaned_data
        special_terms = self.special_terms
        # Without a lower price a reason would say nothing.
        reason = data["reason"].strip() if special_terms else ""
        return AgreedTerms(special_terms=special_terms, valid_until=data["valid_until"], reason=reason)

    def add_order_errors(self, error: InvalidFields) -> None:
        """Show the errors of the order above the form, each once: its fields are those of single places."""
        for sentence in dict.fromkeys(s for sentences in error.field_errors.values() for s in sentences):
            self.add_error(None, sentence)


def get_quantity_name(item: Ticket | Addon) -> str:
    """Return the name of the field of the item's quantity."""
    return f"{'ticket' if isinstance(item, Ticket) else 'addon'}-{item.slug}"


def get_price_name(ticket: Ticket) -> str:
    return f"price-{ticket.slug}"
