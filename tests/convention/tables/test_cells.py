"""What cells of a list say."""

import datetime

import pytest

from convention.tables.cells import extract_email_address, find_cell_errors, parse_date_cell

THE_DAY = datetime.date(2026, 11, 25)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25", "25/11/2026", "25.11.2026", "25-11-2026", "25/11/26", " 2026/11/25 ", "46351",
        "46351.0",
        "2026-11-25 00:00:00", "25/11/2026 10:12:33", "2026-11-25T09:30:00.000Z",
    ],
)  # fmt: skip
def test_a_day_is_read_as_offices_write_it(text: str):
    assert parse_date_cell(text) == THE_DAY


@pytest.mark.parametrize("text", ["", "11/25/2026", "31/02/2026", "123", "99999", "soon", "1e9", "46351.5"])
def test_what_is_no_day_is_none(text: str):
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
def test_an_address_is_taken_out_of_what_stands_around_it(text: str, address: str):
    assert extract_email_address(text) == address


def test_a_formula_that_came_to_nothing_is_told_once():
    values = {"name": "#N/A", "company": "#N/A", "city": "#REF!", "room": "#12", "note": "C#"}
    assert [sentence.split("»")[0] for sentence in find_cell_errors(values)] == [
        "Une cellule contient «\u202f#N/A\u202f",
        "Une cellule contient «\u202f#REF!\u202f",
    ]
