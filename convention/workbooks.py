"""Reading the .xlsx that offices send: what is on the first visible sheet, or a sentence why not."""

import datetime
import io
import re
import zipfile
from collections.abc import Iterator
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
# A formula whose result was never kept, and cells that several rows share.
UNCALCULATED = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]{1,3}\d{1,7})"[^>]*>\s*+<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"\s*+(?:(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)\s*+)?</(?:\w+:)?c>"
)
SHARED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
SHARED_CELL = gettext_lazy(
    "Rows %(first)d to %(last)d share a merged cell: split it, so that each row says its own."
)


def read_workbook(content: bytes) -> Iterator[list[str]]:
    """Every row from the first on, as text; rows that the file leaves out are empty. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_bombs(archive)
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheet = next((s for s in book.worksheets if s.sheet_state == "visible"), book.worksheets[0])
            _refuse_what_cannot_be_seen(archive, str(sheet._worksheet_path))  # type: ignore[attr-defined]  # told nowhere
        sheet.reset_dimensions()  # what a file says of its own size is often wrong
        for row in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS):
            yield [] if row.count(None) == len(row) else [_text(value) for value in row]
    except ConventionError:
        raise
    except Exception as error:  # a damaged workbook fails in the library in a dozen ways
        raise Unreadable(_("This workbook is damaged or not an .xlsx file.")) from error


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    sizes = {info.filename: info.file_size for info in archive.infolist()}
    beside = sum(
        size
        for name, size in sizes.items()
        if name.endswith((".xml", ".rels")) and not name.startswith(CONTENT)
    )
    if sum(sizes.values()) > MOST_UNPACKED or beside > MOST_BESIDE:
        raise Unreadable(_("This workbook unpacks to far too much; export the sheet alone."))


def _refuse_what_cannot_be_seen(archive: zipfile.ZipFile, path: str) -> None:
    """Cells that look filled on a screen and hold nothing in the file would come in as empty."""
    for piece in _pieces(archive, path.lstrip("/")):
        if found := UNCALCULATED.search(piece):
            raise Unreadable(
                _("Cell %(cell)s holds a formula without its result: open the file, save it, and try again.")
                % {"cell": found[1].decode()}
            )
        for first, last in ((int(m[2]), int(m[4])) for m in SHARED.finditer(piece)):
            if first < last:
                raise Unreadable(SHARED_CELL % {"first": first, "last": last})


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
