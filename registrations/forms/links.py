"""Asking for one's links again."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AddressForm(forms.Form):
    """One's own address."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": _("This is not a valid e-mail address; it looks like name@example.org."),
            "required": _("Write the address you registered with."),
        },
    )
