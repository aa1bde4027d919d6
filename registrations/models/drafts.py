"""Unfinished registrations, as typed so far."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from convention.backup.rules import EXCLUDED_FROM_BACKUP, BackupRule
from convention.events.models import Event


class RegistrationDraft(models.Model):
    """A visitor's unfinished registration; its token is in their session, `size` is in bytes.

    The content is JSON stored as text, because PostgreSQL's JSON type refuses NUL characters, which people
    can send.
    """

    BACKUP_RULE: ClassVar[BackupRule] = EXCLUDED_FROM_BACKUP

    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    token = models.CharField(max_length=43, unique=True)
    content = models.TextField()
    size = models.PositiveIntegerField(_("size in bytes"))
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("unfinished registration")
        verbose_name_plural = _("unfinished registrations")
        indexes = [models.Index(fields=["changed_at"], name="draft_by_age")]

    def __str__(self) -> str:
        return f"{self.event} #{self.pk}"
