"""What people and the privacy desk fill in."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.refusable import Refusable

from .models import Case


class ForgetForm(forms.Form):
    """One's own request to be forgotten."""

    is_sure = forms.BooleanField(
        label=_("I understand that my registrations, roles and seats end, and that this cannot be undone.")
    )


class NoteForm(Refusable, forms.Form):
    """A request that came by letter or mail."""

    email = forms.EmailField(
        label=_("E-mail"), help_text=_("The address that the request is about, proven to be theirs.")
    )
    kind = forms.ChoiceField(
        label=_("What they ask for"), choices=Case.Kind.choices, widget=forms.RadioSelect
    )
    language = forms.ChoiceField(label=_("Language of the answer"), choices=settings.LANGUAGES)


class EraseForm(forms.Form):
    """The last word before an erasure."""

    is_sure = forms.BooleanField(label=_("I have checked who asks, and what will go. It cannot be undone."))


class RefuseForm(Refusable, forms.Form):
    """Why not."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("The person reads it in an e-mail.")
    )


class DaysForm(Refusable, forms.Form):
    """For how many days one kind of data is kept."""

    days = forms.IntegerField(label=_("Days"), min_value=0, max_value=36_500)


class TextForm(Refusable, forms.Form):
    """Another version of what people agree to."""

    text = forms.CharField(label=_("Text"), max_length=3000, widget=forms.Textarea(attrs={"rows": 5}))
    text_en = forms.CharField(
        label=_("Text in English"), max_length=3000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
