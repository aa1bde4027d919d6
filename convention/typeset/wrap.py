"""Break text into lines, and make it fit a box: shrink to a floor, then wrap, then say so."""

import re
from dataclasses import dataclass

from .faces import Weight
from .scripts import clean, graphemes
from .shape import Line, shape

# Where a line may end: after a space, a hyphen, a slash, between ideographs; never at the spaces that
# French sets before : ; ! ? and inside guillemets, never before closing punctuation.
IDEOGRAPH = (
    "\u1100-\u11ff\u2e80-\u303f\u3040-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
CLOSING = "、。，．：；！？）」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…‥・"
OPENING = "（「『【〈《〔"
BREAK = re.compile(
    r"(?<= )(?<!« )(?![:;!?»%€])|(?<=[\w][-‐–—/])(?=\w)"
    rf"|(?<=[{IDEOGRAPH}])(?<![{OPENING}])(?![{CLOSING} ])"
    rf"|(?<![{OPENING} ])(?=[{IDEOGRAPH}])(?![{CLOSING}])"
)


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
    whole = shape(text, weight)
    if whole.width <= limit:
        return [whole]
    lines: list[str] = []
    current = ""
    for piece in BREAK.split(text):
        if shape((current + piece).rstrip(" "), weight).width <= limit:
            current += piece
            continue
        if current.strip():
            lines.append(current)
        *full, current = _broken(piece, weight, limit)
        lines += full
    lines.append(current)
    return [shape(line.strip(" "), weight) for line in lines if line.strip()] or [whole]


def _broken(word: str, weight: Weight, limit: float) -> list[str]:
    """Cut a word that is wider than a line; the last piece may go on."""
    if shape(word.rstrip(" "), weight).width <= limit:
        return [word]
    pieces, current = [], ""
    for cluster in graphemes(word):
        if current and shape(current + cluster, weight).width > limit:
            pieces.append(current)
            current = ""
        current += cluster
    return [*pieces, current]


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
    widest = max(shape(piece.rstrip(" "), weight).width for piece in BREAK.split(clean(text)))
    return len(lines) <= box.lines and widest * size <= box.width + 1e-6
