"""Facts of a workbook's sheet that its cells do not say: merged cells, failed formulas, missing results.

calamine reads values alone. A cell whose formula failed, or was never calculated, would come in as empty.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Final

from lxml import etree

PIECE_BYTES: Final = 1024 * 1024
LONGEST_CELL_BYTES: Final = 64 * 1024
NUMBER_IN_BASE_26: Final = 26
CELL: Final = rb'<(?:\w+:)?c (?=[^<>]*\br="([A-Z]{1,3})(\d{1,7})")'
# A formula whose result was never stored, and one that failed. No part of them can match beyond the next tag.
UNCALCULATED: Final = re.compile(
    CELL + rb"[^<>]*>\s*+<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"\s*+(?:(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)\s*+)?</(?:\w+:)?c>"
)
FAILED: Final = re.compile(
    CELL + rb'(?=[^<>]*\bt="e")[^<>]*>\s*+(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*+)?'
    rb"<(?:\w+:)?v>([^<]{1,20})</"
)
WRONG_DIMENSION: Final = re.compile(
    rb'<(?:\w+:)?dimension ref="(?![A-Z]{1,3}\d{1,7}(?::[A-Z]{1,3}\d{1,7})?")[^"<>]*"\s*/>'
)
FIRST_BYTES: Final = 4096
TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
LIBREOFFICE: Final = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


@dataclass
class SheetScan:
    """Cells by row and column, counted from 0: texts of failed formulas, formulas without result, spans.

    `merged_rows` are the first and last rows of merged cells, counted from 1.
    """

    failed: dict[tuple[int, int], str] = field(default_factory=dict)
    uncalculated: list[tuple[int, int]] = field(default_factory=list)
    merged_rows: list[tuple[int, int]] = field(default_factory=list)


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell as spreadsheets show it, such as A1."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, NUMBER_IN_BASE_26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def cell_place(letters: bytes, number: bytes) -> tuple[int, int]:
    """Return row and column, counted from 0, of a cell by the two parts of its name."""
    column = 0
    for letter in letters:
        column = column * NUMBER_IN_BASE_26 + letter - ord("A") + 1
    return int(number) - 1, column - 1


def without_wrong_dimensions(content: bytes) -> bytes:
    """Return the .xlsx file without the sizes of sheets that make no sense: calamine reads no such sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        wrong = [name for name in names if WRONG_DIMENSION.search(archive.open(name).read(FIRST_BYTES))]
        if not wrong:
            return content
        mended = io.BytesIO()
        with zipfile.ZipFile(mended, "w") as target:
            for name in archive.namelist():
                part = archive.read(name)
                target.writestr(name, WRONG_DIMENSION.sub(b"", part, count=1) if name in wrong else part)
    return mended.getvalue()


def scan_xlsx(archive: zipfile.ZipFile, title: str) -> SheetScan:
    """Scan the sheet of that name in an .xlsx file. Raises KeyError where the file has none."""
    scan = SheetScan()
    for piece in _pieces(archive, _path_of_sheet(archive, title)):
        scan.uncalculated += [cell_place(found[1], found[2]) for found in UNCALCULATED.finditer(piece)]
        for found in FAILED.finditer(piece):
            scan.failed[cell_place(found[1], found[2])] = found[3].decode("utf-8", "replace")
    return scan


def _path_of_sheet(archive: zipfile.ZipFile, title: str) -> str:
    """Return the name of the sheet's part, by way of the workbook and its relations."""
    relations = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), _parser())
    targets = {one.get("Id"): one.get("Target") or "" for one in relations.iter("{*}Relationship")}
    sheets = etree.fromstring(archive.read("xl/workbook.xml"), _parser()).iter("{*}sheet")
    keys = {str(one.get("name")): _relation_of(one) for one in sheets}
    return normpath(join("/xl", targets[keys[title]])).lstrip("/")


def _relation_of(sheet: etree._Element) -> str:
    return next((str(value) for name, value in sheet.attrib.items() if str(name).endswith("}id")), "")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _pieces(archive: zipfile.ZipFile, path: str) -> Iterator[bytes]:
    """Yield the part piece by piece, each with the end of the one before: no cell is divided."""
    with archive.open(path) as file:
        before = b""
        while piece := file.read(PIECE_BYTES):
            yield before + piece
            before = (before + piece)[-LONGEST_CELL_BYTES:]


def scan_ods(archive: zipfile.ZipFile, title: str) -> SheetScan:
    """Scan the sheet of that name in an .ods file."""
    scan, number, is_wanted = SheetScan(), 0, False
    with archive.open("content.xml") as file:
        tags = (f"{TABLE}table", f"{TABLE}table-row")
        for event, element in etree.iterparse(
            file, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True
        ):
            if element.tag == tags[0]:
                is_wanted, number = event == "start" and element.get(f"{TABLE}name") == title, 0
            elif event == "end":
                if is_wanted:
                    _scan_row(element, number, scan)
                number += _repeats(element, "rows")
                element.clear()
    return scan


def _scan_row(row: etree._Element, number: int, scan: SheetScan) -> None:
    column = 0
    for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
        spanned = _number(cell.get(f"{TABLE}number-rows-spanned"))
        if spanned > 1:
            scan.merged_rows.append((number + 1, number + spanned))
        if cell.get(f"{LIBREOFFICE}value-type") == "error":
            scan.failed[number, column] = "".join(str(text) for text in cell.itertext()).strip()[:20]
        elif cell.get(f"{TABLE}formula") and cell.get(f"{OFFICE}value-type") is None:
            scan.uncalculated.append((number, column))
        column += _repeats(cell, "columns")


def _repeats(element: etree._Element, what: str) -> int:
    return _number(element.get(f"{TABLE}number-{what}-repeated"))


def _number(text: str | bytes | None) -> int:
    """Return the number of an attribute; 1 where it is missing or makes no sense."""
    said = str(text or "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 9 else 1
