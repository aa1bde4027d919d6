"""Slugs are made of words, distinguished by numbers, and never empty."""

import pytest

from convention.text.normalize import make_unique_slug


@pytest.mark.parametrize(
    ("words", "taken", "name"),
    [
        ("Rencontres d’été", set(), "rencontres-d-ete"),
        ("Invité", {"invite", "invite-2"}, "invite-3"),
        ("日本", {"ticket"}, "ticket-2"),
        ("", set(), "ticket"),
        ("x" * 39 + " y", set(), "x" * 39),
    ],
)
def test_slug_is_made_of_words_and_unique(words, taken, name):
    assert make_unique_slug(words, taken=taken, fallback="ticket") == name
