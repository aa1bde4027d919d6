"""Tables as files: lenient when reading what offices send, careful when writing what offices open.

Reading: .csv with comma, semicolon or tab, in UTF-8 (with or without BOM), UTF-16 or Windows-1252; .xlsx,
.xls and .ods. What strangers send goes through `read_upload`, which bounds the time and memory it takes.
Writing: .csv and .xlsx in which no cell is ever a formula, whatever people typed.
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

from .errors import Unreadable
from .parsing.process import parse
from .workbooks import FIRST_ROWS, LAST_ROW, MOST_COLUMNS, SHARED_CELL, is_workbook, read_workbook

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 50_000
DELIMITERS = ",;\t|"
NAMED_DELIMITER = re.compile(r"sep=([,;\t|])\r?\n", re.I)  # Excel's own first line
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
INNER_FORMULA = re.compile(r"(?<=[;\t\r\n])(?=[=+\-@])")
"""Where a spreadsheet that parts cells elsewhere than at commas would begin one with a formula."""
MARKED_INNER = re.compile(r"(?<=[;\t\r\n])'(?=[=+\-@])")
MACINTOSH, WINDOWS = re.compile(rb"[a-z][\x88\x8d\x8e\x8f\x90]"), re.compile(rb"[a-z][\xe0-\xff]")
"""Accents within a word, as the two write them: à, ç, é, è and ê, which the other has no such letter for."""
WORKBOOK_OPTIONS = {"in_memory": True, "nan_inf_to_errors": True}
NUMBER_FORMATS = {"price": "0.00", "moment": "yyyy-mm-dd hh:mm:ss", "day": "yyyy-mm-dd", "time": "hh:mm:ss"}
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


type Numbered = list[tuple[int, list[str]]]
"""Rows with their numbers in the file."""


@dataclass(frozen=True)
class Table:
    """A header and rows of text; each row carries its number in the file, the header its own.

    `sheet` is the one that was read, where a workbook shows several.
    """

    header: list[str]
    rows: Numbered
    header_row: int = 1
    sheet: str = ""


def read_table(
    name: str, content: bytes, is_heading: Callable[[list[str]], bool] = lambda _cells: False
) -> Table:
    """Read a .csv file or a workbook; which of both is told by its content. Empty rows are left out.

    The header is the first row that `is_heading`; else the first one, titles of a single cell left out.
    Raises Unreadable with the reason.
    """
    _refuse_other_kinds(content)
    if is_workbook(content):
        sheet = read_workbook(content, lambda rows: any(map(is_heading, rows)))
        filled, shared, title = list(_filled(sheet.rows)), sheet.shared, sheet.title
    else:
        filled, shared, title = list(_filled(_read_csv(content))), [], ""
    if not filled:
        raise Unreadable(_("“%(name)s” is empty.") % {"name": name})
    (header_row, first), *rows = filled[_heading_at(filled, is_heading) :]
    if span := next((span for span in shared if span[1] >= header_row), None):
        raise Unreadable(SHARED_CELL % {"first": span[0], "last": span[1]})
    header = [cell.strip() for cell in first]
    while not header[-1]:
        del header[-1]
    plain = [(number, [_plain(cell) for cell in row[: len(header)]]) for number, row in rows]
    return Table(header, plain, header_row, title)


def read_upload(name: str, content: bytes, is_heading: Callable[[list[str]], bool]) -> Table:
    """Read as `read_table`, in a process of its own; `is_heading` can be pickled. Raises TooDemanding too."""
    if len(content) > MOST_BYTES:
        raise too_large()
    return parse(read_table, name, content, is_heading)


def read_rows(content: bytes, delimiter: str) -> Numbered:
    """The rows of a file whose header may stand anywhere, with their numbers, parted at that delimiter.

    Those of a workbook are parted already. Raises Unreadable with the reason.
    """
    _refuse_other_kinds(content)
    if is_workbook(content):
        return list(_filled(read_workbook(content, lambda _rows: False).rows))
    return list(_filled(_read_csv(content, delimiter)))


def _refuse_other_kinds(content: bytes) -> None:
    """Files that are too large, or something else, whatever they are called."""
    if len(content) > MOST_BYTES:
        raise too_large()
    begin = content[:200].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if begin.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise Unreadable(
            _("This is a web page or XML under another name; open it and save it as .xlsx or .csv.")
        )
    if begin.startswith((b"%pdf-", b"{\\rtf", b"{", b"[{")):
        raise Unreadable(_("This is a document and no table; save the table as .xlsx or .csv."))


def _heading_at(rows: Numbered, is_heading: Callable[[list[str]], bool]) -> int:
    """Where the headings stand: offices put a title, the day or a sum above them."""
    first = rows[:FIRST_ROWS]
    sure = (at for at, (_number, cells) in enumerate(first) if is_heading(cells))
    wide = (at for at, (_number, cells) in enumerate(first) if sum(map(bool, map(str.strip, cells))) > 1)
    return next(sure, next(wide, 0))


def read_pasted(text: str) -> list[tuple[int, list[str]]]:
    """Rows as they come out of a spreadsheet or a keyboard, with their numbers; a header is a row as others.

    Raises Unreadable with the reason.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise too_large()
    lines = _read_csv(text.encode("utf-8", "replace"), "\t" if "\t" in text else "")
    return [(number, [_plain(cell).strip() for cell in row]) for number, row in _filled(lines)]


