"""Registering: what people type, checked by the same rules as the API's orders."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.countries import countries

from ..checks import about_words
from ..models import Order, Ticket
from ..order_request import Place


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


class TicketChoice(forms.RadioSelect):
    """Tickets as radio buttons, each with its price and places; a full one cannot be chosen."""

    template_name = "registrations/ticket_choice.html"
    option_template_name = "registrations/ticket_choice_option.html"
    tickets: dict[str, Ticket]
    closed: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add what the template shows beside the radio button."""
        option = super().create_option(name, value, *args, **kwargs)
        option["ticket"] = self.tickets[str(value)]
        if str(value) in self.closed:
            option["attrs"]["disabled"] = True
        return option


class ChoiceForm(forms.Form):
    """What one person chooses."""

    ticket = forms.ChoiceField(label=_("Ticket"), widget=TicketChoice)
    no_photo = forms.BooleanField(label=_("Please do not photograph this person"), required=False)

    def __init__(
        self, *args: Any, tickets: list[Ticket], closed: frozenset[str], email: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        field = self.fields["ticket"]
        assert isinstance(field, forms.ChoiceField)
        field.error_messages["required"] = _("Choose a ticket.")
        field.widget.tickets = {ticket.slug: ticket for ticket in tickets}
        field.widget.closed = closed
        field.choices = [(ticket.slug, ticket.title) for ticket in tickets]

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


class LanguageForm(forms.Form):
    """In which language the mails come."""

    language = forms.ChoiceField(
        label=_("Language of the mails"),
        choices=[("fr", "Français"), ("en", "English")],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the language of the mails.")},
    )


class PaymentForm(forms.Form):
    """How an order is paid; where cards are not taken there is nothing to choose."""

    payment = forms.ChoiceField(
        label=_("How do you pay?"),
        choices=[
            (Order.Payment.CARD.value, _("By card, now")),
            (Order.Payment.INVOICE.value, _("By bank transfer, on an invoice")),
        ],
        widget=forms.RadioSelect,
        initial=Order.Payment.INVOICE.value,
    )

    def __init__(self, data: Any = None, **fields: Any) -> None:
        chosen = {"payment": Order.Payment.INVOICE.value, **data.dict()} if data is not None else None
        super().__init__(chosen, **fields)


class BillingForm(forms.Form):
    """Whom the invoice goes to, later."""

    billing_name = forms.CharField(
        label=_("Company or person billed"),
        max_length=200,
        error_messages={"required": _("Write whom the invoice goes to.")},
    )
    billing_street = forms.CharField(
        label=_("Street"),
        max_length=200,
        error_messages={"required": _("Write the street and number of the invoice’s address.")},
    )
    billing_postcode = forms.CharField(
        label=_("Postcode"), max_length=20, error_messages={"required": _("Write the postcode.")}
    )
    billing_city = forms.CharField(
        label=_("City"), max_length=100, error_messages={"required": _("Write the city.")}
    )
    billing_country = forms.ChoiceField(
        label=_("Country"), choices=countries, error_messages={"required": _("Choose the country.")}
    )
    purchase_order = forms.CharField(
        label=_("Purchase order number"),
        required=False,
        max_length=60,
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
