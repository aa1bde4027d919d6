"""Who takes a place."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.club.forms import Refusable

from ..models import Registration
from ..order_request import Place


class Words(Refusable, forms.Form):
    """A person's names and address."""

    first_name = forms.CharField(
        label=_("First name"), error_messages={"required": _("Write the first name.")}
    )
    last_name = forms.CharField(label=_("Last name"), error_messages={"required": _("Write the last name.")})
    email = forms.CharField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def place(self) -> Place:
        """What the acts take."""
        names = ("first_name", "last_name", "email")
        words: dict[str, Any] = {name: str(self.cleaned_data.get(name) or "") for name in names}
        return Place(ticket=str(self.cleaned_data.get("ticket") or ""), **words)


class SubstituteForm(Words):
    """Who takes the place; both names are needed."""

    @classmethod
    def of(cls, registration: Registration) -> "SubstituteForm":
        """Empty, but for the address of a place that has no name yet."""
        return cls(initial={} if registration.is_named else {"email": registration.email})
