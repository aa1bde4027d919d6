"""Forms about the host's contacts, and on the host's own pages."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from convention.rich_text.sanitize import MAX_MARKDOWN_CHARS
from convention.text.languages import LANGUAGE_CHOICES
from convention.web.forms import ActionErrorsMixin
from registrations.visits.models import Visit


class HostContactForm(ActionErrorsMixin, forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Enter the name.")})
    email = forms.EmailField(
        label=_("E-mail"), error_messages={"required": _("Enter the e-mail address for the link.")}
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES, initial="fr")


class HostEmailForm(forms.Form):
    """The address that a sign-in link is sent to."""

    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Enter your e-mail address.")},
    )


class AcknowledgementForm(ActionErrorsMixin, forms.Form):
    """The name of the person who confirms the receipt of the list."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )


class BriefingForm(forms.ModelForm[Visit]):
    """The safety briefing in both languages."""

    class Meta:
        model = Visit
        fields = ("briefing", "briefing_en")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.fields[name].widget.attrs["rows"] = 8
            self.fields[name].validators.append(MaxLengthValidator(MAX_MARKDOWN_CHARS))
