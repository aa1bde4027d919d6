"""Reading the workbooks that offices send (.xlsx, .xls, .ods): the sheet that holds the list, or a sentence.

A crafted workbook takes any amount of time and memory, in calamine too: what strangers send is read by
`convention.parsing`.
"""

import datetime
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from .errors import ConventionError, Unreadable
from .workbook_scan import SheetScan, cell_name, scan_ods, scan_xlsx, without_wrong_dimensions

MOST_COLUMNS = 200
LAST_ROW = 1_048_576
MOST_UNPACKED = 150 * 1024 * 1024
MOST_BESIDE = 3 * 1024 * 1024
"""Of styles and the like, each element of which costs memory and time; pictures are never read."""
CONTENT = ("xl/worksheets/", "xl/sharedStrings", "content.xml")
ZIP: Final = b"PK"
COMPOUND_FILE: Final = b"\xd0\xcf\x11\xe0"
"""How an .xls begins, and any other document of old office programs."""
OPEN_DOCUMENT: Final = b"mimetypeapplication/vnd.oasis.opendocument"
SPREADSHEET: Final = OPEN_DOCUMENT + b".spreadsheet"
FIRST_ROWS, DEEPEST = 20, 200
"""So many filled rows are looked through for the headings; so far down where there are several sheets."""
SHARED_CELL = gettext_lazy(
    "Rows %(first)d to %(last)d share a merged cell: split it, so that each row says its own."
)


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook: its rows as text, and which rows share a merged cell.

    `title` is empty where the workbook shows no other sheet.
    """

    title: str
    rows: Iterator[list[str]]
    shared: list[tuple[int, int]]


def is_workbook(content: bytes) -> bool:
    """Return whether the file begins as one of the kinds of workbooks that are read."""
    return content.startswith((ZIP, COMPOUND_FILE))


def read_workbook(content: bytes, is_list: Callable[[list[list[str]]], bool]) -> Sheet:
    """The first visible sheet whose first rows are a list, else the first that holds anything.

    Every row from the first on; rows that the file leaves out are empty. Raises Unreadable.
    """
    with _sentences():
        _refuse_other_documents(content)
        if content.startswith(ZIP):
            content = without_wrong_dimensions(content)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        seen = [one for one in sheets if one.visible == SheetVisibleEnum.Visible] or sheets[:1]
        sheet = _with_the_list(book, seen, is_list)
        scan = _scanned(content, sheet.name)
        _refuse_what_cannot_be_seen(scan)
        return Sheet(
            sheet.name if len(seen) > 1 else "", _rows(sheet, scan.failed), _merged_rows(sheet, scan)
        )


def _with_the_list(
    book: CalamineWorkbook, sheets: list[SheetMetadata], is_list: Callable[[list[list[str]]], bool]
) -> CalamineSheet:
    filled: CalamineSheet | None = None
    for one in sheets:
        sheet = book.get_sheet_by_name(one.name)
        if len(sheets) == 1:
            return sheet
        first = list(islice(filter(any, islice(_rows(sheet, {}), DEEPEST)), FIRST_ROWS))
        if is_list(first):
            return sheet
        filled = filled or (sheet if first else None)
    return filled or book.get_sheet_by_name(sheets[0].name)


@contextmanager
def _sentences() -> Iterator[None]:
    """A damaged workbook fails in the library in a dozen ways; the reader gets one sentence."""
    try:
        yield
    except (ConventionError, MemoryError):
        raise
    except PasswordError as error:
        raise Unreadable(_("This workbook is protected by a password; save it without one.")) from error
    except Exception as error:
        raise Unreadable(_("This workbook is damaged or not an .xlsx, .xls or .ods file.")) from error


def _rows(sheet: CalamineSheet, failed: dict[tuple[int, int], str]) -> Iterator[list[str]]:
    """Yield the rows as text, with what a failed formula shows in its place."""
    left = min(sheet.start[1], MOST_COLUMNS) if sheet.start else 0
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), text in failed.items():
        by_row.setdefault(row, {})[column] = text
    for number, cells in enumerate(sheet.iter_rows()):
        found = [""] * left + [_text(cell) for cell in cells[: MOST_COLUMNS - left]]
        for column, text in by_row.get(number, {}).items():
            if column < MOST_COLUMNS:
                found += [""] * (column + 1 - len(found))
                found[column] = text
        yield found if any(found) else []


def _refuse_other_documents(content: bytes) -> None:
    """Refuse what unpacks to far too much, and the other kinds of OpenDocument."""
    if content.startswith(COMPOUND_FILE):
        return
    if content.startswith(OPEN_DOCUMENT, 30) and not content.startswith(SPREADSHEET, 30):
        raise Unreadable(_("This is a document of LibreOffice and no table; save the table as .ods or .csv."))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    beside = sum(
        size
        for name, size in sizes.items()
        if name.endswith((".xml", ".rels")) and not name.startswith(CONTENT)
    )
    if sum(sizes.values()) > MOST_UNPACKED or beside > MOST_BESIDE:
        raise Unreadable(_("This workbook unpacks to far too much; export the sheet alone."))


def _scanned(content: bytes, title: str) -> SheetScan:
    """Scan the sheet; an .xls holds the results of its formulas, and calamine knows its merged cells."""
    if content.startswith(COMPOUND_FILE):
        return SheetScan()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if content.startswith(SPREADSHEET, 30):
            return scan_ods(archive, title)
        return scan_xlsx(archive, title)


def _refuse_what_cannot_be_seen(scan: SheetScan) -> None:
    """Cells that look filled on a screen and hold nothing in the file would come in as empty."""
    for row, column in scan.uncalculated:
        raise Unreadable(
            _("Cell %(cell)s holds a formula without its result: open the file, save it, and try again.")
            % {"cell": cell_name(row, column)}
        )


def _merged_rows(sheet: CalamineSheet, scan: SheetScan) -> list[tuple[int, int]]:
    """The first and last rows of each merged cell that spans several: harmless above the headings alone."""
    merged = ((first + 1, last + 1) for (first, _left), (last, _right) in sheet.merged_cell_ranges or ())
    return list(dict.fromkeys(span for span in (*merged, *scan.merged_rows) if span[0] < span[1]))


def _text(value: Any) -> str:
    """A cell as it looks: whole numbers without decimals, days without midnight."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)
