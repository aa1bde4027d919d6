"""How text is set on these papers: titles break at spaces only, and stay whole in the text layer."""

import functools
import unicodedata
from dataclasses import dataclass

from convention.qr import single
from convention.typeset import Drawing, Line, Weight, shape, wrap
from convention.typeset.document import quoted

INK, PALE, HAIRLINE = "#1b1f24", "#5a6470", "#c9ced4"
A4, A3, A5 = (595.28, 841.89), (841.89, 1190.55), (419.53, 595.28)


kept_symbol = functools.lru_cache(maxsize=64)(single)
"""One programme's address stands on each of its sheets."""


@functools.lru_cache(maxsize=4096)
def lines_of(text: str, weight: Weight, *, width: float, size: float) -> tuple[Line, ...]:
    """Lines that end at spaces; only what is wider than a line is cut between graphemes."""
    words = [shape(word, weight) for word in text.split(" ") if word]
    if any(word.width * size > width for word in words):
        return tuple(wrap(text, weight, width=width, size=size))
    space = shape("n n", weight).width - 2 * shape("n", weight).width
    lines: list[list[Line]] = [[]]
    used = 0.0
    for word in words:
        step = (space if lines[-1] else 0) + word.width
        if lines[-1] and (used + step) * size > width:
            lines.append([])
            used, step = 0.0, word.width
        lines[-1].append(word)
        used += step
    return tuple(shape(" ".join(word.text for word in line), weight) for line in lines)


def reads_leftwards(text: str) -> bool:
    """Whether letters run from right to left: readers turn those round, and would turn our wording too."""
    return any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)


@dataclass(frozen=True)
class Text:
    """A text broken into lines at a size, both known; `leading` is the distance between baselines."""

    whole: str
    lines: tuple[Line, ...]
    size: float
    leading: float

    @property
    def height(self) -> float:
        """Points from the top of the first line to the bottom of the last."""
        return len(self.lines) * self.leading

    def draw(self, page: Drawing, x: float, y: float) -> float:
        """Set it from the top edge y downwards; returns the y below.

        Several lines are marked with their whole wording, so that readers find it uninterrupted.
        """
        told = len(self.lines) > 1 and not reads_leftwards(self.whole)
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
    return Text(text, lines_of(text, weight, width=width, size=size), size, size * leading)


def set_qr(page: Drawing, address: str, *, x: float, y: float, side: float) -> None:
    """Draw the QR of an address in black, its top left corner at x, y."""
    drawn = kept_symbol(address)
    page.color("#000000")
    page.modules(drawn.rows, drawn.side, x, y, side)
