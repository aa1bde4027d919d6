"""Split text for shaping: into graphemes, and into runs of one font and direction."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from bidi import algorithm

from .font_faces import PRIMARY_FAMILY, FontFace, FontWeight, find_face, list_families, load_face

RIGHT_TO_LEFT_PATTERN = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# Direction controls are dropped (the letters determine the direction), joiners stay.
UNWANTED_PATTERN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
# Bold, italic and script letters of mathematics.
FORMULA_LETTER_PATTERN = re.compile("[\U0001d400-\U0001d7ff]+")
SPACE_PATTERN = re.compile("[\t\n\v\f\r \u2028\u2029]+")
ZERO_WIDTH_JOINER = "\u200d"
JOINER_CHARACTERS = "\u200c\u200d"
CLOSING_BY_OPENING = dict(zip("([{（［｛「『【〈《", ")]}）］｝」』】〉》", strict=True))
# Rule BD16 of the Unicode bidirectional algorithm (UAX #9).
MAX_OPEN_BRACKETS = 63
# The combining class of virama signs, which join two letters in Indic and related scripts.
VIRAMA_CLASS = 9
# Letters by their category, but drawn partly above the previous one; exceptions in UAX #29 too.
THAI_SARA_AM = "\u0e33\u0eb3"


class TextRun(NamedTuple):
    """Characters of one font and direction; `face` is None if no font has them."""

    text: str
    face: FontFace | None
    is_rtl: bool


def clean_line(text: str) -> str:
    """Return one line of composed text without control characters; non-breaking spaces stay.

    Mathematical letters, which some people use as ornament, become plain letters.
    """
    # Composed: fonts have a glyph for "é", and may place a combining accent badly.
    composed = unicodedata.normalize("NFC", UNWANTED_PATTERN.sub("", text))
    plain = FORMULA_LETTER_PATTERN.sub(lambda match: unicodedata.normalize("NFKC", match.group()), composed)
    return SPACE_PATTERN.sub(" ", plain).strip(" ")


def split_graphemes(text: str) -> list[str]:
    """Split text into user-perceived characters, which are never divided."""
    if text.isascii():
        return list(text)
    clusters: list[str] = []
    for char in text:
        if clusters and _continues_cluster(clusters[-1], char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _continues_cluster(cluster: str, char: str) -> bool:
    if unicodedata.category(char) in {"Mn", "Me", "Mc"} or char in THAI_SARA_AM or char in JOINER_CHARACTERS:
        return True
    if unicodedata.combining(cluster[-1]) == VIRAMA_CLASS and unicodedata.category(char) == "Lo":
        return True
    # Skin tones, and the tags of flags such as that of Scotland.
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True
    if cluster[-1] == ZERO_WIDTH_JOINER:
        return unicodedata.category(cluster[0]) == "So"
    # Flags are pairs of regional letters: a third one begins the next flag.
    return len(cluster) == 1 and _is_flag(cluster) and _is_flag(char)


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction runs from right to left."""
    return bool(RIGHT_TO_LEFT_PATTERN.search(text)) and bool(algorithm.get_base_level(text))


def split_runs(text: str, weight: FontWeight) -> list[TextRun]:
    """Return the runs of one line in visual order, left to right."""
    if not text:
        return []
    primary = load_face(PRIMARY_FAMILY, weight)
    if not RIGHT_TO_LEFT_PATTERN.search(text):
        # The common case, without looking at each character.
        if primary.has_characters(text):
            return [TextRun(text, primary, is_rtl=False)]
        return list(_group_runs([(cluster, 0) for cluster in split_graphemes(text)], text, weight))
    levels = _embedding_levels(text)
    pieces, position = [], 0
    for cluster in split_graphemes(text):
        pieces.append((cluster, levels[position]))
        position += len(cluster)
    return list(_group_runs(_visual_order(pieces), text, weight))


