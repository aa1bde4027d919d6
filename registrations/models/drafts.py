"""Registrations that were begun and not finished, as far as they were typed."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from convention.backup.rules import LEFT_OUT, BackupRule
from convention.events.models import Event


class RegistrationDraft(models.Model):
    """What was typed so far; its token stands in the visitor's session, `size` is in bytes.

    The content is JSON as text: PostgreSQL's own type takes no NUL, which people can send.
    """

    BACKUP_RULE: ClassVar[BackupRule] = LEFT_OUT

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
