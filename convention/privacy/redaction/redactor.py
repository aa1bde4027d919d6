"""Redact a person's names and addresses in text, however they are spelled."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from convention.personal_data import DataSubject, PersonName
from convention.text.normalize import PUNCTUATION_TO_SPACE, name_search_key, strip_accents

REPLACEMENT_TEXT: Final = "…"
# Between first and last name: also in table cells, file names and addresses.
NAME_SEPARATOR_PATTERN: Final = r"[\s\"',;|_.]+"
# Shorter single names would match parts of other words.
MIN_WORD_LENGTH: Final = 3
JSON_START_CHARACTERS: Final = frozenset("[{")
# Shorter full names would match other people's texts.
MIN_NAME_LENGTH: Final = 5


@dataclass(frozen=True)
class Redactor:
    """Replaces addresses, and full names in either order, with an ellipsis.

    Accents, capitals, hyphens and apostrophes are ignored. With `redact_single_names` a first or last name
    alone is replaced too: only for text that is known to be about the person, since others may have the name.
    """

    subject: DataSubject
    redact_single_names: bool = False

    @cached_property
    def name_phrases(self) -> set[str]:
        """Return the normalized names to look for."""
        phrases = {phrase for name in self.subject.names for phrase in build_full_name_phrases(name)}
        if self.redact_single_names:
            phrases |= {phrase for name in self.subject.names for phrase in split_name_parts(name)}
        return phrases

    @cached_property
    def name_pattern(self) -> re.Pattern[str] | None:
        """Return the pattern of all names, the longest first, or None."""
        choices = [
            NAME_SEPARATOR_PATTERN.join(map(re.escape, phrase.split())) for phrase in self.name_phrases
        ]
        # Not `\b`, for which an underscore is part of a word: `Dupont_2027.pdf` would stay.
        return _compile_pattern(choices, before=r"(?<![^\W_])", after=r"(?![^\W_])")

    @cached_property
    def address_pattern(self) -> re.Pattern[str] | None:
        """Return the pattern of all addresses, or None; it does not match part of a longer address."""
        choices = map(re.escape, self.subject.addresses)
        # `x.zoe@a.example` and `zoe@a.example.org` are others' addresses; a full stop may end a sentence.
        return _compile_pattern(choices, before=r"(?<![\w.+-])", after=r"(?![\w-]|\.\w)")

    def redact_text(self, text: str) -> str:
        if self.address_pattern:
            text = self.address_pattern.sub(REPLACEMENT_TEXT, text)
        if self.name_pattern is None:
            return text
        # Compared without accents and capitals, but cut from the original: the rest stays as typed.
        folded, positions = _fold_with_positions(text)
        parts, position = [], 0
        for match in self.name_pattern.finditer(folded):
            start, end = positions[match.start()], positions[match.end() - 1] + 1
            parts += [text[position:start], REPLACEMENT_TEXT]
            position = end
        return "".join([*parts, text[position:]]) if parts else text

    def _redact_json(self, text: str) -> str:
        """Redact a text that may be JSON with escaped letters."""
        try:
            decoded = json.loads(text)
        except ValueError:
            return self.redact_text(text)
        redacted = self.redact_value(decoded)
        # Only if something was found: rewriting would change the spelling of every stored JSON.
        return text if redacted == decoded else json.dumps(redacted)

    def has_match(self, text: str) -> bool:
        """Return whether the text would change."""
        return self.redact_text(text) != text

    def redact_value(self, value: Any) -> Any:
        """Redact a JSON value at any depth."""
        if isinstance(value, str):
            return self._redact_json(value) if value[:1] in JSON_START_CHARACTERS else self.redact_text(value)
        if isinstance(value, list):
            return [self.redact_value(item) for item in value]
        if isinstance(value, dict):
            # Keys too: answers are stored by question, and people may be named in one.
            return {self.redact_text(key): self.redact_value(item) for key, item in value.items()}
        return value


def build_full_name_phrases(name: PersonName) -> set[str]:
    """Return the name in both orders, normalized; empty if it is too short to identify a person."""
    parts = [words for part in name if (words := name_search_key(part))]
    phrase = " ".join(parts)
    # A single word is not enough to identify a person.
    if len(phrase.split()) < 2 or len(phrase.replace(" ", "")) < MIN_NAME_LENGTH:
        return set()
    # French lists write the last name first.
    return {phrase, " ".join(reversed(parts))}


def split_name_parts(name: PersonName) -> set[str]:
    """Return first and last name, normalized, and the longer words of a double last name."""
    parts = {words for part in name if len(words := name_search_key(part)) >= MIN_WORD_LENGTH}
    # "Dupont-Lefèvre" is also called Dupont; particles such as "de" and "van" are too short to be included.
    return parts | {word for word in name_search_key(name[-1]).split() if len(word) > MIN_WORD_LENGTH}


def _compile_pattern(choices: Iterable[str], *, before: str, after: str) -> re.Pattern[str] | None:
    # The first alternative that matches wins: a shorter one would leave the rest of a longer name.
    longest_first = "|".join(sorted(choices, key=lambda choice: (-len(choice), choice)))
    return re.compile(f"{before}(?:{longest_first}){after}", re.IGNORECASE) if longest_first else None


def _fold_with_positions(text: str) -> tuple[str, list[int]]:
    """Return the text as it is compared, and each character's position in the original."""
    if text.isascii():
        return text.lower().translate(PUNCTUATION_TO_SPACE), list(range(len(text)))
    folded, positions = [], []
    for position, character in enumerate(text):
        # One character may become several ("ß" becomes "ss"), so each part has the position of its origin.
        for part in strip_accents(character).translate(PUNCTUATION_TO_SPACE):
            folded.append(part)
            positions.append(position)
    return "".join(folded), positions
