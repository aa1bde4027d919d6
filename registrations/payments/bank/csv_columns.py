"""Parse amounts and dates of bank CSV files, and recognize their columns."""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence

from django.utils.translation import gettext as _

from convention.money import MINUS_SIGN, parse_number
from convention.tables import cells
from convention.text.normalize import casefold_text

DAY_FORMATS = (*cells.DATE_FORMATS, "%d-%m-%y", "%Y%m%d")
# An implausible year means that a format matched by chance, such as `%Y%m%d` on 01022026.
FIRST_YEAR, LAST_YEAR = 1990, 2100
# Columns of the database hold no larger amount.
MAX_AMOUNT = 10**12


def parse_cents(text: str) -> int:
    """Return cents of `1 234,56`, `-1.234,56`, `+1,234.56`, `12,00-` or `120 €`. Raise ValueError."""
    plain = re.sub(r"€|EUR", "", text).replace(MINUS_SIGN, "-").strip()
    # The sign may follow the number, or be separated from it.
    if plain.endswith(("-", "+")):
        plain = plain[-1] + plain[:-1].strip()
    try:
        number = parse_number(re.sub(r"^([+-])\s+", r"\1", plain))
    except ValueError:
        raise ValueError(_("“%(text)s” is not an amount") % {"text": text[:40]}) from None
    if abs(number) >= MAX_AMOUNT:
        raise ValueError(_("“%(text)s” is not an amount") % {"text": text[:40]})
    return int(number * 100)


def parse_day(text: str) -> datetime.date:
    """Return the date of a text, which may be followed by a time. Raise ValueError."""
    [day_text, *_time] = re.split(r"[ T]", text.strip(), maxsplit=1)
    for form in DAY_FORMATS:
        try:
            day = datetime.datetime.strptime(day_text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    raise ValueError(_("“%(text)s” is not a date") % {"text": text[:40]})


# Column numbers by field; a field in REPEATABLE_FIELDS may have several.
type ColumnPositions = dict[str, list[int]]


# Headings of French banks' exports, as `normalize_heading` returns them: without accents or punctuation.
COLUMN_HEADINGS: dict[str, set[str]] = {
    "date": {"date", "date operation", "date de l operation", "date comptable", "dateop", "date d operation",
             "booking date", "date de comptabilisation", "date de l operation utc", "operation date utc",
             "date de l operation local", "operation date local", "date ope", "date d ope"},
    "amount": {"montant", "amount", "montant en euros", "montant eur", "montant operation",
               "montant euros", "montant en eur", "montant de l operation", "montant operation en euros",
               "montant operation en euro", "montant total ttc", "total amount incl vat"},
    "credit": {"credit", "credit euros", "credit eur", "montant credit", "credit en euros"},
    "debit": {"debit", "debit euros", "debit eur", "montant debit", "debit en euros"},
    "direction": {"sens", "sens de l operation", "debit credit", "credit debit", "direction"},
    "text": {"libelle", "libelle operation", "libelle simplifie", "description", "communication", "motif",
             "detail", "details", "label", "informations complementaires", "libelle complet", "libelle court",
             "detail de l ecriture", "libelle de l operation", "complement d information", "comment", "note"},
    "party": {"emetteur", "donneur d ordre", "tiers", "nom", "counterparty", "payer", "contrepartie",
              "nom contrepartie", "nom de la contrepartie", "counterparty name"},
    "reference": {"reference", "reference operation", "ref", "reference du virement"},
    "currency": {"devise", "currency", "monnaie"},
    "state": {"statut", "status", "etat"},
}  # fmt: skip

# Banks spread the communication over several columns.
REPEATABLE_FIELDS = ("text",)


def find_columns(header: Sequence[str], given_headings: Mapping[str, str]) -> ColumnPositions:
    """Return the columns by their headings, or {} without a date and an amount."""
    headings = [normalize_heading(cell) for cell in header]
    positions: ColumnPositions = {}
    for field, usual_headings in COLUMN_HEADINGS.items():
        accepted = {normalize_heading(given_headings[field])} if field in given_headings else usual_headings
        columns = [number for number, heading in enumerate(headings) if heading in accepted]
        if columns:
            positions[field] = columns if field in REPEATABLE_FIELDS else columns[:1]
    return positions if "date" in positions and positions.keys() & {"amount", "credit"} else {}


def guess_columns(rows: Sequence[Sequence[str]]) -> ColumnPositions:
    """Return the columns of a file without a header, or {} if they are ambiguous.

    The first column of dates, the only column of amounts with cents, and all others as text.
    """
    width = max((len(row) for row in rows), default=0)
    columns = [[row[i].strip() if i < len(row) else "" for row in rows] for i in range(width)]
    days = [i for i, cells in enumerate(columns) if all(is_parseable(parse_day, cell) for cell in cells)]
    amounts = [
        i
        for i, cells in enumerate(columns)
        # With cents, or account numbers and dates would be taken for amounts.
        if all(re.search(r"[.,]\d\d\b", cell) and is_parseable(parse_cents, cell) for cell in cells)
    ]
    if not days or len(amounts) != 1:
        return {}
    words = [i for i in range(width) if i not in (*days, *amounts)]
    return {"date": days[:1], "amount": amounts, "text": words}


def is_parseable(parse_cell: Callable[[str], object], cell: str) -> bool:
    try:
        parse_cell(cell)
    except ValueError:
        return False
    return True


def normalize_heading(heading: str) -> str:
    """Return the heading in lower case without accents and punctuation."""
    return " ".join(re.split(r"\W+", casefold_text(heading))).strip()
