"""Registering: what people type, checked by the same rules as the API's orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.countries import countries
from convention.money import Money
from convention.validators import validate_without_links

from ..checks import about_words, goes_with
from ..fares import fare_of
from ..models import Addon, Order, Ticket
from ..order_request import Place, code_typed
from ..pricing import Code


class PersonForm(forms.Form):
    """One person who comes."""

    first_name = forms.CharField(
        label=_("First name"), error_messages={"required": _("Write the first name.")}
    )
    last_name = forms.CharField(label=_("Last name"), error_messages={"required": _("Write the last name.")})
    email = forms.CharField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"inputmode": "email"})
    )
    company = forms.CharField(label=_("Company"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = self.prefix in (None, "person-0")
        hints = {
            "first_name": "given-name",
            "last_name": "family-name",
            "email": "email",
            "company": "organization",
        }
        for name, hint in hints.items():
            self.fields[name].widget.attrs["autocomplete"] = hint if own else "off"

    def clean(self) -> dict[str, Any]:
        """The rules of `checks`, each sentence at its field."""
        data = {name: value or "" for name, value in self.cleaned_data.items()}
        for field, sentence in about_words(place_of(data).tidied()):
            if field not in self.errors:
                self.add_error(field, sentence)
        return data


def place_of(data: dict[str, Any]) -> Place:
    """A place with that person's words; its ticket comes later."""
    return Place(
        ticket=str(data.get("ticket") or ""),
        first_name=str(data.get("first_name") or ""),
        last_name=str(data.get("last_name") or ""),
        email=str(data.get("email") or ""),
        company=str(data.get("company") or ""),
        no_photo=bool(data.get("no_photo")),
    )


