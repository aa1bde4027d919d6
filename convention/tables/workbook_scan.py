"""Find merged cells, failed formulas and formulas without result, which calamine does not report.

calamine reads values alone: a cell whose formula failed or was never calculated would be read as empty.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Final

from lxml import etree

SCAN_CHUNK_BYTES: Final = 1024 * 1024
MAX_CELL_BYTES: Final = 64 * 1024
NUMBER_IN_BASE_26: Final = 26
# By regular expression, in chunks: a sheet may unpack to 150 MB, too much for a tree of elements.
CELL_TAG: Final = rb'<(?:\w+:)?c (?=[^<>]*\br="([A-Z]{1,3})(\d{1,7})")'
# A formula whose result was never stored, and one that failed. No part of them can match beyond the next tag.
UNCALCULATED_PATTERN: Final = re.compile(
    CELL_TAG + rb"[^<>]*>\s*+<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"\s*+(?:(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)\s*+)?</(?:\w+:)?c>"
)
FAILED_FORMULA_PATTERN: Final = re.compile(
    CELL_TAG + rb'(?=[^<>]*\bt="e")[^<>]*>\s*+(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*+)?'
    rb"<(?:\w+:)?v>([^<]{1,20})</"
)
WRONG_DIMENSION_PATTERN: Final = re.compile(
    rb'<(?:\w+:)?dimension ref="(?![A-Z]{1,3}\d{1,7}(?::[A-Z]{1,3}\d{1,7})?")[^"<>]*"\s*/>'
)
# The dimension comes before the first row.
SHEET_HEAD_BYTES: Final = 4096
TABLE_NAMESPACE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE_NAMESPACE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
LIBREOFFICE_NAMESPACE: Final = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


@dataclass
class SheetScan:
    """Texts of failed formulas and formulas without result, by row and column counted from 0.

    `merged_rows` are the first and last rows of merged cells, counted from 1.
    """

    failed_formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    uncalculated_cells: list[tuple[int, int]] = field(default_factory=list)
    merged_rows: list[tuple[int, int]] = field(default_factory=list)


def format_cell_name(row: int, column: int) -> str:
    """Return the name of a cell, such as A1."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, NUMBER_IN_BASE_26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def parse_cell_name(letters: bytes, number: bytes) -> tuple[int, int]:
    """Return row and column, counted from 0, of the two parts of a cell's name."""
    column = 0
    for letter in letters:
        column = column * NUMBER_IN_BASE_26 + letter - ord("A") + 1
    return int(number) - 1, column - 1


def remove_wrong_dimensions(content: bytes) -> bytes:
    """Return the .xlsx without impossible sheet dimensions: calamine cannot read such a sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        parts_to_repair = [
            name
            for name in names
            if WRONG_DIMENSION_PATTERN.search(archive.open(name).read(SHEET_HEAD_BYTES))
        ]
        if not parts_to_repair:
            return content
        repaired_file = io.BytesIO()
        with zipfile.ZipFile(repaired_file, "w") as target:
            for name in archive.namelist():
                part = archive.read(name)
                target.writestr(
                    name, WRONG_DIMENSION_PATTERN.sub(b"", part, count=1) if name in parts_to_repair else part
                )
    return repaired_file.getvalue()


def scan_xlsx(archive: zipfile.ZipFile, title: str) -> SheetScan:
    """Scan the sheet of that name in an .xlsx file. Raise KeyError where the file has none."""
    scan = SheetScan()
    for piece in _read_chunks(archive, _find_sheet_path(archive, title)):
        scan.uncalculated_cells += [
            parse_cell_name(match[1], match[2]) for match in UNCALCULATED_PATTERN.finditer(piece)
        ]
        for match in FAILED_FORMULA_PATTERN.finditer(piece):
            scan.failed_formulas[parse_cell_name(match[1], match[2])] = match[3].decode("utf-8", "replace")
    return scan


def _find_sheet_path(archive: zipfile.ZipFile, title: str) -> str:
    """Return the path of the sheet's part, by way of the workbook and its relations."""
    relations = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), _make_parser())
    targets = {
        relation.get("Id"): relation.get("Target") or "" for relation in relations.iter("{*}Relationship")
    }
    sheets = etree.fromstring(archive.read("xl/workbook.xml"), _make_parser()).iter("{*}sheet")
    # By the relations alone: the order of the parts may differ from that of the sheets.
    keys = {str(sheet.get("name")): _relation_id(sheet) for sheet in sheets}
    return normpath(join("/xl", targets[keys[title]])).lstrip("/")


def _relation_id(sheet: etree._Element) -> str:
    return next((str(value) for name, value in sheet.attrib.items() if str(name).endswith("}id")), "")


def _make_parser() -> etree.XMLParser:
    # No entities and no network: a workbook must neither read files of the server nor expand without end.
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _read_chunks(archive: zipfile.ZipFile, path: str) -> Iterator[bytes]:
    """Yield the part in chunks, each with the end of the previous one, so that no cell is split."""
    with archive.open(path) as file:
        overlap = b""
        while piece := file.read(SCAN_CHUNK_BYTES):
            yield overlap + piece
            overlap = (overlap + piece)[-MAX_CELL_BYTES:]


def scan_ods(archive: zipfile.ZipFile, title: str) -> SheetScan:
    """Scan the sheet of that name in an .ods file."""
    scan, number, is_wanted = SheetScan(), 0, False
    with archive.open("content.xml") as file:
        tags = (f"{TABLE_NAMESPACE}table", f"{TABLE_NAMESPACE}table-row")
        for event, element in etree.iterparse(
            file, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True
        ):
            if element.tag == tags[0]:
                is_wanted, number = event == "start" and element.get(f"{TABLE_NAMESPACE}name") == title, 0
            elif event == "end":
                if is_wanted:
                    _scan_row(element, number, scan)
                # One element may represent thousands of equal rows.
                number += _count_repeats(element, "rows")
                # Frees the row: the whole document would not fit into the memory limit.
                element.clear()
    return scan


def _scan_row(row: etree._Element, number: int, scan: SheetScan) -> None:
    column = 0
    for cell in row.iterchildren(f"{TABLE_NAMESPACE}table-cell", f"{TABLE_NAMESPACE}covered-table-cell"):
        row_span = _parse_count(cell.get(f"{TABLE_NAMESPACE}number-rows-spanned"))
        if row_span > 1:
            scan.merged_rows.append((number + 1, number + row_span))
        if cell.get(f"{LIBREOFFICE_NAMESPACE}value-type") == "error":
            scan.failed_formulas[number, column] = "".join(str(text) for text in cell.itertext()).strip()[:20]
        elif cell.get(f"{TABLE_NAMESPACE}formula") and cell.get(f"{OFFICE_NAMESPACE}value-type") is None:
            scan.uncalculated_cells.append((number, column))
        column += _count_repeats(cell, "columns")


def _count_repeats(element: etree._Element, direction: str) -> int:
    return _parse_count(element.get(f"{TABLE_NAMESPACE}number-{direction}-repeated"))


def _parse_count(text: str | bytes | None) -> int:
    """Return the number in an attribute; 1 if it is missing or invalid."""
    digits = str(text or "")
    # `isascii` refuses digits such as "²", which `int` cannot read; nine digits bound the number.
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else 1
