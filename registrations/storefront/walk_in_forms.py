"""The desk's form for a walk-in: one screen, as few fields as a badge needs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError, InvalidFields, SoldOut
from convention.text.languages import LANGUAGE_CHOICES
from convention.web.forms import AmountField
from registrations.models import Addon, Ticket
from registrations.order_request import RequestedPlace
from registrations.pricing.display import describe_priced_ticket
from registrations.pricing.special_terms import SpecialTerms

from .forms import AddonChoiceWidget, PersonForm, build_place


def find_preselected_ticket(tickets: Sequence[Ticket]) -> Ticket | None:
    """Return the ticket to preselect for a walk-in: the only one, or the default of several at one price.

    Where prices differ, a preselected ticket that nobody looked at would charge the wrong amount.
    """
    if len(tickets) == 1:
        return tickets[0]
    has_one_price = len({ticket.current_price.amount for ticket in tickets}) == 1
    return next((ticket for ticket in tickets if ticket.is_default and has_one_price), None)


class WalkInForm(PersonForm):
    """An attendee, and any ticket and add-ons of the event; the address may be empty."""

    ticket = forms.ChoiceField(
        label=_("Ticket"), widget=forms.RadioSelect, error_messages={"required": _("Choose a ticket.")}
    )
    addons = forms.MultipleChoiceField(label=_("Add-ons"), widget=AddonChoiceWidget, required=False)
    # The attendee's: the staff may use the site in another one.
    language = forms.ChoiceField(
        label=_("Language of the e-mails"),
        choices=LANGUAGE_CHOICES,
        initial=settings.LANGUAGE_CODE,
        # A page that was open before the field existed posts none.
        required=False,
    )
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=43)
    field_order = ("first_name", "last_name", "company", "ticket", "addons", "email", "language", "nonce")

    def __init__(
        self, *args: Any, tickets: list[Ticket], addons: Sequence[Addon] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, prefix="guest", **kwargs)
        field = self.fields["ticket"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(ticket.slug, describe_priced_ticket(ticket)) for ticket in tickets]
        self._offer_addons(addons, ticket_slugs=frozenset(ticket.slug for ticket in tickets))
        self.fields["first_name"].widget.attrs["autofocus"] = True
        self.fields["email"].help_text = _("We e-mail the confirmation and the badge to this address.")

    def _offer_addons(self, addons: Sequence[Addon], *, ticket_slugs: frozenset[str]) -> None:
        field = self.fields["addons"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.widget.addons = {addon.slug: addon for addon in addons}
        field.widget.disabled_slugs = frozenset(addon.slug for addon in addons if addon.remaining == 0)
        field.widget.ticket_slugs = ticket_slugs
        field.choices = [(addon.slug, addon.title) for addon in addons]
        if not addons:
            del self.fields["addons"]

    def clean_language(self) -> str:
        initial = self.get_initial_for_field(self.fields["language"], "language")
        return str(self.cleaned_data["language"] or initial)

    def build_place(self) -> RequestedPlace:
        addons = tuple(self.cleaned_data.get("addons") or ())
        return replace(build_place(self.cleaned_data), addons=addons)

    def add_errors(self, error: ConventionError) -> None:
        """Show the action's errors at their fields, others above the form.

        SoldOut goes to the ticket field, or above the form with add-ons: it may be about one of them.
        """
        if isinstance(error, InvalidFields):
            for field, sentences in error.field_errors.items():
                self.add_error(field if field in self.fields else None, sentences)
        else:
            is_ticket = isinstance(error, SoldOut) and not self.cleaned_data.get("addons")
            self.add_error("ticket" if is_ticket else None, str(error))


class ManualRegistrationForm(WalkInForm):
    """A registration by an organizer, also free or at a lower price, with the reason."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGE_CHOICES,
        initial=settings.LANGUAGE_CODE,
        help_text=_("For the e-mails, the badge and the invoice."),
    )

    price = AmountField(
        label=_("Price of the ticket"),
        required=False,
        max_value=100_000,
        help_text=_("Leave empty to charge the usual price; enter 0 for a free place."),
    )
    free_addons = forms.BooleanField(label=_("Add-ons free of charge"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=300,
        help_text=_("For a different price, or a member’s ticket for somebody else."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "addons" not in self.fields:
            del self.fields["free_addons"]

    def clean(self) -> dict[str, Any]:
        """Restore the price: the person's `clean` turns empty values and 0 alike into empty strings."""
        price = self.cleaned_data.get("price")
        return {**super().clean(), "price": price}

    @property
    def special_terms(self) -> SpecialTerms | None:
        """Return what the organizer grants with its reason, or None for the usual terms without a reason."""
        price, addons = self.cleaned_data["price"], self.cleaned_data.get("addons")
        has_free_addons = bool(addons and self.cleaned_data.get("free_addons"))
        reason = self.cleaned_data["reason"].strip()
        if price is None and not has_free_addons and not reason:
            return None
        cents = None if price is None else int(price * 100)
        return SpecialTerms(cents, reason, has_free_addons)
