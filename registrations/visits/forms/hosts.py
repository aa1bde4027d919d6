"""What is typed about a host's people, and by them."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.refusable import Refusable

from ..models import Visit


class HostContactForm(Refusable, forms.Form):
    """Somebody at the host's."""

    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Write the name.")})
    email = forms.EmailField(
        label=_("E-mail"), error_messages={"required": _("Write the address that gets the link.")}
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, initial="fr")


class HostEmailForm(forms.Form):
    """The address that gets a link."""

    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Write your address.")},
    )


class AcknowledgeForm(Refusable, forms.Form):
    """Who says that the list arrived."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Write your name.")},
    )


class ReplacementForm(Refusable, forms.Form):
    """Who comes instead, by the address with which the club knows them."""

    email = forms.EmailField(
        label=_("E-mail of who comes instead"),
        help_text=_("A member: somebody with a seat of a member company on the day of the visit."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Write the address.")},
    )


class BriefingForm(forms.ModelForm[Visit]):
    """What visitors must know of safety on the site."""

    class Meta:
        model = Visit
        fields = ("briefing", "briefing_en")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.fields[name].widget.attrs["rows"] = 8
