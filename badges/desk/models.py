"""Notes of the desk staff and the badges they printed."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registrations.models import Registration

MAX_NOTE_LENGTH = 500


class StaffNote(models.Model):
    """A note about a guest that the staff on site reads; the guest does not."""

    registration = models.OneToOneField(Registration, models.CASCADE, related_name="staff_note")
    text = models.CharField(_("note"), max_length=MAX_NOTE_LENGTH)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("note of the desk")
        verbose_name_plural = _("notes of the desk")

    def __str__(self) -> str:
        return f"{self.registration}: {self.text}"


class BadgePrint(models.Model):
    """One badge printed at the desk; `reason` is empty for the first print of a badge version."""

    class Reason(models.TextChoices):
        LOST = "lost", pgettext_lazy("badge", "lost or left at home")
        DAMAGED = "damaged", pgettext_lazy("badge", "damaged")
        CORRECTED = "corrected", _("name or company corrected")
        PRINTER = "printer", _("the printer failed")

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="badge_prints")
    badge_version = models.PositiveIntegerField()
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices, blank=True)
    printed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    printed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("printed badge")
        verbose_name_plural = _("printed badges")
        ordering = ["-printed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.registration} #{self.badge_version}"
