"""Recognize languages as people and imported programmes write them."""

import pytest
from django.utils import translation

from convention.text.languages import find_language_code, get_language_name, parse_languages


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fr", "fr"), ("fr_FR", "fr"), ("DE-de", "de"), ("French", "fr"), ("français", "fr"),
        ("FRANCAIS", "fr"), ("anglais", "en"), ("German", "de"), ("japonais", "ja"),
        ("Klingon", "tlh"), ("Sindarin", "Sindarin"), ("", ""),
    ],
)  # fmt: skip
def test_language_is_found_by_code_or_name(text, code):
    assert find_language_code(text) == code


@pytest.mark.parametrize(("site_language", "name"), [("fr", "allemand"), ("en", "German")])
def test_language_name_is_translated(site_language, name):
    with translation.override(site_language):
        assert get_language_name("de") == name
        assert get_language_name("Klingon") == "Klingon"


def test_languages_are_split_at_usual_separators():
    assert parse_languages("de, en; fr_FR / de") == ("de", "en", "fr")
