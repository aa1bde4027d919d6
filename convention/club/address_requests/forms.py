"""Forms with another address for a person, which is saved at once or asked of the administrators."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import QueryDict
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from convention.club.addresses.forms import AddressHintMixin
from convention.club.models import Person
from convention.club.people import find_address_objection
from convention.text.email_addresses import normalize_email
from convention.text.normalize import normalize_whitespace
from convention.web.forms import ActionErrorsMixin, LastEntryForm

from .requests import can_ask_administrators, find_open_request


class NewAddressForm(AddressHintMixin, ActionErrorsMixin, LastEntryForm):
    """A new address for the person, to ask for."""

    email = forms.EmailField(label=_("New e-mail address"), max_length=254)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open_request = find_open_request(person)
        if self.open_request:
            self.fields["last_entry"].initial = self.open_request.entry.pk

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        return normalize_email(email) if email else ""


class OptionalAddressForm(NewAddressForm):
    """The part of another form that also changes the person's address, or asks for that, if one is entered.

    It has no field for the actor's own address.
    """

    def __init__(self, *args: Any, person: Person, actor: Person, **kwargs: Any) -> None:
        super().__init__(*args, person=person, **kwargs)
        self.asks_administrators = can_ask_administrators(person, actor)
        field = self.fields["email"]
        field.required = False
        if self.asks_administrators:
            field.help_text = gettext(
                "Only administrators can change this person’s address. When you save, they receive an e-mail "
                "with the new one; until they have changed it, the present address remains."
            )
        elif find_address_objection(person, actor):
            for name in ("email", "accepts_address", "last_entry"):
                self.fields.pop(name, None)
        else:
            field.label = gettext("E-mail address at the new company")
            field.help_text = gettext(
                "Leave empty to keep the present address, %(email)s. A new one replaces it as soon as you "
                "save, even if the first day is later: the person is signed out, their API tokens are "
                "revoked, and the present address receives an e-mail."
            ) % {"email": person.email or pgettext("feminine", "none")}


def parse_address(query: QueryDict) -> str:
    """Return the address in the page's address, or "" if it is none."""
    email = normalize_email(normalize_whitespace(query.get("email", "")[:300]))
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email
