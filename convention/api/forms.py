"""The form that creates an API token."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import ApiToken

# In days; empty for a token without end.
TOKEN_LIFETIMES = [("30", _("30 days")), ("365", _("one year")), ("", _("until revoked"))]


class TokenForm(forms.Form):
    """A token's name, scopes and lifetime."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What will use it, for example “badge printer”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"), choices=ApiToken.Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    lifetime = forms.ChoiceField(label=_("Lifetime"), choices=TOKEN_LIFETIMES, required=False, initial="365")
