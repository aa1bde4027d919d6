"""Break texts into lines for printing: titles break only at spaces and stay whole in the text layer."""

import functools
import re
import unicodedata
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from convention.codes.qr import draw_single_symbol
from convention.typeset import FittedText, FontWeight, PdfDrawing, TextLine, shape_line, wrap_text
from convention.typeset.document import encode_pdf_text
from convention.typeset.text_runs import split_graphemes

INK_COLOR, PALE_INK_COLOR, HAIRLINE_COLOR = "#1b1f24", "#5a6470", "#c9ced4"
ELLIPSIS = "…"
# French sets a space after « and before : ; ! ? » % €, at which no line may break.
LINE_BREAK_PATTERN = re.compile(r"(?<!«) +(?![:;!?»%€ ])")
# Width and height in points, upright (ISO 216).
A4, A3, A5 = (595.28, 841.89), (841.89, 1190.55), (419.53, 595.28)


# Cached, since the programme's address is printed on each of its sheets.
get_cached_symbol = functools.lru_cache(maxsize=64)(draw_single_symbol)


@functools.lru_cache(maxsize=32768)
def break_into_lines(text: str, weight: FontWeight, *, width: float, size: float) -> tuple[str, ...]:
    """Break at spaces; only a word wider than a line is cut, between graphemes."""
    words = [(word, measure_word_width(word, weight)) for word in split_unbreakable_words(text)]
    limit = width / size
    if any(word_width > limit for _word, word_width in words):
        return tuple(line.text for line in wrap_text(text, weight, width=width, size=size))
    space = measure_word_width("n n", weight) - 2 * measure_word_width("n", weight)
    rows: list[list[str]] = [[]]
    used = 0.0
    for word, word_width in words:
        step = (space if rows[-1] else 0) + word_width
        if rows[-1] and used + step > limit:
            rows.append([])
            used, step = 0.0, word_width
        rows[-1].append(word)
        used += step
    return tuple(" ".join(row) for row in rows)


def split_unbreakable_words(text: str) -> list[str]:
    """Split into words, together with the punctuation that French sets after a space."""
    return [word for word in LINE_BREAK_PATTERN.split(text) if word]


@functools.lru_cache(maxsize=32768)
def measure_word_width(word: str, weight: FontWeight) -> float:
    """Return the width in em."""
    return shape_line(word, weight).width


def has_right_to_left(text: str) -> bool:
    """Return whether there are right-to-left letters, which PDF readers reorder themselves."""
    return any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)


@dataclass(frozen=True)
class TextBlock:
    """A text broken into lines at a size; `leading` is the distance between baselines in points."""

    full_text: str
    line_texts: tuple[str, ...]
    weight: FontWeight
    size: float
    leading: float
    # In a tagged PDF: a heading, H1 to H6, or a paragraph.
    role: str = "P"

    @property
    def lines(self) -> tuple[TextLine, ...]:
        """Shape the lines; only drawing needs the glyphs."""
        return tuple(shape_line(row, self.weight) for row in self.line_texts)

    @property
    def height(self) -> float:
        """Return the height in points, from the top of the first line to the bottom of the last."""
        return len(self.line_texts) * self.leading

    def draw(self, page: PdfDrawing, x: float, y: float) -> float:
        """Draw from the top edge y downwards; return the y below.

        Several lines are tagged with their whole text, so that readers extract it without line breaks.
        """
        if not page.is_drawn or not self.full_text:
            return y + self.height
        page.begin_tag(self.role)
        # PDF readers reorder right-to-left text and would reorder the tagged text once more.
        is_tagged = len(self.line_texts) > 1 and not has_right_to_left(self.full_text)
        if is_tagged:
            page.operators.append(f"/Span << /ActualText {encode_pdf_text(self.full_text)} >> BDC")
        for line in self.lines:
            page.text(line, x, y + self.size * 0.95, self.size)
            y += self.leading
        if is_tagged:
            page.operators.append("EMC")
        page.end_tag()
        return y


def lay_out_text(
    text: str, weight: FontWeight, *, width: float, size: float, leading: float = 1.22
) -> TextBlock:
    """Break a text into lines of at most `width` points; `leading` is in em."""
    return TextBlock(
        text, break_into_lines(text, weight, width=width, size=size), weight, size, size * leading
    )


def lay_out_heading(text: str, *, width: float, size: float, level: int = 1) -> TextBlock:
    """Break a bold heading into lines; its level is for readers of a tagged PDF."""
    return replace(lay_out_text(text, FontWeight.BOLD, width=width, size=size), role=f"H{level}")


def lay_out_fitted_text(text: str, weight: FontWeight, fitted: FittedText, *, leading: float) -> TextBlock:
    """Return a fitted text as a block; `leading` is in em."""
    rows = tuple(line.text for line in fitted.lines)
    return TextBlock(text, rows, weight, fitted.size, fitted.size * leading)


def shorten_text(text: str, weight: FontWeight, *, width: float, size: float, max_lines: int = 1) -> str:
    """Return the text if it takes no more lines than that, else its first words with an ellipsis."""
    if len(break_into_lines(text, weight, width=width, size=size)) <= max_lines:
        return text
    words = text.split(" ")
    low, high = 0, len(words) - 1
    while low < high:
        count = (low + high + 1) // 2
        shortened = f"{' '.join(words[:count])} {ELLIPSIS}"
        fits = len(break_into_lines(shortened, weight, width=width, size=size)) <= max_lines
        low, high = (count, high) if fits else (low, count - 1)
    if low:
        return f"{' '.join(words[:low])} {ELLIPSIS}"
    return cut_word(text, weight, width=width, size=size, max_lines=max_lines)


def cut_word(text: str, weight: FontWeight, *, width: float, size: float, max_lines: int) -> str:
    """Return as many letters as fit, for a text whose first word is too long."""
    graphemes = split_graphemes(text)
    for count in range(min(len(graphemes), 60), 0, -1):
        shortened = f"{''.join(graphemes[:count])}{ELLIPSIS}"
        if len(break_into_lines(shortened, weight, width=width, size=size)) <= max_lines:
            return shortened
    return ELLIPSIS


def draw_qr_symbol(page: PdfDrawing, address: str, *, x: float, y: float, side: float) -> None:
    """Draw the QR code of an address in black, with its top left corner at x, y."""
    symbol = get_cached_symbol(address)
    page.set_color("#000000")
    page.begin_figure(_("QR code: %(address)s") % {"address": address}, (x, y, side, side))
    page.draw_modules(symbol.rows, symbol.side, x, y, side)
    page.end_tag()


def capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]