class ContactForm(forms.Form):
    """Who gets the confirmation, where it is none of those who come."""

    contact = forms.CharField(
        label=_("E-mail of whoever gets the confirmation"),
        required=False,
        help_text=_("Leave empty to send it to the first person."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean_contact(self) -> str:
        """An address or nothing."""
        address = str(self.cleaned_data["contact"]).strip()
        for field, sentence in about_words(Place(ticket="", first_name="x", last_name="x", email=address)):
            if field == "email":
                raise forms.ValidationError(sentence)
        return address


class AddonChoice(forms.CheckboxSelectMultiple):
    """Add-ons as boxes to tick, each with its price and places; a full one cannot be chosen."""

    template_name = "registrations/ticket_choice.html"
    option_template_name = "registrations/addon_choice_option.html"
    addons: dict[str, Addon]
    closed: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add what the template shows beside the box."""
        option = super().create_option(name, value, *args, **kwargs)
        option["addon"] = self.addons[str(value)]
        if str(value) in self.closed:
            option["attrs"]["disabled"] = True
        return option


class TicketChoice(forms.RadioSelect):
    """Tickets as radio buttons, each with its price and places; a full one cannot be chosen."""

    template_name = "registrations/ticket_choice.html"
    option_template_name = "registrations/ticket_choice_option.html"
    tickets: dict[str, Ticket]
    closed: frozenset[str] = frozenset()
    with_code: dict[str, Money]

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add what the template shows beside the radio button."""
        option = super().create_option(name, value, *args, **kwargs)
        option["ticket"] = self.tickets[str(value)]
        option["with_code"] = self.with_code.get(str(value))
        if str(value) in self.closed:
            option["attrs"]["disabled"] = True
        return option


@dataclass(frozen=True)
class Offer:
    """What the second screen offers, which of it cannot be had, and what the code gives."""

    tickets: list[Ticket]
    addons: list[Addon]
    closed: frozenset[str]
    closed_addons: frozenset[str]
    code: Code | None = None

    @property
    def by_slug(self) -> dict[str, Ticket]:
        """The tickets by their slugs."""
        return {ticket.slug: ticket for ticket in self.tickets}

    @property
    def with_code(self) -> dict[str, Money]:
        """The prices that the code lowers, by ticket."""
        lower = {}
        for ticket in self.tickets:
            now = ticket.cost_now
            holds = self.code and self.code.left != 0 and self.code.holds_for(fare_of(ticket))
            if self.code and holds and (off := self.code.off(now.amount)):
                lower[ticket.slug] = Money(now.amount - off, now.currency)
        return lower


class CodeForm(forms.Form):
    """A code that lowers the price or opens a ticket; its act says what is wrong with it."""

    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=60,
        validators=[validate_without_links],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        help_text=_("A voucher or access code, if you have one."),
    )

    def clean_code(self) -> str:
        """As codes are kept."""
        return code_typed(self.cleaned_data["code"])


class ChoiceForm(forms.Form):
    """What one person chooses."""

    ticket = forms.ChoiceField(label=_("Ticket"), widget=TicketChoice)
    addons = forms.MultipleChoiceField(label=_("Besides"), widget=AddonChoice, required=False)
    no_photo = forms.BooleanField(label=_("Please do not photograph this person"), required=False)

    def __init__(self, *args: Any, offer: Offer, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email, self.offer = email, offer
        field, besides = self.fields["ticket"], self.fields["addons"]
        assert isinstance(field, forms.ChoiceField)
        assert isinstance(besides, forms.MultipleChoiceField)
        field.error_messages["required"] = _("Choose a ticket.")
        field.widget.tickets = {ticket.slug: ticket for ticket in offer.tickets}
        field.widget.closed, field.widget.with_code = offer.closed, offer.with_code
        field.choices = [(ticket.slug, ticket.title) for ticket in offer.tickets]
        besides.widget.addons = {addon.slug: addon for addon in offer.addons}
        besides.widget.closed = offer.closed_addons
        besides.choices = [(addon.slug, addon.title) for addon in offer.addons]
        if not offer.addons:
            del self.fields["addons"]

    @property
    def full_tickets(self) -> list[Ticket]:
        """Those on sale that have no place left, and a waiting list."""
        tickets = self.fields["ticket"].widget.tickets.values()
        return [ticket for ticket in tickets if ticket.left == 0 and ticket.is_on_sale()]

    def clean_ticket(self) -> str:
        """A ticket that can be had now."""
        slug = str(self.cleaned_data["ticket"])
        if slug in self.fields["ticket"].widget.closed:
            raise forms.ValidationError(_("This ticket cannot be had any more; choose another one."))
        if self.fields["ticket"].widget.tickets[slug].needs_proof and not self.email:
            raise forms.ValidationError(
                _("This ticket needs the member’s own address; go back to “Who” and add it.")
            )
        return slug

    def clean_addons(self) -> list[str]:
        """Those that can be had now, with this ticket."""
        chosen = list(self.cleaned_data["addons"])
        known = {addon.slug: addon for addon in self.offer.addons}
        for slug in chosen:
            named = {"addon": known[slug].title}
            if slug in self.offer.closed_addons:
                raise forms.ValidationError(_("“%(addon)s” cannot be had any more.") % named)
            ticket = self.cleaned_data.get("ticket")
            if ticket and not goes_with(known[slug], ticket):
                raise forms.ValidationError(_("“%(addon)s” does not go with this ticket.") % named)
        return chosen


class LanguageForm(forms.Form):
    """In which language the mails come."""

    language = forms.ChoiceField(
        label=_("Language of the e-mails"),
        choices=[("fr", "Français"), ("en", "English")],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the language of the e-mails.")},
    )


class PaymentForm(forms.Form):
    """How it is paid, where there is a choice."""

    payment = forms.ChoiceField(
        label=_("How do you pay?"),
        choices=[
            (Order.Payment.CARD, _("by card, on the next page")),
            (Order.Payment.INVOICE, _("by bank transfer, on the invoice that follows")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    def clean_payment(self) -> str:
        """On an invoice where nothing was chosen."""
        return str(self.cleaned_data["payment"] or Order.Payment.INVOICE)


class BillingForm(forms.Form):
    """Whom the invoice goes to, later."""

    billing_name = forms.CharField(
        label=_("Company or person billed"),
        max_length=200,
        validators=[validate_without_links],
        error_messages={"required": _("Write whom the invoice goes to.")},
    )
    billing_street = forms.CharField(
        label=_("Street"),
        max_length=200,
        validators=[validate_without_links],
        error_messages={"required": _("Write the street and number of the invoice’s address.")},
    )
    billing_postcode = forms.CharField(
        label=_("Postcode"), max_length=20, error_messages={"required": _("Write the postcode.")}
    )
    billing_city = forms.CharField(
        label=_("City"),
        max_length=100,
        validators=[validate_without_links],
        error_messages={"required": _("Write the city.")},
    )
    billing_country = forms.ChoiceField(
        label=_("Country"), choices=countries, error_messages={"required": _("Choose the country.")}
    )
    purchase_order = forms.CharField(
        label=_("Purchase order number"),
        required=False,
        max_length=60,
        validators=[validate_without_links],
        help_text=_("If your company needs it on the invoice."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hints = {
            "billing_name": "organization",
            "billing_street": "street-address",
            "billing_postcode": "postal-code",
            "billing_city": "address-level2",
            "billing_country": "country",
        }
        for name, hint in hints.items():
            self.fields[name].widget.attrs["autocomplete"] = f"billing {hint}"


def paying_forms(
    data: Any, *, due: int, billing: Mapping[str, Any], payment: str = ""
) -> dict[str, forms.Form]:
    """How cents that are due are paid, and whom the invoice goes to, by their names in a template.

    `billing` and `payment` are what is known so far. What costs nothing is billed to nobody.
    """
    if not due:
        return {}
    found: dict[str, forms.Form] = {
        "billing": BillingForm(data, initial={"billing_country": "FR", **billing})
    }
    if settings.CARD_PAYMENT:
        found["payment"] = PaymentForm(data, initial={"payment": payment or Order.Payment.INVOICE})
    return found
