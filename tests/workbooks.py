"""Create workbooks (.xlsx, .xls, .ods) for tests, and read their parts."""

import datetime
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import xlsxwriter
import xlwt
from python_calamine import CalamineWorkbook

type Rows = Sequence[Sequence[Any]]
FIRST_SHEET = "xl/worksheets/sheet1.xml"
OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns:"
CALCEXT = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
CONTENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="{OPEN_DOCUMENT}office:1.0" xmlns:table="{OPEN_DOCUMENT}table:1.0"
 xmlns:text="{OPEN_DOCUMENT}text:1.0" xmlns:style="{OPEN_DOCUMENT}style:1.0" xmlns:calcext="{CALCEXT}">
<office:automatic-styles><style:style style:name="hidden" style:family="table">
<style:table-properties table:display="false"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet>%s</office:spreadsheet></office:body></office:document-content>"""


def xlsx(fill: Callable[[Any, Any], None]) -> bytes:
    """Return an .xlsx whose first sheet is filled by `fill(book, sheet)` of XlsxWriter."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        fill(book, book.add_worksheet("Sheet"))
    return file.getvalue()


def write_rows(sheet: Any, rows: Rows, *, first: int = 0) -> None:
    """Write rows into a sheet of XlsxWriter, starting at row `first`."""
    for number, row in enumerate(rows, start=first):
        sheet.write_row(number, 0, row)


def xls(rows: Rows, *, merged: tuple[int, int, int, int] | None = None, hidden: Rows = ()) -> bytes:
    """Return an .xls with these rows, after a hidden sheet if one is given."""
    book = xlwt.Workbook()
    if hidden:
        _fill_old(book.add_sheet("Hidden"), hidden)
        book.get_sheet(0).visibility = 1
    sheet = book.add_sheet("Sheet")
    _fill_old(sheet, rows)
    if merged:
        sheet.merge(*merged)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _fill_old(sheet: Any, rows: Rows) -> None:
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(number, column, value, *([day] if isinstance(value, datetime.date) else []))


def ods(*tables: str, kind: str = "spreadsheet") -> bytes:
    """Return an .ods of tables made by `table`; or a file of another kind of OpenDocument."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", CONTENT % "".join(tables))
        manifest = f'<manifest:manifest xmlns:manifest="{OPEN_DOCUMENT}manifest:1.0"/>'
        archive.writestr("META-INF/manifest.xml", manifest)
    return file.getvalue()


def table(name: str, *rows: str, style: str = "") -> str:
    """Return a table of an .ods: each row is the XML of its cells, as `cell` writes them."""
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return f'<table:table table:name="{name}" table:style-name="{style}">{lines}</table:table>'


def cell(text: str, attributes: str = 'office:value-type="string"') -> str:
    """Return a cell of an .ods."""
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def read_values(content: bytes) -> list[list[Any]]:
    """Return the cells of the first sheet of any kind of workbook."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def sheet_names(content: bytes) -> list[str]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names


def read_part(content: bytes, name: str = FIRST_SHEET) -> str:
    """Return the XML of a part of an .xlsx."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


def cell_types(content: bytes) -> set[str]:
    """Return the types of the cells of the first sheet: `s` for text, `n` for numbers."""
    cells = re.findall(r"<c ([^<>]*)>", read_part(content))
    return {(re.search(r't="(\w+)"', one) or ["", "n"])[1] for one in cells}


def replace_part(
    content: bytes, change: Callable[[bytes], bytes], name: str = "xl/worksheets/sheet1.xml"
) -> bytes:
    """Return the workbook with one of its parts changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            data = old.read(one)
            new.writestr(one, change(data) if one == name else data)
    return file.getvalue()
