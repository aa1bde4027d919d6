"""Text tidied and folded."""

import pytest

from convention import search
from convention.text import filed, fold


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
    assert fold(text) == folded


def test_what_is_searched_folds_as_what_is_sorted():
    for name in ("Œuvrard", "Ångström", "Łukasz", "Dupré"):
        assert search.fold(name) == f" {fold(name)}"


def test_a_name_is_filed_without_apostrophes_and_hyphens():
    for name in ("Jean-Noël d’Aix", "jean noel d'aix", "JEAN\u2010NOËL D\u02bcAIX"):
        assert filed(name) == "jean noel d aix"
