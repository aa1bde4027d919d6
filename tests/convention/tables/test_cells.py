"""Parsing of cells in uploaded lists."""

import datetime

import pytest

from convention.tables.cells import extract_email_address, find_cell_errors, parse_date_cell

EXPECTED_DATE = datetime.date(2026, 11, 25)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25", "25/11/2026", "25.11.2026", "25-11-2026", "25/11/26", " 2026/11/25 ", "46351",
        "46351.0",
        "2026-11-25 00:00:00", "25/11/2026 10:12:33", "2026-11-25T09:30:00.000Z",
    ],
)  # fmt: skip
def test_common_date_formats_are_parsed(text: str):
    assert parse_date_cell(text) == EXPECTED_DATE


@pytest.mark.parametrize("text", ["", "11/25/2026", "31/02/2026", "123", "99999", "soon", "1e9", "46351.5"])
def test_invalid_date_is_none(text: str):
    assert parse_date_cell(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("zoe@x.example", "zoe@x.example"), ("Zoé Müller <Zoe@x.example>", "Zoe@x.example"),
        ("<zoe@x.example>;", "zoe@x.example"), ("mailto:zoe@x.example", "zoe@x.example"),
        ('"Müller, Zoé" < zoe@x.example >', "zoe@x.example"), ("zoe@x.example,", "zoe@x.example"),
        ("zoe@x.example;ana@x.example", "zoe@x.example;ana@x.example"), ("nobody", "nobody"), ("", ""),
    ],
)  # fmt: skip
def test_email_address_is_extracted_from_cell(text: str, address: str):
    assert extract_email_address(text) == address


def test_formula_error_is_reported_once():
    values = {"name": "#N/A", "company": "#N/A", "city": "#REF!", "room": "#12", "note": "C#"}
    assert [sentence.split("»")[0] for sentence in find_cell_errors(values)] == [
        "Une cellule contient «\u202f#N/A\u202f",
        "Une cellule contient «\u202f#REF!\u202f",
    ]
