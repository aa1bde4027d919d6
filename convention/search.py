"""Find sessions by words in any order, whatever the accents and the case."""

import re
import unicodedata

from .text import plain

# Scripts that write words without spaces: there a word is found anywhere, elsewhere at its beginning.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
WORDS = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Words in lower case without accents, each after one space: " l ete a la plage"."""
    letters = "".join(mark for mark in plain(text) if not unicodedata.category(mark).startswith("M"))
    return " " + " ".join(WORDS.findall(letters))


def words(query: str) -> list[str]:
    """The folded words of a search, at most twelve."""
    return fold(query).split()[:12]


def matches(wanted: list[str], folded: str) -> bool:
    """Whether each word begins a word of the folded text (or stands anywhere, in unspaced scripts)."""
    return all((word if UNSPACED.search(word) else f" {word}") in folded for word in wanted)
