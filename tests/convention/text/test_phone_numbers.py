"""Phone numbers: what is accepted, how they are dialled and searched."""

import pytest
from django.utils import translation

from convention.text.phone_numbers import (
    find_phone_error,
    is_same_phone,
    join_searched_digits,
    make_phone_url,
    normalize_phone,
)


@pytest.mark.parametrize(
    "phone",
    [
        "01 23 45 67 89", "01.23.45.67.89", "0123456789", "+33 1 23 45 67 89", "+33 (0)1 23 45 67 89",
        "(+44) 20-7946-0000", "0033 1 23 45 67 89", "01 23 45 67 89 ext. 12", "01 23 45 67 89 poste 4",
        "01 23 45 67 89 x12", "123456", "1" * 20,
    ],
)  # fmt: skip
def test_phone_number_is_accepted(phone):
    assert find_phone_error(phone) == ""


@pytest.mark.parametrize(
    "phone",
    [
        "12345", "1" * 21, "01 23 45 67 89 / 06 12 34 56 78", "call me", "0123+456789", "()()()()",
        "<b>0123456789", "٠١٢٣٤٥٦٧٨٩", "0123456789 ext. 1234567", "01 " * 5000, "tel:0123456789",
        "0123456789 ext.",
    ],
)  # fmt: skip
def test_other_text_is_no_phone_number(phone):
    with translation.override("en"):
        error = find_phone_error(phone)

    assert error.startswith("Enter one phone number of 6 to 20 digits")


def test_phone_number_stays_as_typed_with_plain_spaces_and_hyphens():
    assert normalize_phone("  01\u202f23\u00a045  67\u201189 ") == "01 23 45 67-89"


@pytest.mark.parametrize(
    ("phone", "url"),
    [
        ("01 23 45 67 89", "tel:0123456789"),
        ("+33 (0)1.23.45.67.89", "tel:+33123456789"),
        ("(+44) 20-7946-0000", "tel:+442079460000"),
        ("01 23 45 67 89 ext. 12", "tel:0123456789;ext=12"),
        ("ask at the desk", ""),
        ("", ""),
    ],
)
def test_link_has_only_digits(phone, url):
    assert make_phone_url(phone) == url


def test_same_number_typed_differently_is_recognized():
    assert is_same_phone("+33 (0)6 39 98 00 01", "06.39.98.00.01")
    assert is_same_phone("0033 6 39 98 00 01", "0639980001")


def test_other_extension_is_another_number():
    assert not is_same_phone("01 23 45 67 89 ext. 1", "01 23 45 67 89 ext. 2")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("06 39 98", "063998"),
        ("+33 6 39 98 00 01", "0639980001"),
        ("Ana Petit", "Ana Petit"),
        ("Paris 12", "Paris 12"),
        ("12", "12"),
        ("1 " * 5000, "1 " * 5000),
    ],
)
def test_searched_number_loses_its_spaces(words, expected):
    assert join_searched_digits(words) == expected


def test_number_stored_with_typographic_spaces_has_a_link():
    assert make_phone_url("06\u00a039\u00a098\u202f00\u00a001") == "tel:0639980001"
