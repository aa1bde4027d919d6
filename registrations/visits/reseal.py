"""Reseal: put what is sealed under the newest key, so that older ones can be taken out of the settings."""

from collections.abc import Iterator
from typing import Any

from django.db import models, transaction

from convention.audit.record import record
from convention.sealed import resealed

from .models import Identity, VisitorList


def reseal() -> int:
    """Reseal every identity and list that an older key sealed, row by row; how many there were.

    May be stopped and begun again. Raises Unsealable where no key opens a row, NoKey.
    """
    changed = 0
    for rows, pk, sealed in _sealed():
        if fresh := resealed(sealed):
            # A visitor who writes anew meanwhile has used the newest key already.
            changed += rows.filter(pk=pk, sealed=bytes(sealed)).update(sealed=fresh)
    with transaction.atomic():
        record("identities.reseal", "visits", fields=["sealed"], reason=f"{changed}")
    return changed


def _sealed() -> Iterator[tuple[models.QuerySet[Any], int, Any]]:
    every: list[models.QuerySet[Any]] = [
        Identity.objects.all(),
        VisitorList.objects.filter(sealed__isnull=False),
    ]
    for rows in every:
        for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
            for sealed in rows.filter(pk=pk).values_list("sealed", flat=True):
                yield rows, pk, sealed
