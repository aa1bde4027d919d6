"""Find sessions by words in any order, without accents, also with typing errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache

from convention.events.models import Event
from convention.text.edit_distance import find_close_words
from convention.text.normalize import (
    WORD_PATTERN,
    anchor_search_word,
    matches_search_words,
    search_text,
    split_search_words,
)
from schedule.models import ProgrammeAudience, SessionSpeaker

from .programme_version import ProgrammeVersion

SEARCH_CACHE_SECONDS: Final = 600
# More similar words would hardly be what the visitor meant.
MAX_SIMILAR_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class FoundSessions:
    """The result of a search; `similar_words` are those found instead of words that no session has."""

    session_ids: frozenset[int] = frozenset()
    similar_words: tuple[str, ...] = ()


def find_sessions(event: Event, programme_version: ProgrammeVersion, query: str) -> FoundSessions:
    """Return the sessions with all words of the query; if there are none, those with similar words.

    A query without letters and digits finds nothing, rather than everything.
    """
    wanted = split_search_words(query)
    texts = load_search_texts(event, programme_version)
    if not wanted:
        return FoundSessions()
    if exact := find_matching_texts(texts, [[word] for word in wanted]):
        return FoundSessions(exact)
    return find_similar_sessions(wanted, texts, load_vocabulary(event, programme_version))


def find_similar_sessions(
    wanted: Iterable[str], texts: Mapping[int, str], vocabulary: Mapping[str, str]
) -> FoundSessions:
    """Return the sessions that have each wanted word or one close to it.

    `vocabulary` maps words without accents to their spelling.
    """
    alternatives = {word: find_close_words(word, vocabulary)[:MAX_SIMILAR_WORDS] for word in wanted}
    found = find_matching_texts(texts, [[word, *others] for word, others in alternatives.items()])
    similar = {close for word, others in alternatives.items() for close in others if close != word}
    used = [word for word in similar if any(matches_search_words([word], texts[pk]) for pk in found)]
    return FoundSessions(found, tuple(sorted(vocabulary[word] for word in used)))


def find_matching_texts(texts: Mapping[int, str], alternatives: Iterable[Iterable[str]]) -> frozenset[int]:
    """Return the ids of the texts that contain at least one word of each group of alternatives."""
    anchored = [[anchor_search_word(word) for word in words] for words in alternatives]
    return frozenset(
        pk for pk, text in texts.items() if all(any(word in text for word in words) for words in anchored)
    )


def load_search_texts(event: Event, programme_version: ProgrammeVersion) -> dict[int, str]:
    """Return the searchable words of each scheduled session, cached while the programme is unchanged."""
    key = f"agenda-texts-{programme_version.cache_key}"
    texts: dict[int, str] | None = cache.get(key)
    if texts is None:
        texts = {pk: search_text(text) for pk, text in query_texts(event, programme_version.audience).items()}
        cache.set(key, texts, SEARCH_CACHE_SECONDS)
    return texts


def load_vocabulary(event: Event, programme_version: ProgrammeVersion) -> dict[str, str]:
    """Return all words of the programme by their form without accents, cached while it is unchanged."""
    key = f"agenda-words-{programme_version.cache_key}"
    vocabulary: dict[str, str] | None = cache.get(key)
    if vocabulary is None:
        words = {
            word
            for text in query_texts(event, programme_version.audience).values()
            for word in WORD_PATTERN.findall(text.lower())
        }
        # Sorted, so that each process shows the same spelling of a word.
        vocabulary = {search_text(word).strip(): word for word in sorted(words)}
        cache.set(key, vocabulary, SEARCH_CACHE_SECONDS)
    return vocabulary


def query_texts(event: Event, audience: ProgrammeAudience) -> dict[int, str]:
    """Return all texts of each session that an audience sees, with room, track and speakers: two queries."""
    columns = ("pk", "title", "subtitle", "abstract", "description", "room__name", "track__name")
    names: dict[int, str] = {}
    appearances = SessionSpeaker.objects.filter(session__event=event)
    for pk, name in appearances.values_list("session_id", "speaker__name"):
        names[pk] = f"{names.get(pk, '')} {name}"
    rows = event.sessions.published(audience=audience).values_list(*columns)
    return {pk: " ".join((*filter(None, parts), names.get(pk, ""))) for pk, *parts in rows}
