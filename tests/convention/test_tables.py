"""Tables as files: read leniently, written so that nothing runs."""

import codecs
import csv
import datetime
import decimal
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convention.errors import Unreadable
from convention.tables import UNWRITABLE, read_table, write_csv, write_xlsx

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
        b"\xd0\xcf\x11\xe0old excel",
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
    book = openpyxl.Workbook()
    book.active.append(["email"])
    plain = io.BytesIO()
    book.save(plain)
    heavy = io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(heavy, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/styles.xml":
                content = content.replace(b"</cellXfs>", b"<xf/>" * 1_000_000 + b"</cellXfs>")
            target.writestr(name, content)
    with pytest.raises(Unreadable, match="démesuré"):
        read_table("x.xlsx", heavy.getvalue())


def test_no_cell_of_a_workbook_is_a_formula():
    content = write_xlsx(["=header"], [[text] for text in CRUEL])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert sheet["A2"].value == "=1+1"


def test_moments_lose_their_zone_and_numbers_stay_numbers():
    moment = datetime.datetime(2027, 6, 1, 9, 30, tzinfo=datetime.UTC)
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(["at", "price"], [[moment, 12.5]]))).active
    assert (sheet["A2"].value, sheet["B2"].value) == (datetime.datetime(2027, 6, 1, 9, 30), 12.5)


def test_moments_and_prices_are_written_one_way():
    moment = datetime.datetime(2027, 6, 1, 9, 30, 5, 7, tzinfo=datetime.UTC)
    rows = [[moment, decimal.Decimal(12_000).scaleb(-2)]]
    assert write_csv(["at", "price"], rows).decode("utf-8-sig") == "at,price\r\n2027-06-01 09:30,120.00\r\n"
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(["at", "price"], rows))).active
    assert sheet["A2"].value == datetime.datetime(2027, 6, 1, 9, 30, 5)
    assert (sheet["B2"].value, sheet["B2"].number_format) == (120, "0.00")


@pytest.mark.parametrize(("rows", "filtered"), [([["x", "y"]] * 3, "A1:B4"), ([], "A1:B1")])
def test_a_workbook_filters_by_its_header(rows, filtered):
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(["a", "b"], rows, title="Présences"))).active
    assert (sheet.title, sheet.auto_filter.ref) == ("Présences", filtered)


def workbook(fill) -> bytes:
    """A workbook whose first sheet has the usual header, and what `fill(book, sheet)` adds."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["first_name", "last_name"])
    fill(book, book.active)
    book.save(file)
    return file.getvalue()


def with_sheet(content: bytes, change) -> bytes:
    """The workbook with the XML of its first sheet changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == "xl/worksheets/sheet1.xml" else data)
    return file.getvalue()


def merge(book, sheet):
    sheet.append(["Ana", "Silva"])
    sheet.append(["Bo", ""])
    sheet.merge_cells("B2:B3")


@pytest.mark.parametrize(
    ("fill", "sentence"),
    [
        (lambda book, sheet: sheet.append(["=A1&B1", "Silva"]), "A2"),
        (merge, "2 à 3"),
    ],
)
def test_a_cell_that_shows_more_than_the_file_holds_is_named_not_read_as_empty(fill, sentence):
    with pytest.raises(Unreadable, match=sentence):
        read_table("list.xlsx", workbook(fill))


def test_a_wrong_record_of_the_size_loses_no_row():
    content = workbook(lambda book, sheet: sheet.append(["Ana", "Silva"]))
    for said in (b"A1", b"A1:XFD1048576", b"zz", b"A1:A1"):
        wrong = with_sheet(content, lambda xml, said=said: xml.replace(b'ref="A1:B2"', b'ref="%s"' % said))
        assert read_table("list.xlsx", wrong).rows == [(2, ["Ana", "Silva"])]


def test_rows_that_are_only_formatted_do_not_count():
    def far(book, sheet):
        sheet["A60000"] = "Ana"

    assert read_table("list.xlsx", workbook(far)).rows == [(60000, ["Ana", ""])]


def test_a_hidden_sheet_is_not_the_list():
    def hide(book, sheet):
        seen = book.create_sheet("seen")
        seen.append(["first_name"])
        seen.append(["Ana"])
        sheet.sheet_state, book.active = "hidden", 1

    assert read_table("list.xlsx", workbook(hide)).rows == [(2, ["Ana"])]


def is_heading(cells: list[str]) -> bool:
    return "first_name" in cells


def test_the_sheet_that_holds_the_list_is_read_whatever_comes_first():
    def cover(book, sheet):
        sheet.delete_rows(1)
        book.create_sheet("Notes").append(["To", "read"])
        people = book.create_sheet("People")
        people.append(["first_name"])
        people.append(["Ana"])

    table = read_table("list.xlsx", workbook(cover), is_heading)
    assert (table.sheet, table.rows) == ("People", [(2, ["Ana"])])
    assert read_table("list.xlsx", workbook(cover)).header == ["To", "read"]
    assert read_table("list.xlsx", workbook(lambda book, sheet: None), is_heading).sheet == ""


def test_sheets_whose_rows_begin_far_down_are_not_searched_to_the_end():
    book = openpyxl.Workbook()
    for _sheet in range(30):
        book.create_sheet()
    far = b'<sheetData><row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    book.active.append(["Prénom", "Nom"])
    book.active.append(["Zoé", "Œuvrard"])
    plain, data = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as packed, zipfile.ZipFile(data, "w") as other:
        for name in packed.namelist():
            part = packed.read(name)
            other.writestr(name, part.replace(b"<sheetData></sheetData>", far).replace(b"<sheetData />", far))
    asked = []
    read = read_table("x.xlsx", data.getvalue(), lambda cells: asked.append(cells) or False)
    assert (read.rows, any("x" in cells for cells in asked)) == ([(2, ["Zoé", "Œuvrard"])], False)


def test_titles_above_the_headings_are_left_out_and_may_share_cells():
    def title(book, sheet):
        sheet.insert_rows(1, 4)
        sheet["A1"] = "Congress"
        sheet.merge_cells("A1:B2")
        sheet["A3"], sheet["B3"] = "As of", "25/11/2026"
        sheet.append(["Ana", "Silva"])

    table = read_table("list.xlsx", workbook(title), is_heading)
    assert (table.header, table.header_row) == (["first_name", "last_name"], 5)
    assert table.rows == [(6, ["Ana", "Silva"])]


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
        (zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "LibreOffice"),
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
