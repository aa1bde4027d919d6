"""The forms of a publication and of restoring a version."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PublicationForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the version"),
        required=False,
        max_length=200,
        help_text=_("Shown on pages and printed sheets. Leave empty to use the version number."),
    )
    note = forms.CharField(
        label=_("What changed, in a sentence"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Shown with the public list of changes, and in the e-mails."),
    )
    is_silent = forms.BooleanField(label=_("Publish without notifying anyone"), required=False)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=50)


class RestorationForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
