"""Tables as files: read leniently, written so that nothing runs."""

import codecs
import csv
import datetime
import io
import zipfile

import openpyxl
import pytest

from convention.errors import Unreadable
from convention.tables import read_table, write_csv, write_xlsx

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


def test_no_cell_of_a_workbook_is_a_formula():
    content = write_xlsx(["=header"], [[text] for text in CRUEL])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert sheet["A2"].value == "=1+1"


def test_moments_lose_their_zone_and_numbers_stay_numbers():
    moment = datetime.datetime(2027, 6, 1, 9, 30, tzinfo=datetime.UTC)
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(["at", "price"], [[moment, 12.5]]))).active
    assert (sheet["A2"].value, sheet["B2"].value) == (datetime.datetime(2027, 6, 1, 9, 30), 12.5)