def too_large() -> Unreadable:
    """What to raise for a file that should not even be read."""
    return Unreadable(_("The file is larger than %(most)d MB.") % {"most": MOST_BYTES // 1024 // 1024})


def _filled(lines: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The rows that say something, with their numbers."""
    filled = 0
    for number, row in enumerate(lines, start=1):
        filled += (says := any(cell.strip() for cell in row))
        if filled > MOST_ROWS + 1 or number > LAST_ROW:
            raise Unreadable(_("The file has more than %(most)d rows; split it.") % {"most": MOST_ROWS})
        if says:
            yield number, row[:MOST_COLUMNS]


def _read_csv(content: bytes, delimiter: str = "") -> Iterator[list[str]]:
    text = decode(content)
    if "\x00" in text:
        raise Unreadable(_("This is not a table: it holds binary data. Save it as .csv or .xlsx."))
    named = NAMED_DELIMITER.match(text)
    text = text[named.end() :] if named else text
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter or (named[1] if named else _delimiter(text))
    )
    line, last = 0, 0
    try:
        for row in reader:
            line, last = last + 1, reader.line_num
            yield row
    except csv.Error as error:
        raise Unreadable(
            _("The cell that begins in line %(line)d is too long; perhaps a quotation mark is missing.")
            % {"line": last + 1}
        ) from error
    if line < last and text.count('"') % 2:
        raise Unreadable(
            _("A quotation mark opens a cell in line %(line)d and none ends it.") % {"line": line}
        )


def decode(content: bytes) -> str:
    """Text from bytes: by its byte order mark, else UTF-8, else as Excel writes it on Windows or a Mac."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if content[1:2] == b"\x00":  # UTF-16 whose mark was lost
        return content.decode("utf-16-le", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        is_mac = len(MACINTOSH.findall(content)) > len(WINDOWS.findall(content))
        return content.decode("mac-roman" if is_mac else "cp1252", "replace")


def _delimiter(text: str) -> str:
    """The one that most of the first lines hold, and hold most of, quoted parts aside."""
    plain = re.sub(r'"[^"]*"', "", text[:65_536].lstrip("\r\n"))
    lines = plain.splitlines()[:FIRST_ROWS]
    return max(DELIMITERS, key=lambda sign: (sum(sign in line for line in lines), "".join(lines).count(sign)))


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A .csv in UTF-8 with a byte order mark, so that Excel reads accents."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([_said(value) for value in row] for row in rows)
    return file.getvalue().encode("utf-8-sig", "replace")


def _plain(cell: str) -> str:
    """Without the apostrophe that `_harmless` put in front: an exported list comes back as it was."""
    cell = MARKED_INNER.sub("", cell)
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _said(value: Any) -> Any:
    """Moments as their own clock says them, to the minute; text without harm."""
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime.datetime) else _harmless(value)


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if isinstance(value, str):
        value = INNER_FORMULA.sub("'", UNWRITABLE.sub("", value))
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return value


def write_xlsx(header: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> bytes:
    """An .xlsx with a bold header that stays in view and filters, and every text kept as text."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, WORKBOOK_OPTIONS) as book:
        sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip("'") or None)
        formats = {name: book.add_format({"num_format": form}) for name, form in NUMBER_FORMATS.items()}
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(header):
            sheet.set_column(column, column, max(12, min(40, len(name) + 8)))
            sheet.write_string(0, column, _kept(name), bold)
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                _write_cell(sheet, (last, column), value, formats)
        sheet.autofilter(0, 0, last, len(header) - 1)
    return file.getvalue()


def _write_cell(sheet: Worksheet, place: tuple[int, int], value: Any, formats: Mapping[str, Format]) -> None:
    """Write a value as what it is; a text stays a text, whatever a spreadsheet would take it for."""
    match value:
        case None | "":
            pass
        case bool():
            sheet.write_boolean(*place, value)
        case decimal.Decimal():
            sheet.write_number(*place, float(value), formats["price"])
        case int() | float():
            sheet.write_number(*place, value)
        case datetime.datetime():
            sheet.write_datetime(*place, _naive(value), formats["moment"])
        case datetime.date():
            sheet.write_datetime(*place, value, formats["day"])
        case datetime.time():
            sheet.write_datetime(*place, value, formats["time"])
        case _:
            sheet.write_string(*place, _kept(str(value)))


def _kept(text: str) -> str:
    return UNWRITABLE.sub("", text)[:32_000]


def _naive(value: Any) -> Any:
    """Spreadsheets know no zones: moments are written as their own clock says them, to the second."""
    return value.replace(tzinfo=None, microsecond=0) if isinstance(value, datetime.datetime) else value
