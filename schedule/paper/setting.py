"""How text is set on these papers: titles break at spaces only, and stay whole in the text layer."""

import functools
import re
import unicodedata
from dataclasses import dataclass

from convention.qr import single
from convention.typeset import Drawing, Fitted, Line, Weight, shape, wrap
from convention.typeset.document import quoted

INK, PALE, HAIRLINE = "#1b1f24", "#5a6470", "#c9ced4"
JOINT = re.compile(r"(?<!«) +(?![:;!?»%€ ])")
A4, A3, A5 = (595.28, 841.89), (841.89, 1190.55), (419.53, 595.28)


kept_symbol = functools.lru_cache(maxsize=64)(single)
"""One programme's address stands on each of its sheets."""


@functools.lru_cache(maxsize=32768)
def rows_of(text: str, weight: Weight, *, width: float, size: float) -> tuple[str, ...]:
    """Lines that end at spaces; only what is wider than a line is cut between graphemes."""
    words = [(word, width_of(word, weight)) for word in words_of(text)]
    limit = width / size
    if any(wide > limit for _word, wide in words):
        return tuple(line.text for line in wrap(text, weight, width=width, size=size))
    space = width_of("n n", weight) - 2 * width_of("n", weight)
    rows: list[list[str]] = [[]]
    used = 0.0
    for word, wide in words:
        step = (space if rows[-1] else 0) + wide
        if rows[-1] and used + step > limit:
            rows.append([])
            used, step = 0.0, wide
        rows[-1].append(word)
        used += step
    return tuple(" ".join(row) for row in rows)


def words_of(text: str) -> list[str]:
    """What a line holds together: words, with the signs that French sets after a space."""
    return [word for word in JOINT.split(text) if word]


@functools.lru_cache(maxsize=32768)
def width_of(word: str, weight: Weight) -> float:
    """In em."""
    return shape(word, weight).width


def reads_leftwards(text: str) -> bool:
    """Whether letters run from right to left: readers turn those round, and would turn our wording too."""
    return any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)


@dataclass(frozen=True)
class Text:
    """A text broken into lines at a size, both known; `leading` is the distance between baselines."""

    whole: str
    rows: tuple[str, ...]
    weight: Weight
    size: float
    leading: float

    @property
    def lines(self) -> tuple[Line, ...]:
        """Each row with its glyphs, which only drawing needs."""
        return tuple(shape(row, self.weight) for row in self.rows)

    @property
    def height(self) -> float:
        """Points from the top of the first line to the bottom of the last."""
        return len(self.rows) * self.leading

    def draw(self, page: Drawing, x: float, y: float) -> float:
        """Set it from the top edge y downwards; returns the y below.

        Several lines are marked with their whole wording, so that readers find it uninterrupted.
        """
        told = len(self.rows) > 1 and not reads_leftwards(self.whole)
        if told:
            page.operators.append(f"/Span << /ActualText {quoted(self.whole)} >> BDC")
        for line in self.lines:
            page.text(line, x, y + self.size * 0.95, self.size)
            y += self.leading
        if told:
            page.operators.append("EMC")
        return y


def set_text(text: str, weight: Weight, *, width: float, size: float, leading: float = 1.22) -> Text:
    """Break a text into lines no wider than `width` points; `leading` is in em."""
    return Text(text, rows_of(text, weight, width=width, size=size), weight, size, size * leading)


def set_lines(text: str, weight: Weight, fitted: Fitted, *, leading: float) -> Text:
    """A text that was fitted to its place; `leading` is in em."""
    rows = tuple(line.text for line in fitted.lines)
    return Text(text, rows, weight, fitted.size, fitted.size * leading)


def set_qr(page: Drawing, address: str, *, x: float, y: float, side: float) -> None:
    """Draw the QR of an address in black, its top left corner at x, y."""
    drawn = kept_symbol(address)
    page.color("#000000")
    page.modules(drawn.rows, drawn.side, x, y, side)
