"""Reasons for a lower price: as data, as JSON of a registration, and in words."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from convention.text.dates import format_deadline


@dataclass(frozen=True, slots=True)
class Reduction:
    """An amount off in cents, with its reason.

    `early` and `quotation` end at `until`; the others are a `code`, a `pass` and an `organizer`.
    """

    reason: str
    amount: int
    until: datetime.datetime | None = None
    code: str = ""
    percent: int | None = None

    def describe_reason(self, zone: datetime.tzinfo) -> str:
        """Return the reason in words, in the current language."""
        if self.reason == "early" and self.until:
            return _("early-bird price, until %(day)s") % {"day": format_deadline(self.until, zone)}
        if self.reason == "quotation" and self.until:
            return _("price of the quotation, valid until %(day)s") % {
                "day": format_deadline(self.until, zone)
            }
        if self.reason == "organizer":
            return _("price agreed with the organizer")
        if self.reason == "pass":
            return _("included in the company’s membership")
        if self.percent is not None:
            return _("code %(code)s: %(percent)d%% off") % {"code": self.code, "percent": self.percent}
        return _("code %(code)s") % {"code": self.code}


# Not the code: it lowers prices for anyone who reads it, and backups encrypt only the voucher's column.
STORED_FIELDS = ("reason", "amount", "until", "percent")


def serialize_reductions(reductions: Iterable[Reduction]) -> list[dict[str, Any]]:
    """Return them as plain data to store: without empty values, and without the voucher's code."""
    return [
        {
            name: value.isoformat() if isinstance(value, datetime.datetime) else value
            for name in STORED_FIELDS
            if (value := getattr(reduction, name)) not in (None, "")
        }
        for reduction in reductions
    ]


def parse_reductions(stored: list[dict[str, Any]], *, code: str = "") -> list[Reduction]:
    """Return stored reductions; `code` is that of the registration's voucher."""
    return [
        Reduction(
            reason=item["reason"],
            amount=item["amount"],
            until=datetime.datetime.fromisoformat(item["until"]) if "until" in item else None,
            code=code if item["reason"] == "code" else "",
            percent=item.get("percent"),
        )
        for item in stored
    ]
