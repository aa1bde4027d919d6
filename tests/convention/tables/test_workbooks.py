"""Reading workbooks: find the sheet with the list, and refuse cells whose value is unknown."""

import datetime
import functools
import io
import zipfile

import pytest

from convention.errors import UnreadableFile
from convention.parsing.process import FileTooDemanding
from convention.tables.columns import PERSON_HEADINGS, is_heading_row
from convention.tables.files import MAX_TABLE_ROWS, read_table, read_upload, write_xlsx
from tests.workbooks import cell, ods, read_part, replace_part, table, write_rows, xls, xlsx


def test_small_workbook_that_is_slow_to_parse_is_refused():
    def bloat(styles):
        return styles.replace(b"</cellXfs>", b"<xf/>" * 1_000_000 + b"</cellXfs>")

    heavy = replace_part(write_xlsx(["email"], []), bloat, "xl/styles.xml")

    with pytest.raises(UnreadableFile, match="beaucoup trop volumineux"):
        read_table("x.xlsx", heavy)


def workbook(fill) -> bytes:
    """Return a workbook whose first sheet has the usual header, filled by `fill(book, sheet)`."""

    def with_header(book, sheet):
        write_rows(sheet, [["first_name", "last_name"]])
        fill(book, sheet)

    return xlsx(with_header)


def write_person(book, sheet):
    write_rows(sheet, [["Ana", "Silva"]], first=1)


def write_merged_cells(book, sheet):
    write_rows(sheet, [["Ana", "Silva"], ["Bo", ""]], first=1)
    sheet.merge_range("B2:B3", "Silva")


def test_merged_cells_are_reported():
    with pytest.raises(UnreadableFile, match="2 à 3"):
        read_table("list.xlsx", workbook(write_merged_cells))


@pytest.mark.parametrize("result", [b"<v></v>", b"<v/>", b""])
def test_formula_without_cached_result_is_reported(result):
    def calculate(book, sheet):
        sheet.write_formula("A2", "=B2&B1", None, "Ana")
        sheet.write("B2", "Silva")

    content = replace_part(workbook(calculate), lambda xml: xml.replace(b"<v>Ana</v>", result))

    with pytest.raises(UnreadableFile, match="A2"):
        read_table("list.xlsx", content)
    assert read_table("list.xlsx", workbook(calculate)).rows == [(2, ["Ana", "Silva"])]


def test_formula_error_is_read_as_displayed():
    def fail(book, sheet):
        write_rows(sheet, [["Ana"]], first=1)
        sheet.write_formula("B2", "=NA()", None, "#N/A")

    assert read_table("list.xlsx", workbook(fail)).rows == [(2, ["Ana", "#N/A"])]


@pytest.mark.parametrize("said", [b"A1", b"A1:XFD1048576", b"zz", b"A1:A1", b"A:B"])
def test_wrong_sheet_dimension_loses_no_row(said):
    wrong = replace_part(workbook(write_person), lambda xml: xml.replace(b'ref="A1:B2"', b'ref="%s"' % said))

    assert b'ref="%s"' % said in read_part(wrong).encode()
    assert read_table("list.xlsx", wrong).rows == [(2, ["Ana", "Silva"])]


def test_empty_and_formatted_rows_do_not_count_towards_row_limit():
    def far(book, sheet):
        bold = book.add_format({"bold": True})
        for row in range(1, MAX_TABLE_ROWS + 2):
            sheet.write_blank(row, 0, None, bold)
        sheet.write("A60000", "Ana")

    assert read_table("list.xlsx", workbook(far)).rows == [(60000, ["Ana", ""])]


def test_hidden_sheet_is_skipped():
    def hide(book, sheet):
        seen = book.add_worksheet("seen")
        write_rows(seen, [["first_name"], ["Ana"]])
        seen.activate()
        sheet.hide()

    assert read_table("list.xlsx", workbook(hide)).rows == [(2, ["Ana"])]


def is_heading(cells: list[str]) -> bool:
    return "first_name" in cells


def test_sheet_with_known_headings_is_read():
    def cover(book, sheet):
        write_rows(book.add_worksheet("Notes"), [["To", "read"]])
        write_rows(book.add_worksheet("People"), [["first_name"], ["Ana"]])

    found = read_table("list.xlsx", xlsx(cover), is_heading)
    assert found.sheet == "People"
    assert found.rows == [(2, ["Ana"])]
    assert read_table("list.xlsx", xlsx(cover)).header == ["To", "read"]
    assert read_table("list.xlsx", workbook(lambda book, sheet: None), is_heading).sheet == ""


