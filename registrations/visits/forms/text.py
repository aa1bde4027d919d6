"""The text of confidentiality: written by who runs the visit, agreed to by visitors."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.refusable import Refusable

MOST = 40_000


class TextForm(Refusable, forms.Form):
    """A version of the text."""

    text = forms.CharField(
        label=_("Text"),
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("In French. What visitors keep to themselves, for how long, and towards whom."),
        error_messages={"required": _("Write the text.")},
    )
    text_en = forms.CharField(
        label=_("Text in English"),
        max_length=MOST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("Shown to readers of English; where empty, they read the French one."),
    )


class AgreeForm(Refusable, forms.Form):
    """One's name under the version that was read."""

    hash = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Your first and last name, as a signature"),
        max_length=300,
        error_messages={"required": _("Write your first and last name.")},
    )
    agrees = forms.BooleanField(
        label=_("I have read this text and agree to it."),
        error_messages={"required": _("Tick the box to agree.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
