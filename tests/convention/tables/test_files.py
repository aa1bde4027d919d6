"""Tables as files: read leniently, written without formulas."""

import codecs
import csv
import datetime
import decimal
import io
import re
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convention.errors import UnreadableFile
from convention.tables.files import UNWRITABLE_PATTERN, read_table, write_csv, write_xlsx
from tests.workbooks import cell_types, ods, read_part, read_values, sheet_names

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
def test_common_encodings_and_delimiters_are_read(content: bytes):
    table = read_table("list.csv", content)

    assert table.header == ["Prénom", "Nom"]
    assert table.rows == ROWS


def test_workbook_is_recognized_by_content_not_name():
    content = write_xlsx(
        ["Prénom", "Nom"], [["Zoé", "Œuvrard"], [None, None], [7.0, datetime.date(2027, 1, 2)]]
    )
    table = read_table("list.csv", content)

    assert table.rows == [(2, ["Zoé", "Œuvrard"]), (4, ["7", "2027-01-02"])]


def test_empty_rows_are_skipped_but_counted_in_row_numbers():
    assert read_table("x", b"a,b\n\n,\n1,2\n").rows == [(4, ["1", "2"])]


def test_quoted_cells_may_contain_delimiters_and_newlines():
    assert read_table("x", b'a,b\n"1;,\n2",3\n').rows == [(2, ["1;,\n2", "3"])]


def make_zip(**files: str) -> bytes:
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
        make_zip(hello="world"),
        b"\x00\x01\x02\x7fELF\x00",
        b"a,b\n" + b'"' + b"x" * 200_000 + b'"',
        b"x\n" * 50_010,
        b"x" * (20 * 1024 * 1024 + 1),
        write_xlsx(["a"], [["b"]])[:-200],
    ],
)
def test_unreadable_file_is_refused_with_a_sentence(content: bytes):
    with pytest.raises(UnreadableFile) as refusal:
        read_table("list", content)
    assert str(refusal.value).endswith(".")


UNSAFE_CELLS = [
    "=1+1",
    "+33 1",
    "-2",
    "@SUM(A1)",
    "\tx",
    "O’Neil",
    "李",
    "a\x07b",
    "😀",
    '=HYPERLINK("http://x")',
]


def test_csv_cells_are_never_formulas():
    rows = list(
        csv.reader(io.StringIO(write_csv(["x"], [[text] for text in UNSAFE_CELLS]).decode("utf-8-sig")))
    )
    assert [row[0] for row in rows[1:]] == [
        "'=1+1", "'+33 1", "'-2", "'@SUM(A1)", "'\tx", "O’Neil", "李", "ab", "😀", "'=HYPERLINK(\"http://x\")",
    ]  # fmt: skip


def test_csv_cells_split_at_semicolons_are_never_formulas():
    """A French Excel splits at semicolons when a .csv is opened by a double click."""
    cruel = ["A;=1+1;B", "A;-2", "ligne\n=1+1", "a;b", "c\t@SUM(A1)"]
    written = write_csv(["x", "y"], [[cell, cell] for cell in cruel])
    text = written.decode("utf-8-sig")

    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=";") for cell in row]

    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert [row for _number, row in read_table("x.csv", written).rows] == [[cell, cell] for cell in cruel]


def test_workbook_cells_are_never_formulas():
    content = write_xlsx(["=header"], [[text] for text in UNSAFE_CELLS])

    assert cell_types(content) == {"s"}
    assert read_values(content)[1] == ["=1+1"]


def test_workbook_preserves_types_and_drops_time_zones():
    moment = datetime.datetime(2027, 6, 1, 9, 30, tzinfo=datetime.UTC)
    day, time = datetime.date(2027, 6, 1), datetime.time(9, 30)

    content = write_xlsx(["at", "price", "day", "time", "yes"], [[moment, 12.5, day, time, True]])

    assert read_values(content)[1] == [datetime.datetime(2027, 6, 1, 9, 30), 12.5, day, time, True]


def test_csv_and_workbook_format_datetimes_and_prices():
    moment = datetime.datetime(2027, 6, 1, 9, 30, 5, 7, tzinfo=datetime.UTC)
    rows = [[moment, decimal.Decimal(12_000).scaleb(-2)]]

    assert write_csv(["at", "price"], rows).decode("utf-8-sig") == "at,price\r\n2027-06-01 09:30,120.00\r\n"
    content = write_xlsx(["at", "price"], rows)
    assert read_values(content)[1] == [datetime.datetime(2027, 6, 1, 9, 30, 5), 120]
    assert get_number_format(content, "B2") == "0.00"


def get_number_format(content: bytes, name: str) -> str:
    """Return the number format of a cell."""
    style = re.search(rf'<c r="{name}" s="(\d+)"', read_part(content))
    styles = read_part(content, "xl/styles.xml")
    number = re.findall(r'<xf numFmtId="(\d+)"', styles.partition("<cellXfs")[2])[int(style[1])]
    return re.search(rf'<numFmt numFmtId="{number}" formatCode="([^"]*)"', styles)[1]


@pytest.mark.parametrize(("rows", "filtered"), [([["x", "y"]] * 3, "A1:B4"), ([], "A1:B1")])
def test_workbook_has_autofilter_on_header(rows, filtered):
    content = write_xlsx(["a", "b"], rows, title="Présences")

    assert sheet_names(content) == ["Présences"]
    assert f'<autoFilter ref="{filtered}"/>' in read_part(content)


def test_invalid_sheet_title_is_sanitized():
    content = write_xlsx(["a"], [], title="'[2027/03]: who? '")

    assert sheet_names(content) == [" 2027 03   who  "]


def test_title_row_of_one_cell_is_not_the_header():
    table = read_table("x.csv", "Congrès, le 25;;\n;;\nVorname;Nachname\nAna;Silva\n".encode())

    assert table.header == ["Vorname", "Nachname"]
    assert table.header_row == 3
    assert table.rows == [(4, ["Ana", "Silva"])]
    assert read_table("x.csv", b"email\na@x.example\n").header == ["email"]


def test_mac_roman_cp1252_and_pipe_delimiter_are_read():
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
def test_other_file_kind_is_named_in_error(content: bytes, word: str):
    with pytest.raises(UnreadableFile, match=word):
        read_table("list.xlsx", content)


def test_unclosed_quote_is_reported_with_line_number():
    with pytest.raises(UnreadableFile, match="ligne 2"):
        read_table("list.csv", b'first_name,last_name\n"Ana,Silva\nBo,Li\n')
    with pytest.raises(UnreadableFile, match="ligne 2"):
        read_table("list.csv", b'first_name,last_name\n"' + b"a" * 200_000)
    assert read_table("list.csv", b'a,b\nscreen 17",x\n').rows == [(2, ['screen 17"', "x"])]


def test_excel_separator_line_sets_delimiter():
    assert read_table("list.csv", b"sep=;\r\na;b\r\n1,5;2\r\n").rows == [(2, ["1,5", "2"])]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4))
def test_written_tables_are_read_back_and_contain_no_formula(rows):
    def kept(text):
        return UNWRITABLE_PATTERN.sub("", text)

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
