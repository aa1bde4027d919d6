"""Forms for waiting lists: joining, the organizers' policy, and their actions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.web.forms import ActionErrorsMixin, limit_number
from registrations.booking.join_waiting_list import WaitingRequest
from registrations.models import MAX_OFFER_HOURS, WaitingPolicy

from .forms import LanguageForm, PersonForm


class WaitingRequestForm(ActionErrorsMixin, PersonForm):
    """A request to wait for a ticket."""

    language = LanguageForm.base_fields["language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].error_messages["required"] = _("Enter the e-mail address for the offer.")

    def build_request(self) -> WaitingRequest:
        return WaitingRequest(**self.cleaned_data)


class WaitingPolicyForm(forms.ModelForm[WaitingPolicy]):
    """The longest time an offer stays open."""

    class Meta:
        model = WaitingPolicy
        fields = ("offer_hours",)
        help_texts = {
            "offer_hours": _(
                "Offers get shorter as the event approaches: they last at most a quarter of the time left."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit_number(self.fields["offer_hours"], at_least=1, at_most=MAX_OFFER_HOURS)


class WaitingActionForm(forms.Form):
    """An organizer's action on a waiting entry, with its reason."""

    action = forms.ChoiceField(
        choices=[(action, action) for action in ("offer", "pause", "resume", "remove")]
    )
    reason = forms.CharField(required=False, max_length=300)
