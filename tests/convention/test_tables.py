"""Tables as files: read leniently, written so that nothing runs."""

import codecs
import csv
import datetime
import decimal
import functools
import io
import re
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convention.columns import NAMES, names_columns
from convention.errors import Unreadable
from convention.parsing.process import TooDemanding
from convention.tables import UNWRITABLE, read_table, read_upload, write_csv, write_xlsx
from tests.workbooks import (
    cell,
    cell_types,
    ods,
    part,
    sheet_names,
    table,
    values,
    with_part,
    write_rows,
    xls,
    xlsx,
)

TEXT = "Prénom,Nom\nZoé,Œuvrard\n"
ROWS = [(2, ["Zoé", "Œuvrard"])]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("cp1252"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
    ],
)
def test_what_offices_send_is_read(content: bytes):
    table = read_table("list.csv", content)
    assert (table.header, table.rows) == (["Prénom", "Nom"], ROWS)


def test_a_workbook_is_read_by_its_content_whatever_its_name():
    content = write_xlsx(
        ["Prénom", "Nom"], [["Zoé", "Œuvrard"], [None, None], [7.0, datetime.date(2027, 1, 2)]]
    )
    table = read_table("list.csv", content)
    assert table.rows == [(2, ["Zoé", "Œuvrard"]), (4, ["7", "2027-01-02"])]


def test_empty_rows_are_left_out_and_rows_keep_their_number():
    assert read_table("x", b"a,b\n\n,\n1,2\n").rows == [(4, ["1", "2"])]


def test_quoted_cells_hold_delimiters_and_lines():
    assert read_table("x", b'a,b\n"1;,\n2",3\n').rows == [(2, ["1;,\n2", "3"])]


def zipped(**files: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\xd0\xcf\x11\xe0another document of old",
        b"PK\x03\x04broken",
        zipped(hello="world"),
        b"\x00\x01\x02\x7fELF\x00",
        b"a,b\n" + b'"' + b"x" * 200_000 + b'"',
        b"x\n" * 50_010,
        b"x" * (20 * 1024 * 1024 + 1),
        write_xlsx(["a"], [["b"]])[:-200],
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes):
    with pytest.raises(Unreadable) as refusal:
        read_table("list", content)
    assert str(refusal.value).endswith(".")


CRUEL = ["=1+1", "+33 1", "-2", "@SUM(A1)", "\tx", "O’Neil", "李", "a\x07b", "😀", '=HYPERLINK("http://x")']


