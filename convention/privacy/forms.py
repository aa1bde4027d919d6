"""Forms of people and of the privacy desk."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.web.forms import ActionErrorsMixin

from .models import PrivacyCase


class ErasureRequestForm(forms.Form):
    """A person's own request to be erased."""

    is_sure = forms.BooleanField(
        label=_("I understand that my registrations, roles and seats end, and that this cannot be undone.")
    )


class CaseCreateForm(ActionErrorsMixin, forms.Form):
    """A request that came by letter or e-mail."""

    email = forms.EmailField(
        label=_("E-mail"), help_text=_("The address that the request is about, proven to be theirs.")
    )
    kind = forms.ChoiceField(
        label=_("What they ask for"), choices=PrivacyCase.Kind.choices, widget=forms.RadioSelect
    )
    language = forms.ChoiceField(label=_("Language of the answer"), choices=settings.LANGUAGES)


class ErasureConfirmForm(forms.Form):
    """The confirmation of an erasure."""

    is_sure = forms.BooleanField(label=_("I have checked who asks, and what will go. It cannot be undone."))


class CaseRefusalForm(ActionErrorsMixin, forms.Form):
    """The reason of a refusal."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("The person reads it in an e-mail.")
    )


class RetentionDaysForm(ActionErrorsMixin, forms.Form):
    days = forms.IntegerField(label=_("Days"), min_value=0, max_value=36_500)


class PurposeTextForm(ActionErrorsMixin, forms.Form):
    """Another version of a consent text."""

    text = forms.CharField(label=_("Text"), max_length=3000, widget=forms.Textarea(attrs={"rows": 5}))
    text_en = forms.CharField(
        label=_("Text in English"), max_length=3000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
