"""The desk's form for a walk-in: one screen, as few fields as a badge needs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError, InvalidFields, SoldOut
from convention.web.forms import TwoDecimalsField
from registrations.booking.walk_in import AgreedPrice
from registrations.models import Ticket
from registrations.order_request import RequestedPlace

from .forms import PersonForm, build_place


class WalkInForm(PersonForm):
    """An attendee, and any ticket of the event; the address may be empty."""

    ticket = forms.ChoiceField(
        label=_("Ticket"), widget=forms.RadioSelect, error_messages={"required": _("Choose a ticket.")}
    )
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=43)
    field_order = ("first_name", "last_name", "company", "ticket", "email", "nonce")

    def __init__(self, *args: Any, tickets: list[Ticket], **kwargs: Any) -> None:
        super().__init__(*args, prefix="guest", **kwargs)
        field = self.fields["ticket"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(ticket.slug, _describe_ticket(ticket)) for ticket in tickets]
        self.fields["first_name"].widget.attrs["autofocus"] = True
        self.fields["email"].help_text = _("We e-mail the confirmation and the badge to this address.")

    def build_place(self) -> RequestedPlace:
        return build_place(self.cleaned_data)

    def add_errors(self, error: ConventionError) -> None:
        """Show the action's errors at their fields, a sold-out error at the ticket, others above the form."""
        if isinstance(error, InvalidFields):
            for field, sentences in error.field_errors.items():
                self.add_error(field if field in self.fields else None, sentences)
        else:
            self.add_error("ticket" if isinstance(error, SoldOut) else None, str(error))


class ManualRegistrationForm(WalkInForm):
    """A registration by an organizer, also free or at a lower price, with the reason."""

    price = TwoDecimalsField(
        label=_("Price"),
        required=False,
        max_digits=9,
        help_text=_("Leave empty for the price of the ticket; enter 0 for a free place."),
    )
    reason = forms.CharField(label=_("Reason for a different price"), required=False, max_length=300)

    def clean(self) -> dict[str, Any]:
        """Tell a price of 0 from none, which the checks of a person do not."""
        price = self.cleaned_data.get("price")
        return {**super().clean(), "price": price}

    @property
    def agreed_price(self) -> AgreedPrice | None:
        """Return the price that was entered, if any."""
        price = self.cleaned_data["price"]
        return None if price is None else AgreedPrice(int(price * 100), self.cleaned_data["reason"].strip())


def _describe_ticket(ticket: Ticket) -> str:
    cost = ticket.current_price
    price = str(cost) if cost.amount else _("free")
    return f"{ticket.title} · {price}"
