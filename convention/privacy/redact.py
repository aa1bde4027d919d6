"""Strike a person's names and addresses out of text that somebody else wrote, however they are spelled."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from convention.personal import Name, Subject
from convention.text import SIGNS, plain

STRUCK: Final = "…"
BETWEEN: Final = r"[\s\"',;|_.]+"
"""Characters between first and last name, also in cells of a list, names of files and addresses."""
SHORTEST_WORD: Final = 3
"""Letters of a first or last name that is struck where it stands alone; shorter ones are parts of others."""
JSON_BEGINS: Final = frozenset("[{")
SHORTEST_NAME: Final = 5
"""Letters of a full name that is looked for in any row."""


@dataclass(frozen=True)
class Redactor:
    """Replaces addresses and full names, in either order; with `alone` also each name by itself.

    Accents, capitals, hyphens and apostrophes do not matter. `alone` is for text that is known to be about
    the person: a first name by itself may be anybody's.
    """

    subject: Subject
    alone: bool = False

    @cached_property
    def phrases(self) -> set[str]:
        """Folded names to look for."""
        found = {phrase for name in self.subject.names for phrase in full_name_phrases(name)}
        if self.alone:
            found |= {phrase for name in self.subject.names for phrase in parts_of(name)}
        return found

    @cached_property
    def names(self) -> re.Pattern[str] | None:
        """The pattern of all names, the longest first."""
        choices = [BETWEEN.join(map(re.escape, phrase.split())) for phrase in self.phrases]
        return _pattern(choices, before=r"(?<![^\W_])", after=r"(?![^\W_])")

    @cached_property
    def addresses(self) -> re.Pattern[str] | None:
        """The pattern of all addresses; a longer address that ends or begins the same is another one."""
        choices = map(re.escape, self.subject.addresses)
        return _pattern(choices, before=r"(?<![\w.+-])", after=r"(?![\w-]|\.\w)")

    def text(self, text: str) -> str:
        """Return the text without them."""
        if self.addresses:
            text = self.addresses.sub(STRUCK, text)
        if self.names is None:
            return text
        folded, places = _folded_with_places(text)
        parts, at = [], 0
        for match in self.names.finditer(folded):
            start, end = places[match.start()], places[match.end() - 1] + 1
            parts += [text[at:start], STRUCK]
            at = end
        return "".join([*parts, text[at:]]) if parts else text

    def _written_as_json(self, text: str) -> str:
        """Return text that is JSON, which may escape letters, without them; other text like any text."""
        try:
            held = json.loads(text)
        except ValueError:
            return self.text(text)
        struck = self.value(held)
        return text if struck == held else json.dumps(struck)

    def finds(self, text: str) -> bool:
        """Return whether anything would be struck."""
        return self.text(text) != text

    def value(self, value: Any) -> Any:
        """Return a value of JSON without them, at any depth."""
        if isinstance(value, str):
            return self._written_as_json(value) if value[:1] in JSON_BEGINS else self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(one) for key, one in value.items()}
        return value


def full_name_phrases(name: Name) -> set[str]:
    """Return a name in both orders, folded; nothing where it is too short to be anybody's alone."""
    parts = [words for part in name if (words := words_of(part))]
    phrase = " ".join(parts)
    if len(phrase.split()) < 2 or len(phrase.replace(" ", "")) < SHORTEST_NAME:
        return set()
    return {phrase, " ".join(reversed(parts))}


def parts_of(name: Name) -> set[str]:
    """Return first and last name, folded, and the longer words of the last one, such as of a double name."""
    parts = {words for part in name if len(words := words_of(part)) >= SHORTEST_WORD}
    return parts | {word for word in words_of(name[-1]).split() if len(word) > SHORTEST_WORD}


def words_of(text: str) -> str:
    """Return a name's words as they are compared: small letters without accents and signs."""
    return " ".join(plain(text).translate(SIGNS).split())


def _pattern(choices: Iterable[str], *, before: str, after: str) -> re.Pattern[str] | None:
    longest_first = "|".join(sorted(choices, key=lambda choice: (-len(choice), choice)))
    return re.compile(f"{before}(?:{longest_first}){after}", re.IGNORECASE) if longest_first else None


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """Return the text as it is compared, and for each of its characters the place in the original."""
    if text.isascii():
        return text.lower().translate(SIGNS), list(range(len(text)))
    folded, places = [], []
    for place, character in enumerate(text):
        for part in plain(character).translate(SIGNS):
            folded.append(part)
            places.append(place)
    return "".join(folded), places
