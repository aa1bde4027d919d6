"""Counters: what can run out, and what rises by a statement of its own and is never saved back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

NEVER_TOO_MANY = Q(capacity__isnull=True) | Q(taken__lte=F("capacity"))
"""What the database holds true of everything that can run out."""


class Counted(models.Model):
    """Something that can run out; `taken` is only ever changed by one conditional statement.

    Each class has a `title`, which a sentence can name, and its turn: all lock in this order, so that nobody
    waits in a ring, and what everybody wants is locked last and shortest.
    """

    TURN: ClassVar[int]
    title: Any

    capacity = models.PositiveIntegerField(_("places"), null=True, blank=True)
    taken = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def left(self) -> int | None:
        """Places left; None where there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.taken)


def take_from[Row: Counted](wanted: Mapping[Row, int]) -> Row | None:
    """Take places, one statement for each row, in turn; the first row with too few left, if any.

    The caller's transaction must then be undone. The rows stay locked until it ends.
    """
    for row in sorted(wanted, key=lambda row: (row.TURN, row.pk)):
        number = wanted[row]
        enough = Q(capacity__isnull=True) | Q(capacity__gte=F("taken") + number)
        rows = type(row)._default_manager.filter(enough, pk=row.pk)
        if not rows.update(taken=F("taken") + number):
            return row
    return None


def give_back_to[Row: Counted](freed: Mapping[Row, int]) -> None:
    """Free places, in the same order; never below none taken."""
    for row in sorted(freed, key=lambda row: (row.TURN, row.pk)):
        places = freed[row]
        rows = type(row)._default_manager.filter(pk=row.pk)
        rows.update(taken=Greatest(F("taken"), places) - places)


def all_but(counter: str, *, of: models.Model, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `save` for a row: all columns but the counter, unless columns are named."""
    if of._state.adding or given.get("update_fields") is not None or given.get("force_insert"):
        return given
    names = [field.name for field in of._meta.concrete_fields if not field.primary_key]
    return given | {"update_fields": [name for name in names if name != counter]}
