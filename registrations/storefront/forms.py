"""Forms of the three screens to register; the same rules as the API's (`booking/validation.py`)."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.money import Money
from convention.text.countries import list_countries
from convention.text.email_addresses import normalize_email
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.validators import clean_postcode, validate_without_links
from registrations.billing.tax_number import InvalidTaxNumber, parse_tax_number
from registrations.booking.validation import check_person_texts
from registrations.models import MAX_TAX_NUMBER_LENGTH, Addon, Order, Ticket
from registrations.order_request import BillingDetails, RequestedPlace, normalize_code

from .choice_offer import ChoiceOffer


class PersonForm(forms.Form):
    """One attendee."""

    error_subject = ""
    first_name = forms.CharField(
        label=_("First name"), error_messages={"required": _("Enter the first name.")}
    )
    last_name = forms.CharField(label=_("Last name"), error_messages={"required": _("Enter the last name.")})
    email = forms.CharField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"inputmode": "email"})
    )
    company = forms.CharField(label=_("Company"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Browsers fill in their owner's details; the owner is usually the first person.
        is_first_person = self.prefix in (None, "person-0")
        hints = {
            "first_name": "given-name",
            "last_name": "family-name",
            "email": "email",
            "company": "organization",
        }
        for name, hint in hints.items():
            self.fields[name].widget.attrs["autocomplete"] = hint if is_first_person else "off"
        if not is_first_person:
            self.fields["email"].help_text = _(
                "The confirmation and badge go to the buyer, except for a member who confirms their place. "
                "At the last step you can have the badge sent here, too. The event’s messages are sent here, "
                "and “Find your registration” sends a personal link here."
            )

    def clean(self) -> dict[str, Any]:
        """Add the errors of `check_person_texts` to their fields."""
        data = {name: value or "" for name, value in self.cleaned_data.items()}
        for field, sentence in check_person_texts(build_place(data).normalize()):
            if field not in self.errors:
                self.add_error(field, sentence)
        return data


def build_place(data: dict[str, Any]) -> RequestedPlace:
    """Return a place with a person's data; its ticket may come later."""
    return RequestedPlace(
        ticket=str(data.get("ticket") or ""),
        first_name=str(data.get("first_name") or ""),
        last_name=str(data.get("last_name") or ""),
        email=str(data.get("email") or ""),
        company=str(data.get("company") or ""),
        no_photo=bool(data.get("no_photo")),
    )


