"""Short names are made of words, told apart by numbers, and never empty."""

import pytest

from convention.short_names import short_name


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
def test_a_short_name_is_made_of_the_words(words, taken, name):
    assert short_name(words, taken=taken, or_else="ticket") == name
