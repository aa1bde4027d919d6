"""Tables as files: lenient when reading what offices send, careful when writing what offices open.

Reading: .csv with comma, semicolon or tab, in UTF-8 (with or without BOM), UTF-16 or Windows-1252; .xlsx.
Writing: .csv and .xlsx in which no cell is ever a formula, whatever people typed.
"""

import codecs
import csv
import datetime
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from .errors import ConventionError, Unreadable

MOST_BYTES = 20 * 1024 * 1024
MOST_UNPACKED = 300 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 200
DELIMITERS = ",;\t"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Table:
    """A header and rows of text; each row carries its number in the file, the header being row 1."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


def read_table(name: str, content: bytes) -> Table:
    """Read a .csv or .xlsx file; which of both is told by its content. Empty rows are left out.

    Raises Unreadable with the reason.
    """
    if len(content) > MOST_BYTES:
        raise too_large()
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(_("This is an old .xls or a protected file; save it as .xlsx or .csv."))
    lines = _read_xlsx(content) if content.startswith(b"PK") else _read_csv(content)
    filled = [(number, row) for number, row in _limited(lines) if any(cell.strip() for cell in row)]
    if not filled:
        raise Unreadable(_("“%(name)s” is empty.") % {"name": name})
    (_number, first), *rows = filled
    header = [cell.strip() for cell in first]
    while not header[-1]:
        del header[-1]
    return Table(header, [(number, [_plain(cell) for cell in row[: len(header)]]) for number, row in rows])


def too_large() -> Unreadable:
    """What to raise for a file that should not even be read."""
    return Unreadable(_("The file is larger than %(most)d MB.") % {"most": MOST_BYTES // 1024 // 1024})


def _limited(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(lines, start=1):
        if number > MOST_ROWS + 1:
            raise Unreadable(_("The file has more than %(most)d rows; split it.") % {"most": MOST_ROWS})
        yield number, row[:MOST_COLUMNS]


def _read_csv(content: bytes) -> Iterator[list[str]]:
    text = decode(content)
    if "\x00" in text:
        raise Unreadable(_("This is not a table: it holds binary data. Save it as .csv or .xlsx."))
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    except csv.Error as error:
        raise Unreadable(
            _("This file is not readable as a table: %(reason)s.") % {"reason": error}
        ) from error


def decode(content: bytes) -> str:
    """Text from bytes: by its byte order mark, else UTF-8, else Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if content[1:2] == b"\x00":  # UTF-16 whose mark was lost
        return content.decode("utf-16-le", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    """The one that the first line holds most of, quoted parts aside."""
    first = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").split("\n", 1)[0])
    return max(DELIMITERS, key=first.count)


def _read_xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        _refuse_bombs(content)
        sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
        width = min(sheet.max_column or MOST_COLUMNS, MOST_COLUMNS)
        for row in sheet.iter_rows(values_only=True, max_col=width):
            yield [_text(value) for value in row]
    except ConventionError:
        raise
    except Exception as error:  # a damaged workbook fails in the library in a dozen ways
        raise Unreadable(_("This workbook is damaged or not an .xlsx file.")) from error


def _refuse_bombs(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED:
            raise Unreadable(_("This workbook unpacks to far too much; export the sheet alone."))


def _text(value: Any) -> str:
    """A cell as it looks: whole numbers without decimals, days without midnight."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A .csv in UTF-8 with a byte order mark, so that Excel reads accents."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return file.getvalue().encode("utf-8-sig", "replace")


def _plain(cell: str) -> str:
    """Without the apostrophe that `_harmless` put in front: an exported list comes back as it was."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if isinstance(value, str):
        value = UNWRITABLE.sub("", value)
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return value


def write_xlsx(header: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> bytes:
    """An .xlsx with a bold header that stays in view, and every text kept as text."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or None)
    sheet.freeze_panes = "A2"
    for number, name in enumerate(header, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = max(12, min(40, len(name) + 8))
    sheet.append([_cell(sheet, name, bold=True) for name in header])
    for row in rows:
        sheet.append([_cell(sheet, value) if isinstance(value, str) else _naive(value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, text: str, *, bold: bool = False) -> Any:
    kept = UNWRITABLE.sub("", text)[:32_000]
    if not bold and not kept.startswith("="):
        return kept
    cell = WriteOnlyCell(sheet, kept)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _naive(value: Any) -> Any:
    """Spreadsheets know no zones: moments are written as they are said here."""
    return value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value
