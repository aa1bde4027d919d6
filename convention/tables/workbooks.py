"""Read workbooks (.xlsx, .xls, .ods) and find the sheet with the list.

A crafted workbook takes any amount of time and memory, in calamine too: untrusted files are read by
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

from convention.errors import ConventionError, UnreadableFile

from .workbook_scan import SheetScan, format_cell_name, remove_wrong_dimensions, scan_ods, scan_xlsx

MAX_COLUMNS = 200
# The last row of a sheet in Excel.
MAX_ROW_NUMBER = 1_048_576
MAX_UNPACKED_BYTES = 150 * 1024 * 1024
# Styles and the like: each element costs memory and time. Pictures are never read.
MAX_METADATA_BYTES = 3 * 1024 * 1024
CONTENT_PARTS = ("xl/worksheets/", "xl/sharedStrings", "content.xml")
ZIP_SIGNATURE: Final = b"PK"
# The signature of .xls, and of any other old office document.
COMPOUND_FILE_SIGNATURE: Final = b"\xd0\xcf\x11\xe0"
OPEN_DOCUMENT_SIGNATURE: Final = b"mimetypeapplication/vnd.oasis.opendocument"
SPREADSHEET_SIGNATURE: Final = OPEN_DOCUMENT_SIGNATURE + b".spreadsheet"
# Filled rows searched for the header, and how deep if there are several sheets.
HEADING_ROWS_SEARCHED, MAX_HEADING_DEPTH = 20, 200
SHARED_CELL_ERROR = gettext_lazy(
    "Rows %(first)d to %(last)d share a merged cell. Split it so that each row has its own value."
)


@dataclass(frozen=True)
class WorkbookSheet:
    """One sheet: its rows as text, and the spans of rows that share a merged cell.

    `title` is empty if the workbook shows no other sheet.
    """

    title: str
    rows: Iterator[list[str]]
    merged_row_spans: list[tuple[int, int]]


def is_workbook(content: bytes) -> bool:
    """Return whether the content has the signature of a workbook."""
    return content.startswith((ZIP_SIGNATURE, COMPOUND_FILE_SIGNATURE))


def read_workbook(content: bytes, is_list: Callable[[list[list[str]]], bool]) -> WorkbookSheet:
    """Return the first visible sheet that is a list, else the first that is not empty.

    Rows that the file leaves out are empty lists. Raise UnreadableFile.
    """
    with _translate_library_errors():
        _refuse_other_documents(content)
        if content.startswith(ZIP_SIGNATURE):
            content = remove_wrong_dimensions(content)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        # People do not mean to send hidden sheets; if all are hidden, the first is read.
        visible_sheets = [sheet for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible] or sheets[
            :1
        ]
        sheet = _find_list_sheet(book, visible_sheets, is_list)
        scan = _scan_sheet(content, sheet.name)
        _refuse_uncalculated_cells(scan)
        return WorkbookSheet(
            sheet.name if len(visible_sheets) > 1 else "",
            _sheet_rows(sheet, scan.failed_formulas),
            _merged_rows(sheet, scan),
        )


def _find_list_sheet(
    book: CalamineWorkbook, sheets: list[SheetMetadata], is_list: Callable[[list[list[str]]], bool]
) -> CalamineSheet:
    first_filled: CalamineSheet | None = None
    for metadata in sheets:
        sheet = book.get_sheet_by_name(metadata.name)
        if len(sheets) == 1:
            return sheet
        first_rows = list(
            islice(filter(any, islice(_sheet_rows(sheet, {}), MAX_HEADING_DEPTH)), HEADING_ROWS_SEARCHED)
        )
        if is_list(first_rows):
            return sheet
        first_filled = first_filled or (sheet if first_rows else None)
    return first_filled or book.get_sheet_by_name(sheets[0].name)


@contextmanager
def _translate_library_errors() -> Iterator[None]:
    """Turn the many errors for damaged workbooks into one sentence."""
    try:
        yield
    # MemoryError: `convention.parsing` has its own sentence for it.
    except (ConventionError, MemoryError):
        raise
    except PasswordError as error:
        raise UnreadableFile(_("This workbook is password-protected. Save it without a password.")) from error
    except Exception as error:
        raise UnreadableFile(_("This workbook is damaged or not an .xlsx, .xls or .ods file.")) from error


def _sheet_rows(sheet: CalamineSheet, failed: dict[tuple[int, int], str]) -> Iterator[list[str]]:
    """Yield the rows as text, with the text of a failed formula in its cell."""
    # calamine leaves out empty columns at the left; columns must keep their positions.
    left = min(sheet.start[1], MAX_COLUMNS) if sheet.start else 0
    failed_by_row: dict[int, dict[int, str]] = {}
    for (row, column), text in failed.items():
        failed_by_row.setdefault(row, {})[column] = text
    for number, cells in enumerate(sheet.iter_rows()):
        row_texts = [""] * left + [_cell_text(cell) for cell in cells[: MAX_COLUMNS - left]]
        for column, text in failed_by_row.get(number, {}).items():
            if column < MAX_COLUMNS:
                row_texts += [""] * (column + 1 - len(row_texts))
                row_texts[column] = text
        yield row_texts if any(row_texts) else []


def _refuse_other_documents(content: bytes) -> None:
    """Raise UnreadableFile for zip bombs and other kinds of OpenDocument."""
    if content.startswith(COMPOUND_FILE_SIGNATURE):
        return
    if content.startswith(OPEN_DOCUMENT_SIGNATURE, 30) and not content.startswith(SPREADSHEET_SIGNATURE, 30):
        raise UnreadableFile(
            _("This is a LibreOffice text document, not a table. Save the table as .ods or .csv.")
        )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # The announced sizes, since nothing is unpacked yet; the child's memory limit catches wrong ones.
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    metadata_bytes = sum(
        size
        for name, size in sizes.items()
        if name.endswith((".xml", ".rels")) and not name.startswith(CONTENT_PARTS)
    )
    if sum(sizes.values()) > MAX_UNPACKED_BYTES or metadata_bytes > MAX_METADATA_BYTES:
        raise UnreadableFile(_("This workbook is too large when unpacked. Export only the sheet you need."))


def _scan_sheet(content: bytes, title: str) -> SheetScan:
    """Scan the sheet. An .xls needs no scan: it stores the results of its formulas."""
    if content.startswith(COMPOUND_FILE_SIGNATURE):
        return SheetScan()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if content.startswith(SPREADSHEET_SIGNATURE, 30):
            return scan_ods(archive, title)
        return scan_xlsx(archive, title)


def _refuse_uncalculated_cells(scan: SheetScan) -> None:
    """Raise UnreadableFile for a formula whose result is not in the file."""
    for row, column in scan.uncalculated_cells:
        raise UnreadableFile(
            _("Cell %(cell)s holds a formula without its result: open the file, save it, and try again.")
            % {"cell": format_cell_name(row, column)}
        )


def _merged_rows(sheet: CalamineSheet, scan: SheetScan) -> list[tuple[int, int]]:
    """Return first and last row of each merged cell over several rows; allowed only above the header."""
    merged = ((first + 1, last + 1) for (first, _left), (last, _right) in sheet.merged_cell_ranges or ())
    return list(dict.fromkeys(span for span in (*merged, *scan.merged_rows) if span[0] < span[1]))


def _cell_text(value: Any) -> str:
    """Return a value as a spreadsheet shows it: whole numbers without decimals, dates without midnight."""
    # Spreadsheets have no whole numbers: a SIREN would read 123456789.0.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)
