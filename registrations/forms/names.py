"""The short name by which lists, links and programs know what an organizer sells or asks."""

from collections.abc import Container
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.short_names import short_name


class ShortName(forms.SlugField):
    """Small letters, digits and hyphens; left empty, it is made of the name."""

    def __init__(self, **kwargs: Any) -> None:
        told = _("How lists and other programs name it. Empty: made of the name.")
        super().__init__(label=_("Short name"), max_length=50, required=False, help_text=told, **kwargs)


def chosen_name(form: forms.ModelForm[Any], words: str, taken: Container[str]) -> str:
    """What the form's `slug` says, else what it was, else one of the words. Raises ValidationError."""
    slug = str(form.cleaned_data["slug"] or form.instance.slug)
    if slug in taken:
        raise forms.ValidationError(_("This short name is taken; choose another one."))
    return slug or short_name(words, taken=taken, or_else=form._meta.model._meta.model_name or "one")
