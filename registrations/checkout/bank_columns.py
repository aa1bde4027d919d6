"""Which column of a bank's table says what: as told, by headings that we know, or by what stands in them."""

import re
from collections.abc import Callable, Mapping, Sequence

from convention.text import fold

from .bank_cells import cents_of, day_of

type Places = dict[str, list[int]]
"""Where each field stands: one column, of words all that say some."""

COLUMNS: dict[str, set[str]] = {
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
MANY = ("text",)


def places_in(header: Sequence[str], told: Mapping[str, str]) -> Places:
    """By their headings; nothing where a date or an amount has none."""
    headings = [folded(cell) for cell in header]
    found: Places = {}
    for field, known in COLUMNS.items():
        wanted = {folded(told[field])} if field in told else known
        at = [number for number, heading in enumerate(headings) if heading in wanted]
        if at:
            found[field] = at if field in MANY else at[:1]
    return found if "date" in found and found.keys() & {"amount", "credit"} else {}


def places_guessed(rows: Sequence[Sequence[str]]) -> Places:
    """Where there is no header: the first column of days alone, the only one of amounts with cents, all else.

    Nothing where that is not beyond doubt.
    """
    width = max((len(row) for row in rows), default=0)
    columns = [[row[at].strip() if at < len(row) else "" for row in rows] for at in range(width)]
    days = [at for at, cells in enumerate(columns) if all(is_so(day_of, cell) for cell in cells)]
    amounts = [
        at
        for at, cells in enumerate(columns)
        if all(re.search(r"[.,]\d\d\b", cell) and is_so(cents_of, cell) for cell in cells)
    ]
    if not days or len(amounts) != 1:
        return {}
    words = [at for at in range(width) if at not in (*days, *amounts)]
    return {"date": days[:1], "amount": amounts, "text": words}


def is_so(read: Callable[[str], object], cell: str) -> bool:
    """Whether it can be read in that way."""
    try:
        read(cell)
    except ValueError:
        return False
    return True


def folded(heading: str) -> str:
    """Small letters without accents and signs."""
    return " ".join(re.split(r"\W+", fold(heading))).strip()
