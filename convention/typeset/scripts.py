"""Cut text into what shaping needs: graphemes that hold together, and runs of one face and direction."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from bidi import algorithm

from .faces import PRIMARY, Face, Weight, face, face_of, families_for

RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# Direction controls are dropped (isolated pieces are ordered by their letters), joiners are kept.
UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
LETTERS_OF_FORMULAS = re.compile("[\U0001d400-\U0001d7ff]+")
SPACES = re.compile("[\t\n\v\f\r \u2028\u2029]+")
ZERO_WIDTH_JOINER = "\u200d"
JOINERS = "\u200c\u200d"
BRACKETS = dict(zip("([{（［｛「『【〈《", ")]}）］｝」』】〉》", strict=True))
MAX_OPEN_BRACKETS = 63
VIRAMA = 9
"""The combining class of signs that join the next letter to the last, in India and beyond."""
THAI_SARA_AM = "\u0e33\u0eb3"


class Run(NamedTuple):
    """Characters that one face draws in one direction; `face` is None where no font has them."""

    text: str
    face: Face | None
    is_rtl: bool


def clean(text: str) -> str:
    """One line of composed text without controls; spaces that do not break are kept.

    Letters made for formulas, which some take for ornament, become the letters that they stand for.
    """
    composed = unicodedata.normalize("NFC", UNWANTED.sub("", text))
    plain = LETTERS_OF_FORMULAS.sub(lambda found: unicodedata.normalize("NFKC", found.group()), composed)
    return SPACES.sub(" ", plain).strip(" ")


def graphemes(text: str) -> list[str]:
    """What a reader takes for one character, never to be cut."""
    if text.isascii():
        return list(text)
    clusters: list[str] = []
    for char in text:
        if clusters and _continues(clusters[-1], char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _continues(cluster: str, char: str) -> bool:
    if unicodedata.category(char) in {"Mn", "Me", "Mc"} or char in THAI_SARA_AM or char in JOINERS:
        return True
    if unicodedata.combining(cluster[-1]) == VIRAMA and unicodedata.category(char) == "Lo":
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True
    if cluster[-1] == ZERO_WIDTH_JOINER:
        return unicodedata.category(cluster[0]) == "So"
    return len(cluster) == 1 and _is_flag(cluster) and _is_flag(char)


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def is_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    return bool(RIGHT_TO_LEFT.search(text)) and bool(algorithm.get_base_level(text))


def runs(text: str, weight: Weight) -> list[Run]:
    """The runs of one line in the order in which they stand on paper, left to right."""
    if not text:
        return []
    primary = face(PRIMARY, weight)
    if not RIGHT_TO_LEFT.search(text):
        if primary.draws(text):
            return [Run(text, primary, is_rtl=False)]
        return list(_cut([(cluster, 0) for cluster in graphemes(text)], text, weight))
    levels = _levels(text)
    pieces, position = [], 0
    for cluster in graphemes(text):
        pieces.append((cluster, levels[position]))
        position += len(cluster)
    return list(_cut(_visual_order(pieces), text, weight))


def _cut(pieces: list[tuple[str, int]], text: str, weight: Weight) -> Iterator[Run]:
    """Group neighbours by face and direction; pieces of a right-to-left run come last letter first."""
    families = families_for(text)
    chosen: list[tuple[str, Face | None, int]] = []
    for cluster, level in pieces:
        drawn_by = face_of(cluster, families, weight)
        if cluster == " " and chosen and chosen[-1][1]:
            drawn_by = chosen[-1][1] if chosen[-1][1].draws(" ") else drawn_by
        chosen.append((cluster, drawn_by, level))
    for (drawn_by, level), group in groupby(chosen, key=lambda item: item[1:]):
        clusters = [item[0] for item in group]
        if level % 2:
            clusters.reverse()
        yield Run("".join(clusters), drawn_by, is_rtl=bool(level % 2))


def _levels(text: str) -> list[int]:
    """The embedding level of each character, by the Unicode bidirectional algorithm."""
    storage = algorithm.get_empty_storage()
    storage["base_level"] = algorithm.get_base_level(text)
    storage["base_dir"] = ("L", "R")[storage["base_level"]]
    algorithm.get_embedding_levels(text, storage)
    for char in storage["chars"]:
        char["type"] = char["type"] or "ON"  # younger than this Python’s tables, as this year’s emoji
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    for run in storage["runs"]:
        _resolve_brackets(storage["chars"][run["start"] : run["start"] + run["length"]], run["sor"])
    algorithm.resolve_neutral_types(storage, False)  # noqa: FBT003 (the library’s signature) - the library's "debug"
    algorithm.resolve_implicit_levels(storage, False)  # noqa: FBT003 (the library’s signature)
    return list(_with_joiners(text, iter(storage["chars"]), storage["base_level"]))


def _with_joiners(text: str, found: Iterator[dict[str, Any]], level: int) -> Iterator[int]:
    """The levels, also of what the algorithm leaves out: joiners have that of the character before."""
    for char in text:
        level = level if unicodedata.bidirectional(char) in algorithm.X9_REMOVED else next(found)["level"]
        yield level


def _resolve_brackets(chars: list[dict[str, Any]], before: str) -> None:
    """Rule N0, which the library lacks: both brackets of a pair have one direction.

    `before` is the direction of what stands before these characters.
    """
    for start, end in sorted(_pairs(chars)):
        own = "R" if chars[start]["level"] % 2 else "L"
        inside = {_strong(char) for char in chars[start:end]} - {""}
        if own in inside:
            chars[start]["type"] = chars[end]["type"] = own
        elif inside:
            earlier = (_strong(chars[place]) for place in range(start - 1, -1, -1))
            chars[start]["type"] = chars[end]["type"] = next(filter(None, earlier), before)


def _pairs(chars: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    """Where brackets open and close; none from where more are open than rule BD16 counts."""
    waiting: list[tuple[str, int]] = []
    for place, char in enumerate(chars):
        if char["ch"] in BRACKETS:
            if len(waiting) == MAX_OPEN_BRACKETS:
                return
            waiting.append((BRACKETS[char["ch"]], place))
        elif any(closing == char["ch"] for closing, _opened in waiting):
            while waiting[-1][0] != char["ch"]:
                waiting.pop()
            yield waiting.pop()[1], place


def _strong(char: dict[str, Any]) -> str:
    """The direction that a character gives to those around it; numbers count as from right to left."""
    return {"L": "L", "R": "R", "EN": "R", "AN": "R"}.get(char["type"], "")


def _visual_order(pieces: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Rule L2: from the highest level down to the lowest odd one, turn each stretch around."""
    ordered = list(pieces)
    for level in range(max(level for _, level in pieces), 0, -1):
        result: list[tuple[str, int]] = []
        for turned, group in groupby(ordered, key=lambda piece: piece[1] >= level):
            stretch = list(group)
            result += reversed(stretch) if turned else stretch
        ordered = result
    return ordered
