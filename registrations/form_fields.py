"""Form fields that organizers' forms share."""

from collections.abc import Container
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.text.normalize import make_unique_slug


class ShortNameField(forms.SlugField):
    """A slug; left empty, it is made from the name."""

    def __init__(self, **kwargs: Any) -> None:
        help_text = _("Used in lists and by other software. Leave empty to have it created automatically.")
        super().__init__(label=_("Short name"), max_length=50, required=False, help_text=help_text, **kwargs)


def clean_short_name(form: forms.ModelForm[Any], words: str, taken: Container[str]) -> str:
    """Return the form's slug, the stored one, or one made from `words`. Raise ValidationError if taken."""
    slug = str(form.cleaned_data["slug"] or form.instance.slug)
    if slug in taken:
        raise forms.ValidationError(_("This short name is already in use. Choose another one."))
    return slug or make_unique_slug(words, taken=taken, fallback=form._meta.model._meta.model_name or "one")


class ReasonForm(forms.Form):
    """The reason for an organizer's action, stored in the audit trail."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)


class ChangeReasonForm(ReasonForm):
    """The reason for changing what somebody chose or answered."""

    reason = forms.CharField(label=_("Reason for the change"), required=False, max_length=300)
