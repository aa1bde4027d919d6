"""Compare e-mail addresses exactly, but for the case of ASCII letters.

A database that folds Unicode takes boss@fırm.example for boss@firm.example, and Python’s casefold takes
boſs@firm.example for it: these are other mailboxes, which an attacker can own.
"""

from typing import Any

from django.db import models

ASCII_LOWERCASE = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def normalize_email(address: str) -> str:
    """Return the form that all spellings of one address share."""
    return address.translate(ASCII_LOWERCASE)


def is_same_email(one: str | None, other: str | None) -> bool:
    """Return whether both are one address; None and "" equal nothing."""
    return bool(one and other) and normalize_email(one or "") == normalize_email(other or "")


def filter_by_email[Row: models.Model](rows: "models.QuerySet[Row]", address: str) -> list[Row]:
    """Return the rows whose `email` is this address."""
    # `iexact` finds candidates by index; databases fold more than ASCII, so Python decides.
    candidate_rows: list[Any] = list(rows.filter(email__iexact=address))
    return [row for row in candidate_rows if is_same_email(row.email, address)]
