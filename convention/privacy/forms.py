"""Forms of people and of privacy requests."""

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.text.languages import LANGUAGE_CHOICES
from convention.web.forms import ActionErrorsMixin

from .models import PrivacyCase


class ErasureRequestForm(forms.Form):
    """A person's own request to be erased."""

    is_sure = forms.BooleanField(
        label=_(
            "I understand that I will lose my registrations, roles and seats, and that this cannot be undone."
        ),
        error_messages={"required": _("Tick the box to confirm.")},
    )


class CaseCreateForm(ActionErrorsMixin, forms.Form):
    """A request that came by letter or e-mail."""

    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("The address the request is about."),
    )
    kind = forms.ChoiceField(
        label=_("Type of request"), choices=PrivacyCase.Kind.choices, widget=forms.RadioSelect
    )
    language = forms.ChoiceField(label=_("Language of the reply"), choices=LANGUAGE_CHOICES)


class ErasureConfirmForm(forms.Form):
    """The confirmation of an erasure."""

    is_sure = forms.BooleanField(
        label=_(
            "I have checked who is asking and what will be erased. I understand that this cannot be undone."
        ),
        error_messages={"required": _("Tick the box to confirm.")},
    )


class CaseLinkForm(forms.Form):
    """The person who sent a request; none if the address alone is known."""

    person = forms.ModelChoiceField(queryset=Person.objects.all(), required=False)


class CaseRefusalForm(ActionErrorsMixin, forms.Form):
    """The reason of a refusal."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("The person receives it by e-mail.")
    )


class RetentionDaysForm(ActionErrorsMixin, forms.Form):
    days = forms.IntegerField(label=_("Days"), min_value=0, max_value=36_500)


class PurposeTextForm(ActionErrorsMixin, forms.Form):
    """Another version of a consent text."""

    text = forms.CharField(label=_("Text"), max_length=3000, widget=forms.Textarea(attrs={"rows": 5}))
    text_en = forms.CharField(
        label=_("Text in English"), max_length=3000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
