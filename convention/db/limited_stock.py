"""Stock with a limit: counters that are only ever changed by one conditional statement."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

# A check constraint of every table with limited stock.
WITHIN_CAPACITY = Q(capacity__isnull=True) | Q(reserved__lte=F("capacity"))


class LimitedStock(models.Model):
    """A counted stock with a capacity; `save` must not write `reserved` (`exclude_from_save`).

    Subclasses have a `title` for messages and a LOCK_ORDER. All code locks rows in that order, so that
    transactions do not deadlock; the most contended rows come last and are locked for the shortest time.
    """

    LOCK_ORDER: ClassVar[int]
    title: Any

    capacity = models.PositiveIntegerField(_("places"), null=True, blank=True)
    reserved = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def remaining(self) -> int | None:
        """Return the places left; None if there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.reserved)


def reserve_stock[Row: LimitedStock](quantities: Mapping[Row, int]) -> Row | None:
    """Reserve stock, one statement for each row in lock order; return the first row with too little left.

    If a row is returned, the caller must roll back. The rows stay locked until the transaction ends.
    """
    # One order for all transactions, or two of them could wait for each other's rows.
    for row in sorted(quantities, key=lambda row: (row.LOCK_ORDER, row.pk)):
        quantity = quantities[row]
        has_enough = Q(capacity__isnull=True) | Q(capacity__gte=F("reserved") + quantity)
        rows = type(row)._default_manager.filter(has_enough, pk=row.pk)
        # Checked and counted in one statement, so that no two requests can take the last place.
        if not rows.update(reserved=F("reserved") + quantity):
            return row
    return None


def release_stock[Row: LimitedStock](quantities: Mapping[Row, int]) -> None:
    """Release stock in lock order; counters never go below zero."""
    for row in sorted(quantities, key=lambda row: (row.LOCK_ORDER, row.pk)):
        released = quantities[row]
        rows = type(row)._default_manager.filter(pk=row.pk)
        rows.update(reserved=Greatest(F("reserved"), released) - released)


def exclude_from_save(*counters: str, row: models.Model, save_arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `save` with all columns but the counters, unless columns are given."""
    if (
        row._state.adding
        or save_arguments.get("update_fields") is not None
        or save_arguments.get("force_insert")
    ):
        return save_arguments
    names = [field.name for field in row._meta.concrete_fields if not field.primary_key]
    return save_arguments | {"update_fields": [name for name in names if name not in counters]}
