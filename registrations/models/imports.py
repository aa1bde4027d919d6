"""Imports of lists, the values needed to undo them, and pairs of registrations that are no duplicates."""

import datetime
from typing import Final

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event

from .registrations import Registration

# How long former values are stored, and an import can be undone.
UNDO_PERIOD: Final = datetime.timedelta(days=30)


class ImportRun(models.Model):
    """One imported list; `mapping` is the field that each of its headings was read as."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="imports")
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    mapping = models.JSONField(default=dict)
    imported_at = models.DateTimeField(_("imported"), default=timezone.now)
    created_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(_("undone"), null=True, editable=False)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name or f"#{self.pk}"

    @property
    def can_be_undone(self) -> bool:
        """Return whether it changed anything, was not undone, and its former values are still stored."""
        is_recent = timezone.now() < self.imported_at + UNDO_PERIOD
        return self.undone_at is None and is_recent and bool(self.created_count or self.changed_count)


class ImportedRow(models.Model):
    """The values of one registration before an import (null if the import created it) and after."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows")
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="+")
    values_before = models.JSONField(null=True)
    values_after = models.JSONField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.run}: {self.registration_id}"


class DismissedDuplicate(models.Model):
    """Two registrations that an organizer found to be two people; `registration` has the lower id."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="+")
    other_registration = models.ForeignKey(Registration, models.CASCADE, related_name="+")
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    dismissed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "other_registration"], name="pair_looked_at_once")
        ]

    def __str__(self) -> str:
        return f"{self.registration_id}, {self.other_registration_id}"
