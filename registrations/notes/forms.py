"""The form of the note about an attendee."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.models import Registration

from .models import MAX_NOTE_LENGTH


class StaffNoteForm(forms.Form):
    """The note about an attendee; empty removes it."""

    text = forms.CharField(
        label=_("Note for staff"),
        required=False,
        max_length=MAX_NOTE_LENGTH,
        help_text=_(
            "Organizers see it, and so do the desk and scanners at check-in. The attendee does not see it, "
            "but can ask to read it."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @classmethod
    def from_registration(cls, registration: Registration) -> "StaffNoteForm":
        """Return the form filled with the current note."""
        note = getattr(registration, "staff_note", None)
        return cls(initial={"text": note.text if note else ""})
