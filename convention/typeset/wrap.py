"""Break text into lines, and make it fit a box: shrink to a floor, then wrap, then say so."""

import functools
import re
from dataclasses import dataclass

from .faces import Weight
from .scripts import clean, graphemes
from .shape import Line, shape

# Where a line may end: after a space, between ideographs; never at the spaces that French sets before
# : ; ! ? and inside guillemets, never before closing punctuation. A hyphen stays inside its line, since
# readers of the text layer would take one at the end for a word's division; only a word that is wider
# than the line is cut there.
IDEOGRAPH = (
    "\u1100-\u11ff\u2e80-\u303f\u3040-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
CLOSING = "、。，．：；！？）」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…‥・"
OPENING = "（「『【〈《〔"
BREAK = re.compile(
    r"(?<= )(?<!« )(?<![-‐] )(?![:;!?»%€])"
    rf"|(?<=[{IDEOGRAPH}])(?<![{OPENING}])(?![{CLOSING} ])"
    rf"|(?<![{OPENING} ])(?=[{IDEOGRAPH}])(?![{CLOSING}])"
)
INSIDE = re.compile(r"(?<=[-‐–—/_.@])(?=\w)")
# Texts shorter than this are worth trying on one line first.
SHORT = 200
SPACE = 0.2


@dataclass(frozen=True, slots=True)
class Box:
    """Room for text: a width in points and at most so many lines."""

    width: float
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines at the size found; `fits` is false when even the floor was too large for the box."""

    lines: tuple[Line, ...]
    size: float
    fits: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """What no font can draw."""
        return tuple(dict.fromkeys(char for line in self.lines for char in line.missing))


def wrap(text: str, weight: Weight, *, width: float, size: float) -> list[Line]:
    """Lines no wider than `width` points at `size`; words too long for a line break between graphemes.

    Nothing is lost: the lines joined give the text again, but for the spaces where lines end.
    """
    text = clean(text)
    limit = width / size + 1e-6
    if len(text) < SHORT and (whole := shape(text, weight)).width <= limit:
        return [whole]
    lines = [shape(line, weight) for line in _by_pieces(text, weight, limit)]
    if any(line.width > limit for line in lines):
        lines = [shape(line, weight) for line in _by_lines(text, weight, limit)]
    return lines or [shape(text, weight)]


def widest_piece(text: str, weight: Weight) -> float:
    """The width in em of the longest stretch that is not parted while a line holds it."""
    return max(_measured(piece, weight)[0] for piece in BREAK.split(clean(text)))


@functools.lru_cache(maxsize=16384)
def _measured(piece: str, weight: Weight) -> tuple[float, float]:
    """The width of a piece without and with the space after it."""
    bare = piece.rstrip(" ")
    width = shape(bare, weight).width if bare else 0.0
    return width, width + (len(piece) - len(bare)) * SPACE


def _by_pieces(text: str, weight: Weight, limit: float) -> list[str]:
    """Lines by the sum of their pieces' widths: quick, exact where no kerning crosses a break."""
    lines: list[str] = []
    current, used = "", 0.0
    for piece in BREAK.split(text):
        bare, whole = _measured(piece, weight)
        if used + bare <= limit:
            current += piece
            used += whole
            continue
        lines.append(current)
        *full, current = _broken(piece, weight, limit)
        lines += full
        used = _measured(current, weight)[1]
    return _tidied([*lines, current])


def _by_lines(text: str, weight: Weight, limit: float) -> list[str]:
    """Lines by the width of each as it grows: slow, always exact."""
    lines: list[str] = []
    current = ""
    for piece in BREAK.split(text):
        if shape((current + piece).rstrip(" "), weight).width <= limit:
            current += piece
            continue
        lines.append(current)
        *full, current = _broken(piece, weight, limit)
        lines += full
    return _tidied([*lines, current])


def _tidied(lines: list[str]) -> list[str]:
    return [bare for line in lines if (bare := line.strip(" "))]


def _broken(word: str, weight: Weight, limit: float) -> list[str]:
    """Cut a word that is wider than a line, at its hyphens if it has some; the last piece may go on."""
    pieces, current = [], ""
    for part in _parts(word, weight, limit):
        if current and shape((current + part).rstrip(" "), weight).width > limit:
            pieces.append(current)
            current = ""
        current += part
    return [*pieces, current]


def _parts(word: str, weight: Weight, limit: float) -> list[str]:
    """What a cut may part: the whole word, pieces at hyphens, or graphemes."""
    if shape(word.rstrip(" "), weight).width <= limit:
        return [word]
    parts: list[str] = []
    for piece in INSIDE.split(word):
        fits = shape(piece.rstrip(" "), weight).width <= limit
        parts += [piece] if fits else graphemes(piece)
    return parts


def fit(text: str, weight: Weight, box: Box, *, size: float, floor: float) -> Fitted:
    """Set text in a box: as large as it goes on one line, else on more lines, never below the floor.

    What still does not fit is set at the floor on as many lines as it takes, with `fits` false.
    """
    line = shape(text, weight)
    if line.width * floor <= box.width:
        found = size if line.width * size <= box.width else _down(box.width / line.width)
        return Fitted((line,), found, fits=True)
    current = size
    while current > floor and not _holds(text, weight, box, current):
        current = max(floor, current * 0.94)
    lines = wrap(text, weight, width=box.width, size=current)
    return Fitted(tuple(lines), current, fits=_holds(text, weight, box, current))


def _down(size: float) -> float:
    return int(size * 20) / 20


def _holds(text: str, weight: Weight, box: Box, size: float) -> bool:
    """Whether the text fits without cutting where no line may end."""
    lines = wrap(text, weight, width=box.width, size=size)
    pieces = [part for piece in BREAK.split(clean(text)) for part in INSIDE.split(piece)]
    widest = max(shape(piece.rstrip(" "), weight).width for piece in pieces)
    return len(lines) <= box.lines and widest * size <= box.width + 1e-6


def fill(text: str, weight: Weight, *, width: float, height: float, size: float) -> Fitted:
    """Set a text whole in an area, smaller and on more lines until it stands there."""
    current = size
    while True:
        lines = wrap(text, weight, width=width, size=current)
        is_low = sum(max(1.2, line.ascent + line.descent) for line in lines) * current <= height
        if is_low and (widest_piece(text, weight) * current <= width or current < size * 0.3):
            return Fitted(tuple(lines), current, fits=True)
        current *= 0.95