def test_no_cell_of_a_csv_is_a_formula():
    rows = list(csv.reader(io.StringIO(write_csv(["x"], [[text] for text in CRUEL]).decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [
        "'=1+1", "'+33 1", "'-2", "'@SUM(A1)", "'\tx", "O’Neil", "李", "ab", "😀", "'=HYPERLINK(\"http://x\")",
    ]  # fmt: skip


def test_no_cell_is_a_formula_where_an_office_parts_cells_at_semicolons():
    """A French Excel does, when a .csv is opened by a double click."""
    cruel = ["A;=1+1;B", "A;-2", "ligne\n=1+1", "a;b", "c\t@SUM(A1)"]
    written = write_csv(["x", "y"], [[cell, cell] for cell in cruel])
    text = written.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=";") for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert [row for _number, row in read_table("x.csv", written).rows] == [[cell, cell] for cell in cruel]


def test_a_workbook_that_takes_no_room_and_much_time_is_refused():
    def bloat(styles):
        return styles.replace(b"</cellXfs>", b"<xf/>" * 1_000_000 + b"</cellXfs>")

    heavy = with_part(write_xlsx(["email"], []), bloat, "xl/styles.xml")

    with pytest.raises(Unreadable, match="démesuré"):
        read_table("x.xlsx", heavy)


def test_no_cell_of_a_workbook_is_a_formula():
    content = write_xlsx(["=header"], [[text] for text in CRUEL])

    assert cell_types(content) == {"s"}
    assert values(content)[1] == ["=1+1"]


def test_moments_lose_their_zone_and_numbers_stay_numbers():
    moment = datetime.datetime(2027, 6, 1, 9, 30, tzinfo=datetime.UTC)
    day, time = datetime.date(2027, 6, 1), datetime.time(9, 30)

    content = write_xlsx(["at", "price", "day", "time", "yes"], [[moment, 12.5, day, time, True]])

    assert values(content)[1] == [datetime.datetime(2027, 6, 1, 9, 30), 12.5, day, time, True]


def test_moments_and_prices_are_written_one_way():
    moment = datetime.datetime(2027, 6, 1, 9, 30, 5, 7, tzinfo=datetime.UTC)
    rows = [[moment, decimal.Decimal(12_000).scaleb(-2)]]

    assert write_csv(["at", "price"], rows).decode("utf-8-sig") == "at,price\r\n2027-06-01 09:30,120.00\r\n"
    content = write_xlsx(["at", "price"], rows)
    assert values(content)[1] == [datetime.datetime(2027, 6, 1, 9, 30, 5), 120]
    assert number_format(content, "B2") == "0.00"


def number_format(content: bytes, name: str) -> str:
    """The format in which a cell is shown."""
    style = re.search(rf'<c r="{name}" s="(\d+)"', part(content))
    styles = part(content, "xl/styles.xml")
    number = re.findall(r'<xf numFmtId="(\d+)"', styles.partition("<cellXfs")[2])[int(style[1])]
    return re.search(rf'<numFmt numFmtId="{number}" formatCode="([^"]*)"', styles)[1]


@pytest.mark.parametrize(("rows", "filtered"), [([["x", "y"]] * 3, "A1:B4"), ([], "A1:B1")])
def test_a_workbook_filters_by_its_header(rows, filtered):
    content = write_xlsx(["a", "b"], rows, title="Présences")

    assert sheet_names(content) == ["Présences"]
    assert f'<autoFilter ref="{filtered}"/>' in part(content)


def test_a_title_that_no_sheet_can_have_is_made_one():
    content = write_xlsx(["a"], [], title="'[2027/03]: who? '")

    assert sheet_names(content) == [" 2027 03   who  "]


def workbook(fill) -> bytes:
    """A workbook whose first sheet has the usual header, and what `fill(book, sheet)` adds below it."""

    def with_header(book, sheet):
        write_rows(sheet, [["first_name", "last_name"]])
        fill(book, sheet)

    return xlsx(with_header)


def person(book, sheet):
    write_rows(sheet, [["Ana", "Silva"]], first=1)


def merge(book, sheet):
    write_rows(sheet, [["Ana", "Silva"], ["Bo", ""]], first=1)
    sheet.merge_range("B2:B3", "Silva")


def test_a_merged_cell_is_named_not_read_as_empty():
    with pytest.raises(Unreadable, match="2 à 3"):
        read_table("list.xlsx", workbook(merge))


@pytest.mark.parametrize("result", [b"<v></v>", b"<v/>", b""])
def test_a_formula_without_its_result_is_named_not_read_as_empty(result):
    def calculate(book, sheet):
        sheet.write_formula("A2", "=B2&B1", None, "Ana")
        sheet.write("B2", "Silva")

    content = with_part(workbook(calculate), lambda xml: xml.replace(b"<v>Ana</v>", result))

    with pytest.raises(Unreadable, match="A2"):
        read_table("list.xlsx", content)
    assert read_table("list.xlsx", workbook(calculate)).rows == [(2, ["Ana", "Silva"])]


def test_a_failed_formula_is_read_as_the_screen_shows_it():
    def fail(book, sheet):
        write_rows(sheet, [["Ana"]], first=1)
        sheet.write_formula("B2", "=NA()", None, "#N/A")

    assert read_table("list.xlsx", workbook(fail)).rows == [(2, ["Ana", "#N/A"])]


@pytest.mark.parametrize("said", [b"A1", b"A1:XFD1048576", b"zz", b"A1:A1", b"A:B"])
def test_a_wrong_record_of_the_size_loses_no_row(said):
    wrong = with_part(workbook(person), lambda xml: xml.replace(b'ref="A1:B2"', b'ref="%s"' % said))

    assert b'ref="%s"' % said in part(wrong).encode()
    assert read_table("list.xlsx", wrong).rows == [(2, ["Ana", "Silva"])]


def test_rows_that_are_only_formatted_do_not_count():
    def far(book, sheet):
        sheet.write("A60000", "Ana")

    assert read_table("list.xlsx", workbook(far)).rows == [(60000, ["Ana", ""])]


def test_a_hidden_sheet_is_not_the_list():
    def hide(book, sheet):
        seen = book.add_worksheet("seen")
        write_rows(seen, [["first_name"], ["Ana"]])
        seen.activate()
        sheet.hide()

    assert read_table("list.xlsx", workbook(hide)).rows == [(2, ["Ana"])]


def is_heading(cells: list[str]) -> bool:
    return "first_name" in cells


def test_the_sheet_that_holds_the_list_is_read_whatever_comes_first():
    def cover(book, sheet):
        write_rows(book.add_worksheet("Notes"), [["To", "read"]])
        write_rows(book.add_worksheet("People"), [["first_name"], ["Ana"]])

    found = read_table("list.xlsx", xlsx(cover), is_heading)
    assert (found.sheet, found.rows) == ("People", [(2, ["Ana"])])
    assert read_table("list.xlsx", xlsx(cover)).header == ["To", "read"]
    assert read_table("list.xlsx", workbook(lambda book, sheet: None), is_heading).sheet == ""


def test_sheets_whose_rows_begin_far_down_are_not_searched_to_the_end():
    def far(book, sheet):
        write_rows(sheet, [["Prénom", "Nom"], ["Zoé", "Œuvrard"]])
        for _sheet in range(5):
            book.add_worksheet().write("A1048576", "x")

    asked = []
    read = read_table("x.xlsx", xlsx(far), lambda cells: asked.append(cells) or False)
    assert read.rows == [(2, ["Zoé", "Œuvrard"])]
    assert not any("x" in cells for cells in asked)


def test_titles_above_the_headings_are_left_out_and_may_share_cells():
    def title(book, sheet):
        sheet.merge_range("A1:B2", "Congress")
        write_rows(
            sheet, [["As of", "25/11/2026"], [], ["first_name", "last_name"], ["Ana", "Silva"]], first=2
        )

    found = read_table("list.xlsx", xlsx(title), is_heading)
    assert (found.header, found.header_row) == (["first_name", "last_name"], 5)
    assert found.rows == [(6, ["Ana", "Silva"])]


def test_a_title_of_one_cell_is_no_heading_though_nobody_knows_the_words():
    table = read_table("x.csv", "Congrès, le 25;;\n;;\nVorname;Nachname\nAna;Silva\n".encode())
    assert (table.header, table.header_row, table.rows) == (
        ["Vorname", "Nachname"],
        3,
        [(4, ["Ana", "Silva"])],
    )
    assert read_table("x.csv", b"email\na@x.example\n").header == ["email"]


def test_a_macintosh_and_a_bar_between_cells():
    mac = "Prénom;Nom\rZoé;Forêt\r".encode("mac-roman")
    assert read_table("x.csv", mac).rows == [(2, ["Zoé", "Forêt"])]
    assert read_table("x.csv", "Nom\nŽižek\n".encode("cp1252")).rows == [(2, ["Žižek"])]
    assert read_table("x.csv", b"a|b\n1,5|2\n").rows == [(2, ["1,5", "2"])]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"%PDF-1.7\n1 0 obj\n", "document"),
        (b"{\\rtf1\\ansi", "document"),
        (b'[{"first_name": "a"}]', "document"),
        (b"\n<html><table><tr><td>Nom</table>", "page web"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "XML"),
        (ods(kind="text"), "LibreOffice"),
    ],
)
def test_another_kind_of_file_is_called_by_its_name(content: bytes, word: str):
    with pytest.raises(Unreadable, match=word):
        read_table("list.xlsx", content)


