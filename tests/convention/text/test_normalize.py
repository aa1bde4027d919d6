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
def test_names_fold_to_what_one_types(text, folded):
    assert casefold_text(text) == folded


def test_what_is_searched_folds_as_what_is_sorted():
    for name in ("Œuvrard", "Ångström", "Łukasz", "Dupré"):
        assert normalize.search_text(name) == f" {casefold_text(name)}"


def test_a_name_is_filed_without_apostrophes_and_hyphens():
    for name in ("Jean-Noël d’Aix", "jean noel d'aix", "JEAN\u2010NOËL D\u02bcAIX"):
        assert name_search_key(name) == "jean noel d aix"


def test_signed_digits_are_a_number_and_nothing_else_is():
    assert [normalize.parse_signed_digits(text) for text in ("12", "-3", "0")] == [12, -3, 0]
    assert [normalize.parse_signed_digits(text) for text in ("", "-", "--3", "+3", "1.5", "²")] == [None] * 6
