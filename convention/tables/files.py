"""Read tables from many formats, and write tables without formulas.

Reading: .csv with comma, semicolon or tab, in UTF-8 (with or without BOM), UTF-16 or Windows-1252; .xlsx,
.xls and .ods. Untrusted files go through `read_upload`, which limits time and memory. Writing: .csv and .xlsx
in which no cell is ever a formula, whatever people typed.
"""

import codecs
import csv
import datetime
import decimal
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from convention.errors import UnreadableFile
from convention.parsing.process import parse_in_child

from .workbooks import (
    HEADING_ROWS_SEARCHED,
    MAX_COLUMNS,
    MAX_ROW_NUMBER,
    SHARED_CELL_ERROR,
    is_workbook,
    read_workbook,
)

MAX_TABLE_BYTES = 20 * 1024 * 1024
MAX_TABLE_ROWS = 50_000
DELIMITERS = ",;\t|"
DELIMITER_LINE_PATTERN = re.compile(r"sep=([,;\t|])\r?\n", re.I)  # a first line that Excel writes and reads
# Characters that begin a formula in Excel or LibreOffice (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# A spreadsheet that splits cells at semicolons or tabs would see a formula here.
INNER_FORMULA_PATTERN = re.compile(r"[;\t\r\n](?=[=+\-@])")
ESCAPED_FORMULA_PATTERN = re.compile(r"(?<=[;\t\r\n])'(?=[=+\-@])")
# Bytes of à, ç, é, è and ê within a word; in the other encoding the same bytes are no letters.
MAC_ACCENT_PATTERN = re.compile(rb"[a-z][\x88\x8d\x8e\x8f\x90]")
WINDOWS_ACCENT_PATTERN = re.compile(rb"[a-z][\xe0-\xff]")
WORKBOOK_OPTIONS = {"in_memory": True, "nan_inf_to_errors": True}
NUMBER_FORMATS = {"price": "0.00", "moment": "yyyy-mm-dd hh:mm:ss", "day": "yyyy-mm-dd", "time": "hh:mm:ss"}
# Characters that XML 1.0 forbids: with one of them Excel calls the whole file damaged.
UNWRITABLE_PATTERN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


# Rows with their numbers in the file.
type NumberedRows = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class ParsedTable:
    """A header and rows of text with their row numbers in the file.

    `sheet` is the title of the sheet, if a workbook shows several.
    """

    header: list[str]
    rows: NumberedRows
    header_row: int = 1
    sheet: str = ""


def read_table(
    name: str, content: bytes, is_heading: Callable[[list[str]], bool] = lambda _cells: False
) -> ParsedTable:
    """Read a .csv file or a workbook, recognized by its content. Empty rows are skipped.

    The header is the first row for which `is_heading` is true; else the first row with more than one cell.
    Raise UnreadableFile with the reason.
    """
    _refuse_other_kinds(content)
    if is_workbook(content):
        sheet = read_workbook(content, lambda rows: any(map(is_heading, rows)))
        filled, spans, title = list(_number_filled_rows(sheet.rows)), sheet.merged_row_spans, sheet.title
    else:
        filled, spans, title = list(_number_filled_rows(_read_csv(content))), [], ""
    if not filled:
        raise UnreadableFile(_("“%(name)s” is empty.") % {"name": name})
    (header_row, first), *rows = filled[_find_heading_row(filled, is_heading) :]
    # Only from the header on: a merged cell has its value in its first row alone.
    if span := next((span for span in spans if span[1] >= header_row), None):
        raise UnreadableFile(SHARED_CELL_ERROR % {"first": span[0], "last": span[1]})
    header = [cell.strip() for cell in first]
    # Spreadsheets also export columns that are only formatted.
    while not header[-1]:
        del header[-1]
    unescaped_rows = [(number, [_unescape_cell(cell) for cell in row[: len(header)]]) for number, row in rows]
    return ParsedTable(header, unescaped_rows, header_row, title)


def read_upload(name: str, content: bytes, is_heading: Callable[[list[str]], bool]) -> ParsedTable:
    """Call `read_table` in a child process; `is_heading` must be picklable. Also raises FileTooDemanding."""
    if len(content) > MAX_TABLE_BYTES:
        raise make_too_large_error()
    # A crafted file may take any amount of time and memory.
    return parse_in_child(read_table, name, content, is_heading)


