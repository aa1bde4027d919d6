"""Read a statement as CSV, as French banks write it: semicolons, decimal commas, debit and credit apart."""

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from convention.cells import day_of
from convention.errors import ConventionError, Unreadable
from convention.tables import Table, read_table
from convention.text import fold

from .bank_rows import Entry, File, numbered

COLUMNS: dict[str, set[str]] = {
    "date": {"date", "date operation", "date de l operation", "date comptable", "dateop", "date d operation",
             "booking date", "date de comptabilisation"},
    "amount": {"montant", "amount", "montant en euros", "montant eur", "montant operation", "valeur"},
    "credit": {"credit", "credit euros", "credit eur", "montant credit"},
    "debit": {"debit", "debit euros", "debit eur", "montant debit"},
    "text": {"libelle", "libelle operation", "libelle simplifie", "description", "communication", "motif",
             "detail", "details", "label", "informations complementaires", "libelle complet"},
    "party": {"emetteur", "donneur d ordre", "tiers", "nom", "counterparty", "payer", "contrepartie",
              "nom contrepartie"},
    "reference": {"reference", "reference operation", "ref", "reference du virement"},
    "currency": {"devise", "currency", "monnaie"},
}  # fmt: skip


class BadLines(ConventionError):
    """Some lines cannot be read: `rows` are pairs of number and sentence."""

    kind = "bad-rows"

    def __init__(self, rows: list[tuple[int, str]]) -> None:
        super().__init__(_("Some lines cannot be read; nothing was imported."))
        self.rows = rows


def read_bank_csv(name: str, content: bytes, columns: Mapping[str, str] | None = None) -> File:
    """What the statement says; `columns` names headings where ours are not understood.

    Raises Unreadable where the date or the amount has no column, BadLines with each line that is wrong.
    """
    table = _table(name, content, columns or {})
    places = _places(table.header, columns or {})
    entries, wrong = [], []
    for number, row in table.rows:
        try:
            if entry := _entry({field: row[at] for field, at in places.items() if at < len(row)}):
                entries.append(entry)
        except ValueError as error:
            wrong.append((number, str(error)))
    if wrong:
        raise BadLines(wrong)
    return File(name, "", numbered(entries))


def _table(name: str, content: bytes, columns: Mapping[str, str]) -> Table:
    """The table from its header on, wherever that stands among the first lines."""

    def is_heading(cells: list[str]) -> bool:
        places = _places(cells, columns)
        return "date" in places and bool(places.keys() & {"amount", "credit"})

    table = read_table(name, content, is_heading)
    if not is_heading(table.header):
        raise Unreadable(
            _(
                "%(file)s: no line names a date and an amount (or debit and credit). "
                "Say which columns they are."
            )
            % {"file": name}
        )
    return table


def _places(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Where each field stands: as told, else by the headings that we know."""
    headings = [" ".join(re.split(r"\W+", fold(cell))).strip() for cell in header]
    told = {field: " ".join(re.split(r"\W+", fold(text))).strip() for field, text in columns.items()}
    found = {}
    for field, known in COLUMNS.items():
        wanted = {told[field]} if field in told else known
        at = next((number for number, heading in enumerate(headings) if heading in wanted), None)
        if at is not None:
            found[field] = at
    return found


def _entry(cells: Mapping[str, str]) -> Entry | None:
    """One line; None where it holds nothing. Raises ValueError with a sentence."""
    if not any(cell.strip() for cell in cells.values()):
        return None
    return Entry(
        booked_on=_day(cells["date"]),
        amount=_signed(cells),
        currency=(cells.get("currency", "").strip().upper() or "EUR")[:3],
        party=cells.get("party", "").strip()[:200],
        text=" ".join(cells.get("text", "").split())[:500],
        reference=cells.get("reference", "").strip()[:140],
    )


def _signed(cells: Mapping[str, str]) -> int:
    if cells.get("amount", "").strip():
        return cents_of(cells["amount"])
    credit, debit = cells.get("credit", "").strip(), cells.get("debit", "").strip()
    if not credit and not debit:
        raise ValueError(_("there is no amount"))
    return (abs(cents_of(credit)) if credit else 0) - (abs(cents_of(debit)) if debit else 0)


def cents_of(text: str) -> int:
    """Cents out of `1 234,56`, `-1.234,56`, `+1,234.56` or `120 €`. Raises ValueError with a sentence."""
    plain = re.sub(r"[\s\u00a0\u202f€]|EUR", "", text).replace("\u2212", "-").lstrip("'")
    mark = max(plain.rfind(","), plain.rfind("."))
    if mark >= 0 and len(plain) - mark - 1 <= 2:
        whole = re.sub(r"[.,]", "", plain[:mark])
        plain = f"{whole}.{plain[mark + 1 :]}"
    else:
        plain = re.sub(r"[.,]", "", plain)
    if not re.fullmatch(r"[+-]?\d{1,12}(\.\d{0,2})?", plain):
        raise ValueError(_("“%(text)s” is no amount") % {"text": text[:40]})
    return int(Decimal(plain) * 100)


def _day(text: str) -> datetime.date:
    day = day_of(text)
    if day is None:
        raise ValueError(_("“%(text)s” is no date") % {"text": text[:40]})
    return day
