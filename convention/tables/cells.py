"""Interpret cells of a list: yes or no, dates, addresses; and reject invalid text. No database access."""

import datetime
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from django.utils.translation import gettext as _

YES_WORDS: Final = frozenset({"yes", "y", "oui", "o", "true", "vrai", "1", "x", "ok", "✓", "✔", "☑", "☒"})
NO_WORDS: Final = frozenset({"no", "n", "non", "false", "faux", "0", "-", "–", "☐"})
# Day before month, as in French lists.
DATE_FORMATS: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d.%m.%y", "%Y/%m/%d")
# Longer cells are no dates; patterns and `strptime` would take long for a cell of a megabyte.
MAX_DATE_CHARS: Final = 100
# Two days before 1900-01-01: Excel counts from 1 and treats 1900 as a leap year.
SPREADSHEET_EPOCH: Final = datetime.date(1899, 12, 30)
# A spreadsheet's day number from 1954 to 2118, which remains if a cell lost its date format.
DATE_SERIAL_PATTERN = re.compile(r"[2-7]\d{4}(?:\.0+)?")
# Midnight that a spreadsheet adds to a date.
TIME_SUFFIX_PATTERN = re.compile(r"[T\s]+\d{1,2}[:h]\d{2}(:\d{2}(\.\d+)?)?Z?$")
ADDRESS_PATTERN = re.compile(r"(?:[^<>]*<\s*)?(?:mailto:)?([^<>\s;,]+)(?:\s*>)?[;,\s]*", re.I)
# Texts that spreadsheets show for failed formulas.
FORMULA_ERROR_PATTERN = re.compile(
    r"#(N/?A|REF!|VALUE!|VALEUR!|NAME\?|NOM\?|DIV/0!|NULL!|NUL!|NUM!|NOMBRE!|SPILL!|CALC!)", re.I
)


def parse_date_cell(text: str) -> datetime.date | None:
    """Return the date of a cell: 2027-01-31, 31/01/2027, or a spreadsheet's day number."""
    if len(text) > MAX_DATE_CHARS:
        return None
    date_text = TIME_SUFFIX_PATTERN.sub("", text.strip())
    if DATE_SERIAL_PATTERN.fullmatch(date_text):
        return SPREADSHEET_EPOCH + datetime.timedelta(days=int(float(date_text)))
    for pattern in DATE_FORMATS:
        with suppress(ValueError):
            return datetime.datetime.strptime(date_text, pattern).date()  # noqa: DTZ007 - a day has no zone
    return None


def extract_email_address(text: str) -> str:
    """Return the address in a cell such as `Zoé Müller <zoe@x.example>;`."""
    match = ADDRESS_PATTERN.fullmatch(text)
    # Otherwise unchanged, so that the error shows what was typed.
    return match[1] if match and "@" in match[1] else text


def find_cell_errors(values: Mapping[str, str]) -> Iterator[str]:
    """Yield an error for each text that is invalid in any column."""
    for text in dict.fromkeys(values.values()):
        if FORMULA_ERROR_PATTERN.fullmatch(text):
            sentence = _("A cell contains “%(text)s”, the error of a formula. Enter the value itself.")
            yield sentence % {"text": text}