def read_table_rows(content: bytes, delimiter: str) -> NumberedRows:
    """Return all numbered rows of a file whose header may be anywhere.

    `delimiter` applies to .csv files alone. Raise UnreadableFile with the reason.
    """
    _refuse_other_kinds(content)
    if is_workbook(content):
        return list(_number_filled_rows(read_workbook(content, lambda _rows: False).rows))
    return list(_number_filled_rows(_read_csv(content, delimiter)))


def _refuse_other_kinds(content: bytes) -> None:
    """Raise UnreadableFile for files that are too large or no tables, whatever their names."""
    if len(content) > MAX_TABLE_BYTES:
        raise make_too_large_error()
    # Office programs open such files under any name, so people send them as .xls.
    file_start = content[:200].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if file_start.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise UnreadableFile(
            _("This is a web page or XML file with another extension. Open it and save it as .xlsx or .csv.")
        )
    if file_start.startswith((b"%pdf-", b"{\\rtf", b"{", b"[{")):
        raise UnreadableFile(_("This is a text document, not a table. Save the table as .xlsx or .csv."))


def _find_heading_row(rows: NumberedRows, is_heading: Callable[[list[str]], bool]) -> int:
    """Return the index of the header: offices put titles, dates or sums above it."""
    top_rows = [cells for _number, cells in rows[:HEADING_ROWS_SEARCHED]]
    heading_indexes = (i for i, cells in enumerate(top_rows) if is_heading(cells))
    wide_indexes = (i for i, cells in enumerate(top_rows) if sum(map(bool, map(str.strip, cells))) > 1)
    return next(heading_indexes, next(wide_indexes, 0))


def read_pasted_rows(text: str) -> list[tuple[int, list[str]]]:
    """Return the numbered rows of pasted text; a header is a row like others.

    Raise UnreadableFile with the reason.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_TABLE_BYTES:
        raise make_too_large_error()
    # Cells that were copied from a spreadsheet are separated by tabs.
    lines = _read_csv(text.encode("utf-8", "replace"), "\t" if "\t" in text else "")
    return [
        (number, [_unescape_cell(cell).strip() for cell in row]) for number, row in _number_filled_rows(lines)
    ]


def make_too_large_error() -> UnreadableFile:
    return UnreadableFile(
        _("The file is larger than %(most)d MB.") % {"most": MAX_TABLE_BYTES // 1024 // 1024}
    )


def _number_filled_rows(lines: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that are not empty, with their numbers. Raise UnreadableFile beyond MAX_TABLE_ROWS."""
    filled = 0
    for number, row in enumerate(lines, start=1):
        filled += (has_text := any(cell.strip() for cell in row))
        # Both, since reading millions of empty rows takes long too. One more for the header.
        if filled > MAX_TABLE_ROWS + 1 or number > MAX_ROW_NUMBER:
            raise UnreadableFile(
                _("The file has more than %(most)d rows. Split it into several files.")
                % {"most": MAX_TABLE_ROWS}
            )
        if has_text:
            yield number, row[:MAX_COLUMNS]


def _read_csv(content: bytes, delimiter: str = "") -> Iterator[list[str]]:
    text = decode_text(content)
    if "\x00" in text:
        raise UnreadableFile(_("This is not a table: it holds binary data. Save it as .csv or .xlsx."))
    sep_line = DELIMITER_LINE_PATTERN.match(text)
    text = text[sep_line.end() :] if sep_line else text
    delimiter = delimiter or (sep_line[1] if sep_line else _guess_delimiter(text))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line, last = 0, 0
    try:
        for row in reader:
            line, last = last + 1, reader.line_num
            yield row
    except csv.Error as error:
        raise UnreadableFile(
            _("The cell that begins in line %(line)d is too long; perhaps a quotation mark is missing.")
            % {"line": last + 1}
        ) from error
    # Python's reader ends an open quotation at the end of the file without an error: the rest of the list
    # would be one cell.
    if line < last and text.count('"') % 2:
        raise UnreadableFile(
            _("A quotation mark opens a cell in line %(line)d and is never closed.") % {"line": line}
        )


