"""Imports of the directory: what each list made and changed, kept for a while to undo it."""

import datetime
from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .people import Person

UNDO_LASTS: Final = datetime.timedelta(days=30)
"""How long former values are kept, and an import can be undone."""


class DirectoryImport(models.Model):
    """One list of companies and people; `mapping` is what each of its headings stood for.

    `made` holds the keys of new rows by kind, `before` and `after` what changed rows said, by kind and key.
    """

    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    mapping = models.JSONField(default=dict)
    made_at = models.DateTimeField(_("imported"), default=timezone.now)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    made = models.JSONField(default=dict, editable=False)
    before = models.JSONField(default=dict, editable=False)
    after = models.JSONField(default=dict, editable=False)
    undone_at = models.DateTimeField(pgettext_lazy("import", "undone"), null=True, editable=False)
    undone_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("import of the directory")
        verbose_name_plural = _("imports of the directory")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name or f"#{self.pk}"

    @property
    def weight(self) -> int:
        """How many rows it made or changed: what undoing it has to go through."""
        return sum(map(len, (*self.made.values(), *self.before.values())))

    @property
    def may_be_undone(self) -> bool:
        """Whether it wrote anything, what it wrote is kept still, and it was not undone."""
        is_recent = timezone.now() < self.made_at + UNDO_LASTS
        return self.undone_at is None and is_recent and bool(self.made or self.before)
