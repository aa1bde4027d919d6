"""The note about an attendee."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registrations.models import Registration

MAX_NOTE_LENGTH = 500


class StaffNote(models.Model):
    """A note about an attendee for organizers and the staff on site; the attendee does not see it there."""

    registration = models.OneToOneField(Registration, models.CASCADE, related_name="staff_note")
    text = models.CharField(_("note"), max_length=MAX_NOTE_LENGTH)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("note for staff")
        verbose_name_plural = _("notes for staff")

    def __str__(self) -> str:
        return f"{self.registration}: {self.text}"
