"""Waiting for a ticket, and how long an offer lasts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.club.forms import Refusable

from ..join_waiting import Wish
from ..models import WaitingPolicy
from .register import LanguageForm, PersonForm


class WaitForm(Refusable, PersonForm):
    """Who wants to wait, and in which language the mails come."""

    language = LanguageForm.base_fields["language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].error_messages["required"] = _("Write the address that gets the offer.")

    def wish(self) -> Wish:
        """What the act needs."""
        return Wish(**self.cleaned_data)


class PolicyForm(forms.ModelForm[WaitingPolicy]):
    """How long an offer lasts."""

    class Meta:
        model = WaitingPolicy
        fields = ("offer_hours",)
        help_texts = {
            "offer_hours": _("Shorter as the event comes near: at most a quarter of the time that is left."),
        }


class ByHandForm(forms.Form):
    """What is done with one who waits, and why."""

    act = forms.ChoiceField(choices=[(act, act) for act in ("offer", "hold", "let", "remove")])
    reason = forms.CharField(required=False, max_length=300)