def test_sheets_with_data_far_down_are_not_searched_to_the_end():
    def far(book, sheet):
        write_rows(sheet, [["Prénom", "Nom"], ["Zoé", "Œuvrard"]])
        for _sheet in range(5):
            book.add_worksheet().write("A1048576", "x")

    asked = []
    read = read_table("x.xlsx", xlsx(far), lambda cells: asked.append(cells) or False)
    assert read.rows == [(2, ["Zoé", "Œuvrard"])]
    assert not any("x" in cells for cells in asked)


def test_titles_above_headings_are_skipped_even_if_merged():
    def title(book, sheet):
        sheet.merge_range("A1:B2", "Congress")
        write_rows(
            sheet, [["As of", "25/11/2026"], [], ["first_name", "last_name"], ["Ana", "Silva"]], first=2
        )

    found = read_table("list.xlsx", xlsx(title), is_heading)
    assert found.header == ["first_name", "last_name"]
    assert found.header_row == 5
    assert found.rows == [(6, ["Ana", "Silva"])]


def test_workbook_that_unpacks_too_large_is_refused():
    file = io.BytesIO(workbook(lambda book, sheet: None))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/theme/theme2.xml", b" " * 31 * 1024 * 1024)

    with pytest.raises(UnreadableFile, match="beaucoup trop volumineux"):
        read_table("list.xlsx", file.getvalue())


PEOPLE = [["first_name", "last_name"], ["Zoé", "Œuvrard"], [7.0, datetime.date(2027, 1, 2)]]
EXPECTED_ROWS = [(2, ["Zoé", "Œuvrard"]), (3, ["7", "2027-01-02"])]
ODS_ROWS = (
    cell("first_name") + cell("last_name"),
    cell("Zoé") + cell("Œuvrard"),
    cell("7", 'office:value-type="float" office:value="7"')
    + cell("02/01/2027", 'office:value-type="date" office:date-value="2027-01-02"'),
)


@pytest.mark.parametrize("content", [xls(PEOPLE, hidden=[["x"]]), ods(table("S", *ODS_ROWS))])
def test_xls_and_ods_workbooks_are_recognized_by_content(content):
    found = read_table("list.csv", content)

    assert found.sheet == ""
    assert found.rows == EXPECTED_ROWS


def test_hidden_sheet_of_ods_workbook_is_skipped():
    content = ods(table("Hidden", cell("x"), style="hidden"), table("S", *ODS_ROWS))

    found = read_table("list.ods", content)

    assert found.sheet == ""
    assert found.rows == EXPECTED_ROWS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (xls([*PEOPLE[:2], ["Bo"]], merged=(1, 2, 2, 2)), "2 à 3"),
        (
            ods(
                table(
                    "S",
                    ODS_ROWS[0],
                    cell("Ana") + cell("Silva", 'office:value-type="string" table:number-rows-spanned="2"'),
                    cell("Bo") + "<table:covered-table-cell/>",
                )
            ),
            "2 à 3",
        ),
        (ods(table("S", ODS_ROWS[0], cell("Ana") + '<table:table-cell table:formula="of:=[.A1]"/>')), "B2"),
    ],
)
def test_merged_cells_and_empty_formulas_in_xls_and_ods_are_reported(content, words):
    with pytest.raises(UnreadableFile, match=words):
        read_table("list", content, is_heading)


def test_formula_error_in_ods_workbook_is_read_as_displayed():
    failed = cell("#N/A", 'office:value-type="string" office:string-value="" calcext:value-type="error"')

    assert read_table("x.ods", ods(table("S", ODS_ROWS[0], cell("Ana") + failed))).rows == [
        (2, ["Ana", "#N/A"])
    ]


def test_empty_leading_columns_are_preserved():
    def indent(book, sheet):
        sheet.write_row("C1", ["first_name", "last_name"])
        sheet.write_row("C2", ["Ana", "Silva"])

    found = read_table("x.xlsx", xlsx(indent), is_heading)

    assert found.header == ["", "", "first_name", "last_name"]
    assert found.rows == [(2, ["", "", "Ana", "Silva"])]


@pytest.mark.long
def test_many_shared_strings_are_read_and_huge_sheet_is_refused():
    strings = b"<si><t>a</t></si>" * 8_000_000
    content = replace_part(
        workbook(write_person),
        lambda xml: xml.replace(b"</sst>", strings + b"</sst>"),
        "xl/sharedStrings.xml",
    )
    assert len(content) < 500_000
    names_people = functools.partial(is_heading_row, PERSON_HEADINGS)
    assert read_upload("list.xlsx", content, names_people).rows == [(2, ["Ana", "Silva"])]

    def corners(book, sheet):
        sheet.write("A1", "first_name")
        sheet.write("XFD1048576", "x")

    with pytest.raises(FileTooDemanding):
        read_upload("list.xlsx", xlsx(corners), names_people)
