"""Export journal entries as a FEC file: 18 tab-separated columns (LPF, art. A47 A-1)."""

import datetime
import io
import zipfile
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from registrations.invoices.formatting import clean_line
from registrations.invoices.models import EntryRow, Issuer

from .entry_rows import list_entry_rows
from .journal_entries import FOREIGN_CURRENCY_NOTICE, Journal

FEC_COLUMNS: Final = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
)  # fmt: skip
MAX_CELL_LENGTH = 200
JOURNAL_NAMES: Final[dict[str, str]] = dict(journal.value for journal in Journal)


def build_fec_filename(issuer: Issuer, last_day: datetime.date) -> str:
    """Return the file name that LPF, art. A47 A-1 prescribes: SIREN, `FEC` and the closing day."""
    return f"{issuer.siren}FEC{last_day:%Y%m%d}.txt"


def render_fec(issuer: Issuer, first_day: datetime.date, last_day: datetime.date) -> bytes:
    """Return the file of a period in UTF-8; both days are included."""
    # For the French tax office, so always in French.
    with translation.override("fr"):
        rows = [list(FEC_COLUMNS), *map(build_fec_row, list_entry_rows(issuer, first_day, last_day))]
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


def build_fec_row(row: EntryRow) -> list[str]:
    day, document_day = f"{row.booked_on:%Y%m%d}", f"{row.documented_on:%Y%m%d}"
    # FEC has two unsigned columns instead of a sign.
    debit, credit = max(0, row.amount), max(0, -row.amount)
    cells = [
        row.journal, JOURNAL_NAMES[row.journal], str(row.number), day, row.account, row.account_label,
        row.customer_reference, row.customer_name, row.document_reference, document_day, row.label,
        format_decimal_comma(debit), format_decimal_comma(credit), "", "",
        f"{min(row.booked_on, timezone.localdate()):%Y%m%d}", "", "",
    ]  # fmt: skip
    # A tab or line break in a name would shift the columns.
    return [clean_line(cell)[:MAX_CELL_LENGTH] for cell in cells]


def format_decimal_comma(amount: int) -> str:
    """Format non-negative cents with a decimal comma."""
    return f"{amount // 100},{amount % 100:02}"
