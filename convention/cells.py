"""What a cell of a list says: yes or no, a day, an address; and what no cell may say. Pure."""

import datetime
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from django.utils.translation import gettext as _

YES: Final = frozenset({"yes", "y", "oui", "o", "true", "vrai", "1", "x", "ok", "✓", "✔", "☑", "☒"})
NO: Final = frozenset({"no", "n", "non", "false", "faux", "0", "-", "–", "☐"})
DAYS: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d.%m.%y", "%Y/%m/%d")
MAX_DAY_CHARS: Final = 100
FIRST_DAY: Final = datetime.date(1899, 12, 30)
SERIAL = re.compile(r"[2-7]\d{4}(?:\.0+)?")
"""A day as spreadsheets count them, from 1954 to 2118: what is left of it in a cell without a format."""
CLOCK = re.compile(r"[T\s]+\d{1,2}[:h]\d{2}(:\d{2}(\.\d+)?)?Z?$")
ADDRESS = re.compile(r"(?:[^<>]*<\s*)?(?:mailto:)?([^<>\s;,]+)(?:\s*>)?[;,\s]*", re.I)
FAILED = re.compile(
    r"#(N/?A|REF!|VALUE!|VALEUR!|NAME\?|NOM\?|DIV/0!|NULL!|NUL!|NUM!|NOMBRE!|SPILL!|CALC!)", re.I
)
"""What a spreadsheet writes where a formula came to nothing."""


def day_of(text: str) -> datetime.date | None:
    """The day that a cell says, as 2027-01-31, 31/01/2027 or the number that spreadsheets count it by."""
    if len(text) > MAX_DAY_CHARS:
        return None
    plain = CLOCK.sub("", text.strip())
    if SERIAL.fullmatch(plain):
        return FIRST_DAY + datetime.timedelta(days=int(float(plain)))
    for form in DAYS:
        with suppress(ValueError):
            return datetime.datetime.strptime(plain, form).date()  # noqa: DTZ007 - a day has no zone
    return None


def address_of(text: str) -> str:
    """The address in what mail programs and spreadsheets put around it: `Zoé Müller <zoe@x.example>;`."""
    found = ADDRESS.fullmatch(text)
    return found[1] if found and "@" in found[1] else text


def about_cells(values: Mapping[str, str]) -> Iterator[str]:
    """What speaks against cells, whatever their columns are."""
    for text in dict.fromkeys(values.values()):
        if FAILED.fullmatch(text):
            sentence = _("A cell says “%(text)s”: its formula came to nothing. Write what it should say.")
            yield sentence % {"text": text}
