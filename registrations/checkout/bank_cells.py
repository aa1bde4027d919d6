"""Amounts and days as banks write them. Each raises ValueError with a sentence."""

import datetime
import re
from decimal import Decimal

from django.utils.translation import gettext as _

from convention import cells

DAYS = (*cells.DAYS, "%d-%m-%y", "%Y%m%d")
FIRST_YEAR, LAST_YEAR = 1990, 2100


def cents_of(text: str) -> int:
    """Cents out of `1 234,56`, `-1.234,56`, `+1,234.56`, `12,00-` or `120 €`."""
    plain = re.sub(r"[\s\u00a0\u202f'’€]|EUR", "", text).replace("\u2212", "-")
    if plain.endswith(("-", "+")):
        plain = plain[-1] + plain[:-1]
    mark = max(plain.rfind(","), plain.rfind("."))
    if mark >= 0 and len(plain) - mark - 1 <= 2:
        whole = re.sub(r"[.,]", "", plain[:mark])
        plain = f"{whole}.{plain[mark + 1 :]}"
    else:
        plain = re.sub(r"[.,]", "", plain)
    if not re.fullmatch(r"[+-]?\d{1,12}(\.\d{0,2})?", plain, re.ASCII):
        raise ValueError(_("“%(text)s” is no amount") % {"text": text[:40]})
    return int(Decimal(plain) * 100)


def day_of(text: str) -> datetime.date:
    """The day, whatever time stands behind it."""
    [said, *_time] = re.split(r"[ T]", text.strip(), maxsplit=1)
    for form in DAYS:
        try:
            day = datetime.datetime.strptime(said, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    raise ValueError(_("“%(text)s” is no date") % {"text": text[:40]})
