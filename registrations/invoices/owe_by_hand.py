"""Owe by hand: the treasurer notes what somebody owes that no order stands for, such as a room let."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from .models import Receivable
from .owe import BadCharge, Buyer, Owed, checked, locked, owe, replace_charges

BY_HAND = "hand-"
"""What the keys of such lines begin with."""


def owe_by_hand(*, key: str, buyer: Buyer, lines: Sequence[Owed], **about: Any) -> Receivable:
    """Note it under a reference of its own; the same key gives the same one again. Raises BadCharge.

    `about` is as for `owe`.
    """
    if not lines:
        raise BadCharge(_("Write at least one line."))
    return owe(reference=_reference_for(key), buyer=buyer, charges=lines, **about)


@transaction.atomic
def change_lines(*, receivable: Receivable, lines: Sequence[Owed]) -> Receivable:
    """Let the buyer owe these lines and no others; what was invoiced already is credited apart.

    Raises BadCharge.
    """
    receivable = locked(receivable)
    replace_charges(receivable, {line.key: checked(line) for line in lines})
    return receivable


def is_by_hand(receivable: Receivable) -> bool:
    """Whether its lines were written by hand."""
    return receivable.charges.filter(key__startswith=BY_HAND).exists()


def _reference_for(key: str) -> str:
    """Ten letters and digits that are hard to confuse; an order has eight."""
    return "H" + base64.b32encode(hashlib.sha256(key.encode()).digest()).decode()[:9]
