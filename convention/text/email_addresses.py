"""Compare e-mail addresses exactly, but for the case of ASCII letters.

A database that folds Unicode takes boss@fırm.example for boss@firm.example, and Python’s casefold takes
boſs@firm.example for it: these are other mailboxes, which an attacker can own.
"""

from typing import Any, Final

from django.db import models

# Addresses at these say nothing about an employer.
PUBLIC_MAIL_DOMAINS: Final = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr live.com live.fr msn.com yahoo.com
    yahoo.fr icloud.com me.com mac.com aol.com proton.me protonmail.com pm.me gmx.com gmx.fr gmx.net web.de
    orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr numericable.fr club-internet.fr
    """.split()
)

ASCII_LOWERCASE = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def normalize_email(address: str) -> str:
    """Return the form that all spellings of one address share."""
    return address.translate(ASCII_LOWERCASE)


def get_employer_domain(address: str) -> str:
    """Return the domain of the address, "" if it belongs to a public mail service."""
    domain = normalize_email(address).rpartition("@")[2]
    return "" if domain in PUBLIC_MAIL_DOMAINS else domain


def is_same_email(one: str | None, other: str | None) -> bool:
    """Return whether both are one address; None and "" equal nothing."""
    return bool(one and other) and normalize_email(one or "") == normalize_email(other or "")


def filter_by_email[Row: models.Model](rows: "models.QuerySet[Row]", address: str) -> list[Row]:
    """Return the rows whose `email` is this address."""
    # `iexact` finds candidates by index; databases fold more than ASCII, so Python decides.
    candidate_rows: list[Any] = list(rows.filter(email__iexact=address))
    return [row for row in candidate_rows if is_same_email(row.email, address)]
