"""Directory imports, with what is needed to undo them."""

import datetime
from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .people import Person

# Old values are stored and an import can be undone for this long.
UNDO_PERIOD: Final = datetime.timedelta(days=30)


class DirectoryImport(models.Model):
    """One imported list of companies and people; `mapping` has the chosen field of each heading.

    `created_keys` holds the keys of new rows by kind; `values_before` and `values_after` hold the changed
    columns of changed rows, by kind and key.
    """

    imported_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    mapping = models.JSONField(default=dict)
    imported_at = models.DateTimeField(_("imported"), default=timezone.now)
    created_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    created_keys = models.JSONField(default=dict, editable=False)
    values_before = models.JSONField(default=dict, editable=False)
    values_after = models.JSONField(default=dict, editable=False)
    undone_at = models.DateTimeField(pgettext_lazy("import", "undone"), null=True, editable=False)
    undone_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("import of the directory")
        verbose_name_plural = _("imports of the directory")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name or f"#{self.pk}"

    @property
    def affected_row_count(self) -> int:
        """Return how many rows were created or changed."""
        return sum(map(len, (*self.created_keys.values(), *self.values_before.values())))

    @property
    def can_be_undone(self) -> bool:
        """Return whether the import wrote something, is recent enough and was not undone."""
        is_recent = timezone.now() < self.imported_at + UNDO_PERIOD
        return self.undone_at is None and is_recent and bool(self.created_keys or self.values_before)
