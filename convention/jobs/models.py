"""One job: who asked for what, how far it is, and what came of it."""

import datetime
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.backup.rules import LEFT_OUT, BackupRule
from convention.events.models import Event

SILENT: Final = datetime.timedelta(minutes=3)
"""A job under way that says nothing for longer was interrupted; the queue takes it up again."""


class Job(models.Model):
    """`kind` names the work in `hooks.job_kinds`; `argument` and `given` are for it; `title` is for people.

    A job without an event is the whole club's: its administrators see it. Its file may hold the codes of
    badges, so no backup has it: whoever asked for it asks again.
    """

    BACKUP_RULE: ClassVar[BackupRule] = LEFT_OUT

    class State(models.TextChoices):
        """Where a job stands; derived from its moments."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        INTERRUPTED = "interrupted", _("interrupted")
        DONE = "done", _("done")
        REFUSED = "refused", _("not possible")

    event = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    language = models.CharField(max_length=5)
    argument = models.CharField(max_length=60, blank=True)
    given = models.TextField(blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    errors = models.JSONField(default=list)
    file = models.FileField(upload_to="jobs/")
    file_name = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def of_event(self) -> Event:
        """The event of a job that has one, as every kind but those of the club does."""
        assert self.event is not None
        return self.event

    @property
    def state(self) -> State:
        """Where it stands now."""
        if self.finished_at:
            return self.State.REFUSED if self.errors else self.State.DONE
        if self.seen_at is None:
            return self.State.WAITING
        is_silent = timezone.now() - self.seen_at > SILENT
        return self.State.INTERRUPTED if is_silent else self.State.RUNNING
