"""Re-encrypt identities and lists with the newest key, so that older keys can be removed."""

from collections.abc import Iterator
from typing import Any

from django.db import models, transaction

from convention.audit.record import record_action
from convention.codes.encryption import reencrypt_value
from registrations.visits.models import Identity, VisitorList


def reencrypt_rows() -> int:
    """Re-encrypt the rows that an older key encrypted, one by one; return how many there were.

    It may be interrupted and started again. Raise DecryptionFailed if no key decrypts a row, or
    MissingEncryptionKey.
    """
    changed = 0
    for rows, pk, old_data in _iterate_encrypted_rows():
        if new_data := reencrypt_value(old_data):
            # Conditional on the old value: a visitor who saved again meanwhile used the newest key already.
            changed += rows.filter(pk=pk, encrypted_data=bytes(old_data)).update(encrypted_data=new_data)
    with transaction.atomic():
        record_action("identities.reseal", "visits", fields=["encrypted_data"], reason=f"{changed}")
    return changed


def _iterate_encrypted_rows() -> Iterator[tuple[models.QuerySet[Any], int, Any]]:
    querysets: list[models.QuerySet[Any]] = [
        Identity.objects.all(),
        VisitorList.objects.filter(encrypted_data__isnull=False),
    ]
    for rows in querysets:
        # Ids first, then one row at a time: rows that are deleted meanwhile are skipped, and no cursor stays
        # open for hours.
        for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
            # At most one row; none if it was purged meanwhile.
            for data in rows.filter(pk=pk).values_list("encrypted_data", flat=True):
                yield rows, pk, data