def decode_text(content: bytes) -> str:
    """Decode bytes: by byte order mark, else as UTF-8, else as Windows-1252 or Mac Roman."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if content[1:2] == b"\x00":  # UTF-16 without its byte order mark
        return content.decode("utf-16-le", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Neither encoding can fail, so choose the one in which more bytes are accented letters.
        is_mac = len(MAC_ACCENT_PATTERN.findall(content)) > len(WINDOWS_ACCENT_PATTERN.findall(content))
        return content.decode("mac-roman" if is_mac else "cp1252", "replace")


def _guess_delimiter(text: str) -> str:
    """Return the delimiter that most of the first lines contain, outside of quotes."""
    # Commas inside quoted cells do not count; the beginning is enough, and bounds the time.
    unquoted = re.sub(r'"[^"]*"', "", text[:65_536].lstrip("\r\n"))
    lines = unquoted.splitlines()[:HEADING_ROWS_SEARCHED]
    return max(DELIMITERS, key=lambda sign: (sum(sign in line for line in lines), "".join(lines).count(sign)))


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a .csv in UTF-8 with a byte order mark, so that Excel reads accents."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([_csv_value(value) for value in row] for row in rows)
    return file.getvalue().encode("utf-8-sig", "replace")


def _unescape_cell(cell: str) -> str:
    """Remove the apostrophe that `_escape_formula` added: an exported list can be imported again."""
    cell = ESCAPED_FORMULA_PATTERN.sub("", cell)
    # Only where a formula would follow: names such as 't Hooft begin with an apostrophe of their own.
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _csv_value(value: Any) -> Any:
    """Return times in their own zone to the minute, and text without formulas."""
    # A format that spreadsheets in every language read as a date.
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime.datetime) else _escape_formula(value)


def _escape_formula(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would take for a formula."""
    if not isinstance(value, str):
        return value
    # Most cells need no search: the patterns begin with nothing printable but the semicolon.
    if ";" in value or not value.isprintable():
        value = INNER_FORMULA_PATTERN.sub(r"\g<0>'", UNWRITABLE_PATTERN.sub("", value))
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def write_xlsx(header: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> bytes:
    """Return an .xlsx with a frozen bold header and filters; every text stays a text."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, WORKBOOK_OPTIONS) as book:
        # Excel forbids these characters, more than 31 of them, and apostrophes at the ends.
        sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip("'") or None)
        formats = {name: book.add_format({"num_format": form}) for name, form in NUMBER_FORMATS.items()}
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(header):
            sheet.set_column(column, column, max(12, min(40, len(name) + 8)))
            sheet.write_string(0, column, _clean_cell_text(name), bold)
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                _write_cell(sheet, (last, column), value, formats)
        sheet.autofilter(0, 0, last, len(header) - 1)
    return file.getvalue()


def _write_cell(
    sheet: Worksheet, position: tuple[int, int], value: Any, formats: Mapping[str, Format]
) -> None:
    """Write a value by its type; a text stays a text, whatever a spreadsheet would take it for."""
    match value:
        case None | "":
            pass
        # Before int: in Python a bool is one.
        case bool():
            sheet.write_boolean(*position, value)
        case decimal.Decimal():
            sheet.write_number(*position, float(value), formats["price"])
        case int() | float():
            sheet.write_number(*position, value)
        # Before date: in Python a datetime is one.
        case datetime.datetime():
            # In its own zone, to the second: spreadsheets have no time zones.
            moment = value.replace(tzinfo=None, microsecond=0)
            sheet.write_datetime(*position, moment, formats["moment"])
        case datetime.date():
            sheet.write_datetime(*position, value, formats["day"])
        case datetime.time():
            sheet.write_datetime(*position, value, formats["time"])
        case _:
            sheet.write_string(*position, _clean_cell_text(str(value)))


def _clean_cell_text(text: str) -> str:
    writable = text if text.isprintable() else UNWRITABLE_PATTERN.sub("", text)
    # A cell holds at most 32,767 characters in Excel.
    return writable[:32_000]
