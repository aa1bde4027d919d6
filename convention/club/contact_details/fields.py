"""Form fields of a phone number and an internal note."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.text.phone_numbers import normalize_phone

MAX_NOTE_LENGTH: Final = 10_000


class PhoneInput(forms.TextInput):
    """A text input for which phones show their keypad."""

    input_type = "tel"


class PhoneField(forms.CharField):
    """A phone number as typed, with plain spaces; the model's validator checks it."""

    widget = PhoneInput

    def to_python(self, value: Any) -> Any:
        return normalize_phone(super().to_python(value) or "")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Return the attributes of the input: browsers must not fill in the secretary's own number."""
        return {**super().widget_attrs(widget), "autocomplete": "off"}


class NoteField(forms.CharField):
    """An internal note of several lines."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["help_text"] = kwargs.get("help_text") or _("For the secretary and administrators.")
        kwargs["widget"] = forms.Textarea(attrs={"rows": 4})
        super().__init__(**{**kwargs, "max_length": MAX_NOTE_LENGTH})

    def to_python(self, value: Any) -> Any:
        """Return the text with the line ends of stored notes: browsers send others for the same note."""
        return str(super().to_python(value) or "").replace("\r\n", "\n")
