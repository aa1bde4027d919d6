"""The form that makes a token."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import ApiToken

LIFETIMES = [("30", _("30 days")), ("365", _("one year")), ("", _("until revoked"))]


class TokenForm(forms.Form):
    """A name, what the token may do, and how long."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What will use it, such as “badge printer”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"), choices=ApiToken.Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    lifetime = forms.ChoiceField(label=_("It is valid for"), choices=LIFETIMES, required=False, initial="365")
