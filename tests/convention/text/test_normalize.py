"""Normalized text."""

import pytest

from convention.text import normalize
from convention.text.normalize import casefold_text, name_search_key


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Élodie  DUPRÉ-Œuvrard", "elodie dupre-oeuvrard"),
        ("Łódź, Ærø, Straße", "lodz, aero, strasse"),
        ("Đặng Þór Guðrún", "dang thor gudrun"),
        ("  Plain  ASCII ", "plain ascii"),
        ("สวัสดี", "สวัสดี"),
        ("日本", "日本"),
    ],
)
def test_casefold_removes_accents_and_case(text, folded):
    assert casefold_text(text) == folded


def test_search_text_agrees_with_casefold():
    for name in ("Œuvrard", "Ångström", "Łukasz", "Dupré"):
        assert normalize.search_text(name) == f" {casefold_text(name)}"


def test_name_search_key_ignores_apostrophes_and_hyphens():
    for name in ("Jean-Noël d’Aix", "jean noel d'aix", "JEAN\u2010NOËL D\u02bcAIX"):
        assert name_search_key(name) == "jean noel d aix"


def test_only_signed_digits_are_parsed_as_numbers():
    assert [normalize.parse_signed_digits(text) for text in ("12", "-3", "0")] == [12, -3, 0]
    assert [normalize.parse_signed_digits(text) for text in ("", "-", "--3", "+3", "1.5", "²")] == [None] * 6
