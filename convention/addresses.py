"""Addresses of e-mail, compared exactly but for the capitals of ASCII.

A database that folds Unicode takes boss@fırm.example for boss@firm.example, and Python’s casefold takes
boſs@firm.example for it: other mailboxes, which anybody can own.
"""

from typing import Any

from django.db import models

CAPITALS = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def folded(address: str) -> str:
    """What two spellings of one address have in common, for a key."""
    return address.translate(CAPITALS)


def same(one: str | None, other: str | None) -> bool:
    """Whether both are one address; no address is the same as another."""
    return bool(one and other) and folded(one or "") == folded(other or "")


def having[Row: models.Model](rows: "models.QuerySet[Row]", address: str) -> list[Row]:
    """Those of the rows whose `email` is this address."""
    found: list[Any] = list(rows.filter(email__iexact=address))
    return [row for row in found if same(row.email, address)]
