"""The app of notes about attendees."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class NotesConfig(AppConfig):
    name = "registrations.notes"
    label = "notes"
    verbose_name = _("Notes about attendees")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.transfer_listeners.register("registrations.notes.staff_notes.delete_staff_note")
