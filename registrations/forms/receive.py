"""Registering someone who stands at the desk: one screen, as few fields as a badge needs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.errors import InvalidFields, SoldOut

from ..models import Ticket
from ..order_request import Place
from .register import PersonForm, place_of


class ReceiveForm(PersonForm):
    """One person, and any ticket of the event; the address may be empty."""

    ticket = forms.ChoiceField(
        label=_("Ticket"), widget=forms.RadioSelect, error_messages={"required": _("Choose a ticket.")}
    )
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=43)
    field_order = ("first_name", "last_name", "company", "ticket", "email", "nonce")

    def __init__(self, *args: Any, tickets: list[Ticket], **kwargs: Any) -> None:
        super().__init__(*args, prefix="guest", **kwargs)
        field = self.fields["ticket"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(ticket.slug, _offer(ticket)) for ticket in tickets]
        self.fields["first_name"].widget.attrs["autofocus"] = True
        self.fields["email"].help_text = _("The confirmation and the badge are mailed to it.")

    def place(self) -> Place:
        """What the act needs; its errors come back with `add_errors`."""
        return place_of(self.cleaned_data)

    def add_errors(self, error: InvalidFields | SoldOut) -> None:
        """Show the act's sentences at their fields; that nothing is left, at the ticket."""
        fields = error.fields if isinstance(error, InvalidFields) else {"ticket": [str(error)]}
        for field, sentences in fields.items():
            for sentence in sentences:
                self.add_error(field, sentence)


def _offer(ticket: Ticket) -> str:
    cost = ticket.cost_now
    price = str(cost) if cost.amount else _("free")
    return f"{ticket.title} · {price}"