def _group_runs(pieces: list[tuple[str, int]], text: str, weight: FontWeight) -> Iterator[TextRun]:
    """Group neighbours by font and direction; pieces of a right-to-left run come in reverse."""
    families = list_families(text)
    cluster_faces: list[tuple[str, FontFace | None, int]] = []
    for cluster, level in pieces:
        face = find_face(cluster, families, weight)
        # A space gets the face of the word before it: otherwise each space in another script would be a run.
        if cluster == " " and cluster_faces and cluster_faces[-1][1]:
            face = cluster_faces[-1][1] if cluster_faces[-1][1].has_characters(" ") else face
        cluster_faces.append((cluster, face, level))
    for (face, level), group in groupby(cluster_faces, key=lambda item: item[1:]):
        clusters = [item[0] for item in group]
        if level % 2:
            clusters.reverse()
        yield TextRun("".join(clusters), face, is_rtl=bool(level % 2))


def _embedding_levels(text: str) -> list[int]:
    """Return the embedding level of each character by the Unicode bidirectional algorithm."""
    # The steps of the library's `get_display`, taken one by one to insert rule N0.
    storage = algorithm.get_empty_storage()
    storage["base_level"] = algorithm.get_base_level(text)
    storage["base_dir"] = ("L", "R")[storage["base_level"]]
    algorithm.get_embedding_levels(text, storage)
    for char in storage["chars"]:
        # Characters newer than Python’s Unicode tables, such as this year’s emoji, have no type.
        char["type"] = char["type"] or "ON"
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    for run in storage["runs"]:
        _resolve_brackets(storage["chars"][run["start"] : run["start"] + run["length"]], run["sor"])
    algorithm.resolve_neutral_types(storage, False)  # noqa: FBT003 (the library’s `debug`)
    algorithm.resolve_implicit_levels(storage, False)  # noqa: FBT003 (the library’s `debug`)
    return list(_add_joiner_levels(text, iter(storage["chars"]), storage["base_level"]))


def _add_joiner_levels(text: str, chars: Iterator[dict[str, Any]], level: int) -> Iterator[int]:
    """Yield the levels, with that of the preceding character for joiners, which the algorithm skips."""
    for char in text:
        level = level if unicodedata.bidirectional(char) in algorithm.X9_REMOVED else next(chars)["level"]
        yield level


def _resolve_brackets(chars: list[dict[str, Any]], before: str) -> None:
    """Apply rule N0, which the library lacks: both brackets of a pair have the same direction.

    `before` is the direction of the text before these characters.
    """
    for start, end in sorted(_find_bracket_pairs(chars)):
        embedding_direction = "R" if chars[start]["level"] % 2 else "L"
        inner_directions = {_strong_direction(char) for char in chars[start:end]} - {""}
        if embedding_direction in inner_directions:
            chars[start]["type"] = chars[end]["type"] = embedding_direction
        elif inner_directions:
            earlier_directions = (_strong_direction(chars[index]) for index in range(start - 1, -1, -1))
            chars[start]["type"] = chars[end]["type"] = next(filter(None, earlier_directions), before)


def _find_bracket_pairs(chars: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    """Yield opening and closing positions; none once more are open than rule BD16 allows."""
    open_brackets: list[tuple[str, int]] = []
    for index, char in enumerate(chars):
        if char["ch"] in CLOSING_BY_OPENING:
            if len(open_brackets) == MAX_OPEN_BRACKETS:
                return
            open_brackets.append((CLOSING_BY_OPENING[char["ch"]], index))
        # A closing bracket without its opening one is left alone.
        elif any(closing == char["ch"] for closing, _index in open_brackets):
            while open_brackets[-1][0] != char["ch"]:
                open_brackets.pop()
            yield open_brackets.pop()[1], index


def _strong_direction(char: dict[str, Any]) -> str:
    """Return the direction that a character gives its neighbours; numbers count as right to left."""
    return {"L": "L", "R": "R", "EN": "R", "AN": "R"}.get(char["type"], "")


def _visual_order(pieces: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Apply rule L2: reverse each stretch, from the highest level down to the lowest odd one."""
    ordered = list(pieces)
    for level in range(max(level for _, level in pieces), 0, -1):
        result: list[tuple[str, int]] = []
        for is_reversed, group in groupby(ordered, key=lambda piece: piece[1] >= level):
            stretch = list(group)
            result += reversed(stretch) if is_reversed else stretch
        ordered = result
    return ordered
