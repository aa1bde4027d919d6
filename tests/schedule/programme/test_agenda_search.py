"""Search that tolerates typing errors in French and English words and in names."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html

from convention.text.normalize import search_text
from schedule.programme.agenda_search import find_similar_sessions
from tests.factories import make_event, make_room, make_session
from tests.step_counts import count_steps

TEXTS = {
    1: "Sécurité des réseaux : durcir Kubernetes. Anaïs Lefebvre",
    2: "Énergie des centres de données, par Zoé Łódź",
    3: "Postgres without downtime, Håkon Ødegård",
    4: "Développement responsable. François Müller",
}
VOCABULARY = {
    search_text(word).strip(): word.lower()
    for text in TEXTS.values()
    for word in text.replace(".", "").split()
}


def find(*words):
    texts = {pk: search_text(text) for pk, text in TEXTS.items()}
    return find_similar_sessions(words, texts, VOCABULARY)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("resaux", 1), ("securtie", 1), ("kubernets", 1), ("kuberentes", 1), ("lefevre", 1), ("anias", 1),
        ("energei", 2), ("donees", 2), ("lodzz", 2),
        ("postgers", 3), ("downtme", 3), ("odegaard", 3), ("witout", 3),
        ("developement", 4), ("developpment", 4), ("francios", 4), ("muler", 4),
    ],
)  # fmt: skip
def test_misspelled_word_finds_the_session(typed, number):
    assert find(typed).session_ids == {number}


@pytest.mark.parametrize("typed", ["xyz", "zoo", "reseauxquantiques", "blockchain"])
def test_unknown_word_finds_nothing(typed):
    assert find(typed).session_ids == frozenset()


def test_similar_words_are_returned_with_accents():
    assert find("developement").similar_words == ("développement",)


def test_correct_and_misspelled_words_must_match_the_same_session():
    assert find("anais", "resaux").session_ids == {1}
    assert find("zoe", "resaux").session_ids == frozenset()


def make_searched_event(slug):
    """Create an event with the sessions “Réseaux” and “Réseau”."""
    event = make_event(slug=slug)
    make_session(event, "Réseaux", room=make_room(event, "Amphi Curie"), speakers=("Anaïs Lefèvre",))
    make_session(event, "Réseau", starts_at=event.starts_at + datetime.timedelta(days=1))
    return event


@pytest.fixture
def event(db):
    return make_searched_event("conf")


def get_page(client, query, slug="conf"):
    return html.fromstring(client.get(f"/en/events/{slug}/agenda/?q={query}").text)


def list_titles(page):
    return page.xpath("//article/h4/a/text()")


def test_the_page_says_that_it_shows_similar_words(client, event):
    page = get_page(client, "anais+lefvre")

    assert list_titles(page) == ["Réseaux"]
    count = page.xpath("string(//p[@class='result-count'])")
    assert "No session contains “anais lefvre”. Showing sessions with similar words: lefèvre." in count


def test_exact_match_shows_no_similar_words(client, event):
    page = get_page(client, "reseaux")

    assert list_titles(page) == ["Réseaux"]
    assert "similar" not in page.xpath("string(//p[@class='result-count'])")


def test_misspelled_search_makes_two_queries_more_than_an_exact_one(client, event, django_assert_num_queries):
    # Of another event, whose texts are not cached by the exact search.
    make_searched_event("other")

    with CaptureQueriesContext(connection) as exact:
        get_page(client, "reseaux")
    with django_assert_num_queries(len(exact) + 2):
        page = get_page(client, "resaux", slug="other")

    assert list_titles(page) == ["Réseaux"]
    assert "Showing sessions with similar words" in page.xpath("string(//p[@class='result-count'])")


def test_words_that_cannot_be_close_are_not_compared():
    vocabulary = {word: word for word in (f"mot{number:09}" for number in range(30_000))}

    steps = count_steps(lambda: find_similar_sessions(["developement"], {1: " mot000000001"}, vocabulary))

    # A word that is rejected takes five calls and one pass; counting the edits of two words takes hundreds.
    assert steps < 8 * len(vocabulary)
