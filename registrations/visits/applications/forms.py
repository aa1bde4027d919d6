"""Forms of applications: adding one; writing a version of the confidentiality terms, and accepting it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.web.forms import ActionErrorsMixin

MAX_NDA_LENGTH = 40_000


class NdaTextForm(ActionErrorsMixin, forms.Form):
    """A new version of the text, in French and in English."""

    text = forms.CharField(
        label=_("Text"),
        max_length=MAX_NDA_LENGTH,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("In French: what visitors must keep confidential, for how long, and from whom."),
        error_messages={"required": _("Enter the text.")},
    )
    text_en = forms.CharField(
        label=_("Text in English"),
        max_length=MAX_NDA_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("Shown on English pages. If empty, the French text is shown."),
    )


class NdaAcceptanceForm(ActionErrorsMixin, forms.Form):
    """The visitor's name as a signature under the version with the hidden hash."""

    hash = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Your first and last name, as a signature"),
        max_length=300,
        error_messages={"required": _("Enter your first and last name.")},
    )
    agrees = forms.BooleanField(
        label=_("I have read and accept these terms"),
        error_messages={"required": _("Tick the box to accept.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # WCAG 2.1, criterion 1.3.5: fields about the user declare their purpose.
        self.fields["name"].widget.attrs["autocomplete"] = "name"


class MemberChoiceForm(ActionErrorsMixin, forms.Form):
    """The address of a member, chosen among the matches of a search or on the waiting list."""

    email = forms.EmailField(
        label="",
        widget=forms.HiddenInput,
        error_messages={"required": _("Choose a person from the search results.")},
    )
