"""Export journal entries as a FEC file: 18 tab-separated columns (LPF, art. A47 A-1)."""

import datetime
import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator
from typing import Final

from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from registrations.invoices.formatting import clean_line
from registrations.invoices.models import Issuer, Receivable

from .journal_entries import FOREIGN_CURRENCY_NOTICE, EntrySide, JournalEntry, build_entries

FEC_COLUMNS: Final = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
)  # fmt: skip
MAX_CELL_LENGTH = 200


def build_fec_filename(issuer: Issuer, last_day: datetime.date) -> str:
    """Return the file name that LPF, art. A47 A-1 prescribes: SIREN, `FEC` and the closing day."""
    return f"{issuer.siren}FEC{last_day:%Y%m%d}.txt"


def render_fec(issuer: Issuer, first_day: datetime.date, last_day: datetime.date) -> bytes:
    """Return the file of a period in UTF-8; both days are included.

    Entries are numbered from the first day of the calendar year, so that each has the same number in the file
    of a month and in that of the year.
    """
    # For the French tax office, so always in French.
    with translation.override("fr"):
        entries = build_entries(issuer, first_day.replace(month=1, day=1), last_day)
        numbered_entries = [
            (number, entry) for number, entry in number_entries(entries) if entry.booked_on >= first_day
        ]
        rows = [list(FEC_COLUMNS), *iter_fec_rows(issuer, numbered_entries)]
    return "".join("\t".join(row) + "\r\n" for row in rows).encode()


def zip_with_notice(content: bytes, name: str, foreign_documents: list[str]) -> bytes:
    """Return a zip of the file and a note listing the documents in other currencies.

    The FEC format has no place for a remark.
    """
    note = "\r\n".join([str(FOREIGN_CURRENCY_NOTICE), "", *foreign_documents, ""])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr(_("left-out.txt"), note.encode())
    return file.getvalue()


def number_entries(journal_entries: list[JournalEntry]) -> Iterator[tuple[int, JournalEntry]]:
    """Yield each entry with its number, from 1 in each calendar year; the entries are sorted by day."""
    for _year, entries in itertools.groupby(journal_entries, key=lambda entry: entry.booked_on.year):
        yield from enumerate(entries, start=1)


def iter_fec_rows(
    issuer: Issuer, numbered_entries: Iterable[tuple[int, JournalEntry]]
) -> Iterator[list[str]]:
    """Yield one row for each side of each entry."""
    names = get_account_names(issuer)
    for number, entry in numbered_entries:
        for side in entry.sides:
            yield build_fec_row(number, entry, side, names)


def get_account_names(issuer: Issuer) -> dict[str, str]:
    """Return the label of each account number."""
    fields = [field for field in issuer._meta.concrete_fields if field.name.startswith("account_")]
    return {getattr(issuer, field.name): capfirst(str(field.verbose_name)) for field in fields}


def build_fec_row(number: int, entry: JournalEntry, side: EntrySide, names: dict[str, str]) -> list[str]:
    code, journal = entry.journal.value
    day, document_day = f"{entry.booked_on:%Y%m%d}", f"{entry.documented_on or entry.booked_on:%Y%m%d}"
    buyer = (side.receivable.reference, get_buyer_name(side.receivable)) if side.receivable else ("", "")
    # FEC has two unsigned columns instead of a sign.
    debit, credit = max(0, side.amount_cents), max(0, -side.amount_cents)
    cells = [
        code, journal, str(number), day, side.account, names[side.account], *buyer,
        entry.document_reference, document_day, entry.label or journal, format_decimal_comma(debit),
        format_decimal_comma(credit), "", "", f"{min(entry.booked_on, timezone.localdate()):%Y%m%d}", "", "",
    ]  # fmt: skip
    # A tab or line break in a name would shift the columns.
    return [clean_line(cell)[:MAX_CELL_LENGTH] for cell in cells]


def get_buyer_name(receivable: Receivable) -> str:
    """Return the customer's name, which FEC requires; for an erased buyer the last invoice has it."""
    if receivable.name:
        return receivable.name
    last = receivable.invoices.last()
    return last.buyer_name if last else receivable.reference


def format_decimal_comma(amount: int) -> str:
    """Format non-negative cents with a decimal comma."""
    return f"{amount // 100},{amount % 100:02}"
