"""The file of entries that the French tax office reads (FEC, art. A47 A-1 of its procedures): 18 columns."""

import datetime
import io
import zipfile
from collections.abc import Iterator
from typing import Final

from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from .books import LEFT_OUT, Entry, Side, entries
from .complete import clean
from .issuers import Issuer
from .models import Receivable

COLUMNS: Final = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
)  # fmt: skip
LONGEST = 200


def fec_name(issuer: Issuer, last: datetime.date) -> str:
    """What the file is called: SIREN and the day on which the year is closed."""
    return f"{issuer.siren}FEC{last:%Y%m%d}.txt"


def fec(issuer: Issuer, first: datetime.date, last: datetime.date) -> bytes:
    """The file for a period, columns parted by tabs, in UTF-8."""
    with translation.override("fr"):
        rows = [list(COLUMNS), *lines(issuer, entries(issuer, first, last))]
    return "".join("\t".join(row) + "\r\n" for row in rows).encode()


def with_note(content: bytes, name: str, left_out: list[str]) -> bytes:
    """A zip of the file, which has no place for a remark, and of a note that names what is not in it."""
    note = "\r\n".join([str(LEFT_OUT), "", *left_out, ""])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr(_("left-out.txt"), note.encode())
    return file.getvalue()


def lines(issuer: Issuer, found: list[Entry]) -> Iterator[list[str]]:
    """Each side of each entry, the entries numbered one after the other."""
    names = account_names(issuer)
    for number, entry in enumerate(found, start=1):
        for side in entry.sides:
            yield row(number, entry, side, names)


def account_names(issuer: Issuer) -> dict[str, str]:
    """What each account is called."""
    fields = [field for field in issuer._meta.concrete_fields if field.name.startswith("account_")]
    return {getattr(issuer, field.name): capfirst(str(field.verbose_name)) for field in fields}


def row(number: int, entry: Entry, side: Side, names: dict[str, str]) -> list[str]:
    """One line of the file."""
    code, journal = entry.journal.value
    day = f"{entry.on:%Y%m%d}"
    buyer = (side.of.reference, named_buyer(side.of)) if side.of else ("", "")
    cells = [
        code, journal, str(number), day, side.account, names[side.account], *buyer, entry.piece, day,
        entry.label or journal, cents(max(0, side.amount)), cents(max(0, -side.amount)), "", "",
        f"{min(entry.on, timezone.localdate()):%Y%m%d}", "", "",
    ]  # fmt: skip
    return [clean(cell)[:LONGEST] for cell in cells]


def named_buyer(receivable: Receivable) -> str:
    """Return the customer's name, which the tax office expects: of a buyer who was erased, the invoice's."""
    if receivable.name:
        return receivable.name
    last = receivable.invoices.last()
    return last.buyer_name if last else receivable.reference


def cents(amount: int) -> str:
    """With a decimal comma."""
    return f"{amount // 100},{amount % 100:02}"
