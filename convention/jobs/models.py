"""The job: who requested it, its progress and its outcome."""

import datetime
from typing import ClassVar, Final

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from convention.backup.rules import EXCLUDED_FROM_BACKUP, BackupRule
from convention.events.models import Event

from .storage import JobFile as JobFile

# A running job without progress for this long was interrupted; the queue runs it again.
INTERRUPTED_AFTER: Final = datetime.timedelta(minutes=3)


def get_job_storage() -> Storage:
    return storages["jobs"]


class Job(models.Model):
    """A background job. `kind` is a name in `hooks.job_kinds`; `argument` and `payload` are its input.

    A job without an event belongs to the whole club and is shown to its secretary and administrators. Its
    file may hold badge codes, so that backups leave it out.
    """

    BACKUP_RULE: ClassVar[BackupRule] = EXCLUDED_FROM_BACKUP

    class State(models.TextChoices):
        """The state of a job, derived from its times."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("in progress")
        INTERRUPTED = "interrupted", _("interrupted")
        DONE = "done", _("done")
        REFUSED = "refused", _("not possible")

    event = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    # In the language of the page on which the job was requested; by language for those who read another.
    title = models.CharField(max_length=300)
    title_translations = models.JSONField(default=dict)
    language = models.CharField(max_length=5)
    argument = models.CharField(max_length=60, blank=True)
    payload = models.TextField(blank=True)
    # In rows or another unit of the job; 0 of 0 until its first report.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    last_reported_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    errors = models.JSONField(default=list)
    file = models.FileField(upload_to="jobs/", storage=get_job_storage)
    file_name = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def translated_title(self) -> str:
        """Return the title in the current language."""
        return self.title_translations.get(get_language(), self.title)

    @property
    def required_event(self) -> Event:
        """Return the event of a job that must have one."""
        assert self.event is not None
        return self.event

    @property
    def state(self) -> State:
        if self.finished_at:
            return self.State.REFUSED if self.errors else self.State.DONE
        if self.last_reported_at is None:
            return self.State.WAITING
        is_silent = timezone.now() - self.last_reported_at > INTERRUPTED_AFTER
        return self.State.INTERRUPTED if is_silent else self.State.RUNNING
