"""Printed files of a programme."""

import datetime
from typing import Any, ClassVar, Final, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.backup.rules import EXCLUDED_FROM_BACKUP, BackupRule
from convention.club.models import Person
from convention.events.models import Event
from convention.jobs.models import get_job_storage

from .versions import ScheduleVersion

# A print without a file after this time has lost its task; it can be requested again.
OPEN_PRINT_LIFETIME: Final = datetime.timedelta(hours=1)


class AgendaPrintQuerySet(models.QuerySet["AgendaPrint"]):
    def finished(self) -> Self:
        """Return the prints with a file."""
        return self.filter(finished_at__isnull=False, error="").exclude(file="")


class AgendaPrint(models.Model):
    """One printed file: its options, and the state of the programme that it shows.

    Backups leave it out: it can be made again at any time.
    """

    BACKUP_RULE: ClassVar[BackupRule] = EXCLUDED_FROM_BACKUP

    class State(models.TextChoices):
        """The state of a print, derived from its columns."""

        WAITING = "waiting", _("waiting")
        DONE = "done", pgettext_lazy("print", "ready")
        FAILED = "failed", pgettext_lazy("print", "failed")

    event = models.ForeignKey(Event, models.CASCADE, related_name="agenda_prints")
    kind = models.CharField(max_length=20)
    # PrintOptions as JSON, and its hash.
    options: Any = models.JSONField(default=dict)
    options_key = models.CharField(max_length=32)
    # Changes with everything that is printed (`fingerprint_printed_content`).
    fingerprint = models.CharField(max_length=32)
    version = models.ForeignKey(ScheduleVersion, models.SET_NULL, null=True, related_name="+")
    requested_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    page_count = models.PositiveIntegerField(default=0)
    # Pages of a booklet by depth; only of the kind “depths”, which has no file.
    page_counts: Any = models.JSONField(default=dict)
    byte_count = models.PositiveIntegerField(default=0)
    file = models.FileField(upload_to="prints/", storage=get_job_storage, blank=True)

    objects = AgendaPrintQuerySet.as_manager()

    class Meta:
        verbose_name = _("printed file")
        verbose_name_plural = _("printed files")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "options_key", "fingerprint"], name="print_once_per_state"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.kind} #{self.pk}"

    @property
    def state(self) -> State:
        if self.finished_at is None:
            return self.State.WAITING
        return self.State.FAILED if self.error else self.State.DONE

    @property
    def is_lost(self) -> bool:
        """Return whether it waits for longer than any task takes."""
        return self.finished_at is None and self.created_at < timezone.now() - OPEN_PRINT_LIFETIME
