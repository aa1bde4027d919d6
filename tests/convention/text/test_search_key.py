import pytest

from convention.text.normalize import matches_search_words, search_text, split_search_words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’été à la plage", " l ete a la plage"),
        ("Œuvre & STRASSE: straße", " oeuvre strasse strasse"),
        ("Łódź, Ærø", " lodz aero"),
        ("Ελληνικά", " ελληνικα"),
        ("C++ / .NET 8", " c net 8"),
        ("  ", " "),
    ],
)
def test_search_text_is_normalized(text, folded):
    assert search_text(text) == folded


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("energie ia", True),
        ("IA énergie", True),
        ("ener", True),
        ("nergie", False),
        ("energie cloud", False),
        ("", True),
    ],
)
def test_search_words_match_word_beginnings_in_any_order(query, found):
    assert (
        matches_search_words(split_search_words(query), search_text("IA et énergie : compter juste")) is found
    )


def test_scripts_without_spaces_match_anywhere():
    assert matches_search_words(split_search_words("会議"), search_text("第五回会議の記録"))


def test_long_queries_are_truncated():
    assert split_search_words("a " * 1000) == ["a"] * 12
