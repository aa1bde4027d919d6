"""Reading the .xlsx that offices send: what is on the sheet that holds the list, or a sentence why not."""

import datetime
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import openpyxl
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .errors import ConventionError, Unreadable

MOST_COLUMNS = 200
LAST_ROW = 1_048_576
MOST_UNPACKED = 150 * 1024 * 1024
MOST_BESIDE = 3 * 1024 * 1024
"""Of styles and the like, each element of which costs memory and time; pictures are never read."""
PIECE, LONGEST_CELL = 1024 * 1024, 64 * 1024
CONTENT = ("xl/worksheets/", "xl/sharedStrings")
OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument"
FIRST_ROWS, DEEPEST = 20, 200
"""So many filled rows are looked through for the headings; so far down where there are several sheets."""
# A formula whose result was never kept, and cells that several rows share.
UNCALCULATED = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]{1,3}\d{1,7})"[^>]*>\s*+<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"\s*+(?:(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)\s*+)?</(?:\w+:)?c>"
)
SHARED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
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


def read_workbook(content: bytes, is_list: Callable[[list[list[str]]], bool]) -> Sheet:
    """The first visible sheet whose first rows are a list, else the first that holds anything.

    Every row from the first on; rows that the file leaves out are empty. Raises Unreadable, also while the
    rows are read.
    """
    if content[30:72] == OPEN_DOCUMENT:
        raise Unreadable(_("This is a file of LibreOffice or OpenOffice; save it as .xlsx or .csv."))
    with _sentences(), zipfile.ZipFile(io.BytesIO(content)) as archive:
        _refuse_bombs(archive)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets[:1]
        for sheet in seen:
            sheet.reset_dimensions()  # what a file says of its own size is often wrong
        sheet = _with_the_list(seen, is_list)
        shared = _refuse_what_cannot_be_seen(archive, str(sheet._worksheet_path))
    return Sheet(sheet.title if len(seen) > 1 else "", _rows(sheet), shared)


def _with_the_list(sheets: list[Any], is_list: Callable[[list[list[str]]], bool]) -> Any:
    if len(sheets) == 1:
        return sheets[0]
    begins = [list(islice(filter(any, islice(_rows(sheet), DEEPEST)), FIRST_ROWS)) for sheet in sheets]
    found = (sheet for sheet, first in zip(sheets, begins, strict=True) if is_list(first))
    filled = (sheet for sheet, first in zip(sheets, begins, strict=True) if first)
    return next(found, None) or next(filled, sheets[0])


@contextmanager
def _sentences() -> Iterator[None]:
    """A damaged workbook fails in the library in a dozen ways; the reader gets one sentence."""
    try:
        yield
    except ConventionError:
        raise
    except Exception as error:
        raise Unreadable(_("This workbook is damaged or not an .xlsx file.")) from error


def _rows(sheet: Any) -> Iterator[list[str]]:
    with _sentences():
        for row in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS):
            yield [] if row.count(None) == len(row) else [_text(value) for value in row]


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    sizes = {info.filename: info.file_size for info in archive.infolist()}
    beside = sum(
        size
        for name, size in sizes.items()
        if name.endswith((".xml", ".rels")) and not name.startswith(CONTENT)
    )
    if sum(sizes.values()) > MOST_UNPACKED or beside > MOST_BESIDE:
        raise Unreadable(_("This workbook unpacks to far too much; export the sheet alone."))


def _refuse_what_cannot_be_seen(archive: zipfile.ZipFile, path: str) -> list[tuple[int, int]]:
    """Cells that look filled on a screen and hold nothing in the file would come in as empty.

    The first and last rows of each merged cell that spans several: harmless above the headings alone.
    """
    shared = dict[tuple[int, int], None]()
    for piece in _pieces(archive, path.lstrip("/")):
        if found := UNCALCULATED.search(piece):
            raise Unreadable(
                _("Cell %(cell)s holds a formula without its result: open the file, save it, and try again.")
                % {"cell": found[1].decode()}
            )
        spans = ((int(m[2]), int(m[4])) for m in SHARED.finditer(piece))
        shared |= dict.fromkeys(span for span in spans if span[0] < span[1])
    return list(shared)


def _pieces(archive: zipfile.ZipFile, path: str) -> Iterator[bytes]:
    """The sheet piece by piece, each with the end of the one before: no cell is parted."""
    with archive.open(path) as file:
        kept = b""
        while piece := file.read(PIECE):
            yield kept + piece
            kept = (kept + piece)[-LONGEST_CELL:]


def _text(value: Any) -> str:
    """A cell as it looks: whole numbers without decimals, days without midnight."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)
