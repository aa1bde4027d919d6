"""Apply the rules of organizers' forms to what programs send, so that each rule exists once."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from convention.errors import InvalidFields


def limit_form[Form: forms.ModelForm[Any]](form: Form, names: Collection[str]) -> Form:
    """Return the form without the fields that a program did not send: they keep their values."""
    for name in [name for name in form.fields if name not in names]:
        del form.fields[name]
    return form


def check_forms(*checked: forms.ModelForm[Any], members: Mapping[str, str]) -> None:
    """Raise InvalidFields if a form is not valid; `members` are the members of the body by form field."""
    errors = {
        members.get(name, name): [str(sentence) for sentence in sentences]
        for form in checked
        for name, sentences in form.errors.items()
    }
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