def test_a_part_that_unpacks_to_far_too_much_is_refused_unread():
    file = io.BytesIO(workbook(lambda book, sheet: None))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/theme/theme2.xml", b" " * 31 * 1024 * 1024)
    with pytest.raises(Unreadable, match="démesuré"):
        read_table("list.xlsx", file.getvalue())


def test_a_quotation_mark_without_its_end_is_named_by_its_line():
    with pytest.raises(Unreadable, match="ligne 2"):
        read_table("list.csv", b'first_name,last_name\n"Ana,Silva\nBo,Li\n')
    with pytest.raises(Unreadable, match="ligne 2"):
        read_table("list.csv", b'first_name,last_name\n"' + b"a" * 200_000)
    assert read_table("list.csv", b'a,b\nscreen 17",x\n').rows == [(2, ['screen 17"', "x"])]


def test_the_line_with_which_excel_names_the_separator():
    assert read_table("list.csv", b"sep=;\r\na;b\r\n1,5;2\r\n").rows == [(2, ["1,5", "2"])]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4))
def test_whatever_is_written_is_read_back_and_never_a_formula(rows):
    def kept(text):
        return UNWRITABLE.sub("", text)

    filled = [row for row in rows if any(kept(text).strip() for text in row)]
    for content in (write_csv(["a", "b"], filled), write_xlsx(["a", "b"], filled)):
        read = [
            [kept(cell).replace("\r\n", "\n") for cell in row] for _n, row in read_table("x", content).rows
        ]
        wanted = [[kept(text).replace("\r\n", "\n") for text in row] for row in filled]
        assert [[cell.strip() for cell in row] for row in read] == [
            [t.strip() for t in row] for row in wanted
        ]
    lines = csv.reader(io.StringIO(write_csv(["a", "b"], filled).decode("utf-8-sig"), newline=""))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for line in lines for cell in line)


