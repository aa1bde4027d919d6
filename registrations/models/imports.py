"""Imports of lists: what each made and changed, to undo it; and pairs that are no duplicates."""

import datetime
from typing import Final

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event

from .registrations import Registration

UNDO_LASTS: Final = datetime.timedelta(days=30)
"""How long former values are kept, and an import can be undone."""


class ImportRun(models.Model):
    """One list that was imported; `mapping` is what each of its headings stood for."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="imports")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    mapping = models.JSONField(default=dict)
    made_at = models.DateTimeField(_("imported"), default=timezone.now)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(_("undone"), null=True, editable=False)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name or f"#{self.pk}"

    @property
    def may_be_undone(self) -> bool:
        """Whether it changed anything, its former values are kept still, and it was not undone."""
        is_recent = timezone.now() < self.made_at + UNDO_LASTS
        return self.undone_at is None and is_recent and bool(self.new or self.changed)


class ImportedRow(models.Model):
    """What an import wrote about one registration: values before, none where it made it, and after."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows")
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="+")
    before = models.JSONField(null=True)
    after = models.JSONField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.run}: {self.registration_id}"


class NotDuplicate(models.Model):
    """Two registrations that somebody looked at and found to be two people; `one` has the lower id."""

    one = models.ForeignKey(Registration, models.CASCADE, related_name="+")
    other = models.ForeignKey(Registration, models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="pair_looked_at_once")]

    def __str__(self) -> str:
        return f"{self.one_id}, {self.other_id}"
