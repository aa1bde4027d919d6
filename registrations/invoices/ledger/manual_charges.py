"""Receivables that the treasurer enters by hand, without an order, such as the rent of a hall."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from registrations.invoices.models import Charge, Receivable

from .charges import (
    Buyer,
    ChargeItem,
    InvalidCharge,
    lock_receivable,
    record_charges,
    replace_charges,
    validate_item,
)

# Prefix of the keys of such charges.
MANUAL_KEY_PREFIX = "hand-"


def record_manual_charges(
    *, idempotency_key: str, buyer: Buyer, items: Sequence[ChargeItem], **receivable_fields: Any
) -> Receivable:
    """Create a receivable for these items; the same idempotency key returns the same one.

    `receivable_fields` are those of `record_charges`. Raise InvalidCharge.
    """
    if not items:
        raise InvalidCharge(_("Enter at least one line."))
    return record_charges(
        reference=derive_manual_reference(idempotency_key), buyer=buyer, items=items, **receivable_fields
    )


@transaction.atomic
def replace_manual_charges(*, receivable: Receivable, items: Sequence[ChargeItem]) -> Receivable:
    """Make the receivable owe exactly these items. Raise InvalidCharge.

    Items invoiced before are credited separately.
    """
    receivable = lock_receivable(receivable)
    replace_charges(receivable, {line.key: validate_item(line) for line in items})
    return receivable


def has_manual_charges(receivable: Receivable) -> bool:
    return find_manual_charges().filter(receivable=receivable).exists()


def find_manual_charges() -> QuerySet[Charge]:
    return Charge.objects.filter(key__startswith=MANUAL_KEY_PREFIX)


def derive_manual_reference(key: str) -> str:
    """Return `H` and nine characters of base 32; references of orders have eight in all."""
    # Derived from the key, so that sending the form twice finds the same receivable. Base 32 is easy to type.
    return "H" + base64.b32encode(hashlib.sha256(key.encode()).digest()).decode()[:9]