PEOPLE = [["first_name", "last_name"], ["Zoé", "Œuvrard"], [7.0, datetime.date(2027, 1, 2)]]
READ = [(2, ["Zoé", "Œuvrard"]), (3, ["7", "2027-01-02"])]
ODS_ROWS = (
    cell("first_name") + cell("last_name"),
    cell("Zoé") + cell("Œuvrard"),
    cell("7", 'office:value-type="float" office:value="7"')
    + cell("02/01/2027", 'office:value-type="date" office:date-value="2027-01-02"'),
)


@pytest.mark.parametrize("content", [xls(PEOPLE, hidden=[["x"]]), ods(table("S", *ODS_ROWS))])
def test_old_and_open_workbooks_are_read_by_their_content(content):
    found = read_table("list.csv", content)

    assert (found.sheet, found.rows) == ("", READ)


def test_open_workbooks_show_what_a_hidden_sheet_does_not():
    content = ods(table("Hidden", cell("x"), style="hidden"), table("S", *ODS_ROWS))

    found = read_table("list.ods", content)

    assert (found.sheet, found.rows) == ("", READ)


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
def test_cells_of_old_and_open_workbooks_that_show_more_than_they_hold_are_named(content, words):
    with pytest.raises(Unreadable, match=words):
        read_table("list", content, is_heading)


def test_a_failed_formula_of_an_open_workbook_is_read_as_the_screen_shows_it():
    failed = cell("#N/A", 'office:value-type="string" office:string-value="" calcext:value-type="error"')

    assert read_table("x.ods", ods(table("S", ODS_ROWS[0], cell("Ana") + failed))).rows == [
        (2, ["Ana", "#N/A"])
    ]


def test_a_column_that_is_left_empty_keeps_its_place():
    def indent(book, sheet):
        sheet.write_row("C1", ["first_name", "last_name"])
        sheet.write_row("C2", ["Ana", "Silva"])

    found = read_table("x.xlsx", xlsx(indent), is_heading)

    assert (found.header, found.rows) == (
        ["", "", "first_name", "last_name"],
        [(2, ["", "", "Ana", "Silva"])],
    )


def test_many_shared_strings_are_read_quickly_and_a_sheet_of_a_trillion_cells_is_refused():
    strings = b"<si><t>a</t></si>" * 8_000_000
    content = with_part(
        workbook(person), lambda xml: xml.replace(b"</sst>", strings + b"</sst>"), "xl/sharedStrings.xml"
    )
    assert len(content) < 500_000
    names_people = functools.partial(names_columns, NAMES)
    assert read_upload("list.xlsx", content, names_people).rows == [(2, ["Ana", "Silva"])]

    def corners(book, sheet):
        sheet.write("A1", "first_name")
        sheet.write("XFD1048576", "x")

    with pytest.raises(TooDemanding):
        read_upload("list.xlsx", xlsx(corners), names_people)