class OrderAttendeeForm(PersonForm):
    """One attendee of an order; all but the first have a language of their own."""

    language = forms.ChoiceField(
        label=_("Language of their e-mails"),
        required=False,
        choices=[("", _("Same as the order")), *LANGUAGE_CHOICES],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The first one is usually the buyer, who chooses the language of the order on the last screen.
        if self.prefix == "person-0":
            del self.fields["language"]


class ContactForm(forms.Form):
    """The address for the confirmation, if it is not an attendee's."""

    contact = forms.CharField(
        label=_("E-mail address for the confirmation"),
        required=False,
        help_text=_("Leave empty to send it to the first attendee."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean_contact(self) -> str:
        address = str(self.cleaned_data["contact"]).strip()
        for field, sentence in check_person_texts(
            # Only the address is checked; the names are placeholders that pass the check.
            RequestedPlace(ticket="", first_name="x", last_name="x", email=address)
        ):
            if field == "email":
                raise forms.ValidationError(sentence)
        return address


class AddonChoiceWidget(forms.CheckboxSelectMultiple):
    """Add-ons as checkboxes with price and availability; sold-out ones are disabled."""

    template_name = "registrations/ticket_choice.html"
    option_template_name = "registrations/addon_choice_option.html"
    addons: dict[str, Addon]
    disabled_slugs: frozenset[str] = frozenset()
    ticket_slugs: frozenset[str] = frozenset()
    """The tickets to choose from: an add-on for all of them does not name its tickets."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add what the template shows next to the box."""
        option = super().create_option(name, value, *args, **kwargs)
        addon = option["addon"] = self.addons[str(value)]
        slugs = {ticket.slug for ticket in addon.tickets.all()}
        option["is_limited"] = bool(slugs) and not self.ticket_slugs <= slugs
        if str(value) in self.disabled_slugs:
            option["attrs"]["disabled"] = True
        return option


class TicketChoiceWidget(forms.RadioSelect):
    """Tickets as radio buttons with price and availability; sold-out ones are disabled."""

    template_name = "registrations/ticket_choice.html"
    option_template_name = "registrations/ticket_choice_option.html"
    tickets: dict[str, Ticket]
    disabled_slugs: frozenset[str] = frozenset()
    discounted_prices: dict[str, Money]
    is_verified_member = False

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add what the template shows next to the button."""
        option = super().create_option(name, value, *args, **kwargs)
        option["ticket"] = self.tickets[str(value)]
        option["is_verified_member"] = self.is_verified_member
        option["discounted_price"] = self.discounted_prices.get(str(value))
        if str(value) in self.disabled_slugs:
            option["attrs"]["disabled"] = True
        return option


class VoucherCodeForm(forms.Form):
    """A voucher or access code; the view checks it, and gives the error."""

    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=60,
        validators=[validate_without_links],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        help_text=_("A voucher or access code, if you have one."),
    )

    def __init__(self, *args: Any, code_error: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code_error = code_error

    def clean_code(self) -> str:
        """Refuse a code that nobody can use, or none of the attendees."""
        if self.code_error:
            raise forms.ValidationError(self.code_error)
        return normalize_code(self.cleaned_data["code"])


class TicketChoiceForm(forms.Form):
    """One attendee's ticket and add-ons."""

    error_subject = ""
    ticket = forms.ChoiceField(label=_("Ticket"), widget=TicketChoiceWidget)
    addons = forms.MultipleChoiceField(label=_("Add-ons"), widget=AddonChoiceWidget, required=False)
    no_photo = forms.BooleanField(label=_("Please do not photograph this person"), required=False)

    def __init__(self, *args: Any, offer: ChoiceOffer, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email, self.offer = email, offer
        field, addons_field = self.fields["ticket"], self.fields["addons"]
        assert isinstance(field, forms.ChoiceField)
        assert isinstance(addons_field, forms.MultipleChoiceField)
        field.error_messages["required"] = _("Choose a ticket.")
        field.widget.tickets = {ticket.slug: ticket for ticket in offer.tickets}
        field.widget.disabled_slugs, field.widget.discounted_prices = (
            offer.unavailable_tickets,
            offer.discounted_prices,
        )
        field.widget.is_verified_member = normalize_email(email) in offer.member_addresses
        field.choices = [(ticket.slug, ticket.title) for ticket in offer.tickets]
        addons_field.widget.addons = offer.addons_by_slug
        addons_field.widget.disabled_slugs = offer.unavailable_addons
        addons_field.widget.ticket_slugs = frozenset(offer.tickets_by_slug)
        # Sold-out choices stay in the list, disabled: `clean_ticket` and `clean_addons` refuse them.
        addons_field.choices = [(addon.slug, addon.title) for addon in offer.addons]
        if not offer.addons:
            del self.fields["addons"]

    @property
    def full_tickets(self) -> list[Ticket]:
        """Return sold-out tickets that are still on sale, and so have a waiting list."""
        tickets = self.fields["ticket"].widget.tickets.values()
        return [ticket for ticket in tickets if ticket.remaining == 0 and ticket.is_on_sale()]

    def clean_ticket(self) -> str:
        """Refuse an unavailable ticket, and a member's without an address."""
        slug = str(self.cleaned_data["ticket"])
        if slug in self.fields["ticket"].widget.disabled_slugs:
            raise forms.ValidationError(_("This ticket is no longer available. Choose another one."))
        if self.fields["ticket"].widget.tickets[slug].needs_member_verification and not self.email:
            raise forms.ValidationError(
                _("This ticket requires the member’s own e-mail address. Go back to “Attendees” and add it.")
            )
        return slug

    def clean_addons(self) -> list[str]:
        """Refuse unavailable add-ons, and those of other tickets."""
        chosen = list(self.cleaned_data["addons"])
        if sentence := self.offer.find_addon_error(chosen, self.cleaned_data.get("ticket", "")):
            raise forms.ValidationError(sentence)
        return chosen


class LanguageForm(forms.Form):
    """The language of the mails."""

    language = forms.ChoiceField(
        label=_("Language of the e-mails"),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the language of the e-mails.")},
    )


class AttendeeCopiesForm(forms.Form):
    """Whether the attendees get their badges by e-mail, too."""

    notifies_attendees = forms.BooleanField(
        label=_("Send each person their own badge and personal link"),
        required=False,
        help_text=_(
            "We e-mail them once their place is confirmed, without any amount. You still get the "
            "confirmation with all badges."
        ),
    )


class PaymentForm(forms.Form):
    """The payment method, if there is a choice."""

    payment = forms.ChoiceField(
        label=_("Payment method"),
        choices=[
            (Order.Payment.CARD, _("Card (on the next page)")),
            (Order.Payment.INVOICE, _("Bank transfer (on invoice)")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    def clean_payment(self) -> str:
        """Return the method, by invoice if none was chosen."""
        return str(self.cleaned_data["payment"] or Order.Payment.INVOICE)


class BillingForm(forms.Form):
    """The recipient of the invoice."""

    billing_name = forms.CharField(
        label=_("Name on the invoice"),
        max_length=200,
        validators=[validate_without_links],
        error_messages={"required": _("Enter the name for the invoice.")},
    )
    billing_street = forms.CharField(
        label=_("Street"),
        max_length=200,
        validators=[validate_without_links],
        error_messages={"required": _("Enter the billing street and number.")},
    )
    billing_postcode = forms.CharField(
        label=_("Postcode"), max_length=20, error_messages={"required": _("Enter the postcode.")}
    )
    billing_city = forms.CharField(
        label=_("City"),
        max_length=100,
        validators=[validate_without_links],
        error_messages={"required": _("Enter the city.")},
    )
    billing_country = forms.ChoiceField(
        label=_("Country"), choices=list_countries, error_messages={"required": _("Choose the country.")}
    )
    billing_tax_number = forms.CharField(
        label=_("SIREN or VAT number"),
        required=False,
        max_length=MAX_TAX_NUMBER_LENGTH,
        help_text=_("For companies; it appears on the invoice."),
    )
    purchase_order = forms.CharField(
        label=_("Purchase order number"),
        required=False,
        max_length=60,
        validators=[validate_without_links],
        help_text=_("If the company requires one on the invoice."),
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
            # HTML's autofill tokens: `billing` tells the invoice's address from the attendee's own.
            self.fields[name].widget.attrs["autocomplete"] = f"billing {hint}"

    def clean(self) -> dict[str, Any]:
        """Check postcode and SIREN or VAT number by the rules of the country."""
        data = super().clean() or self.cleaned_data
        postcode, country = data.get("billing_postcode", ""), data.get("billing_country", "")
        try:
            data["billing_postcode"] = clean_postcode(postcode, country=country)
        except forms.ValidationError as error:
            self.add_error("billing_postcode", error)
        try:
            parse_tax_number(data.get("billing_tax_number", ""), country=data.get("billing_country", ""))
        except InvalidTaxNumber as error:
            self.add_error("billing_tax_number", str(error))
        return data

    def build_details(self) -> BillingDetails:
        """Return the recipient of the invoice; empty for an optional form that nobody filled in."""
        names = [field.name for field in fields(BillingDetails)]
        return BillingDetails(**{name: self.cleaned_data.get(f"billing_{name}", "") for name in names})


class OptionalBillingForm(BillingForm):
    """Billing details that may be left out; once one of them is entered, the others are required."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"empty_permitted": True, "use_required_attribute": False}
        super().__init__(*args, initial={"billing_country": "FR"}, **kwargs)

    def has_changed(self) -> bool:
        """Return whether anything but the country, which is chosen in advance, was entered."""
        return any(name != "billing_country" for name in self.changed_data)


def build_payment_forms(
    data: Any, *, amount_due: int, billing: Mapping[str, Any], payment: str = ""
) -> dict[str, forms.Form]:
    """Return the forms for payment and billing, by their names in a template; none if nothing is due.

    `amount_due` is in cents; `billing` and `payment` are initial values.
    """
    if not amount_due:
        return {}
    payment_forms: dict[str, forms.Form] = {
        "billing": BillingForm(data, initial={"billing_country": "FR", **billing})
    }
    if settings.CARD_PAYMENT:
        # Without cards there is no choice: everything is invoiced.
        payment_forms["payment"] = PaymentForm(data, initial={"payment": payment or Order.Payment.INVOICE})
    return payment_forms
