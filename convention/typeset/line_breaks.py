"""Break text into lines, and fit it into a box: shrink it, wrap it, or report that it does not fit."""

import functools
import re
from dataclasses import dataclass

from .font_faces import FontWeight
from .shaping import TextLine, shape_line
from .text_runs import clean_line, split_graphemes

# A line may end after a space and between ideographs; never at the spaces that French puts before
# : ; ! ? and inside guillemets, never before closing punctuation. A hyphen stays inside its line, since
# readers of the text layer would take one at the end for a hyphenated word; only a word that is wider
# than the line is cut there.
IDEOGRAPH_RANGES = (
    "\u1100-\u11ff\u2e80-\u303f\u3040-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
# Japanese and Chinese typesetting (kinsoku): characters that must not begin a line, or must not end one.
CLOSING_CHARACTERS = "、。，．：；！？）」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…‥・"
OPENING_CHARACTERS = "（「『【〈《〔"
BREAK_PATTERN = re.compile(
    # After a space, but for those of French punctuation; then before and after an ideograph.
    r"(?<= )(?<!« )(?<![-‐] )(?![:;!?»%€])"
    rf"|(?<=[{IDEOGRAPH_RANGES}])(?<![{OPENING_CHARACTERS}])(?![{CLOSING_CHARACTERS} ])"
    rf"|(?<![{OPENING_CHARACTERS} ])(?=[{IDEOGRAPH_RANGES}])(?![{CLOSING_CHARACTERS}])"
)
INNER_BREAK_PATTERN = re.compile(r"(?<=[-‐–—/_.@])(?=\w)")
# Try shorter texts on one line first: most names and titles fit.
SHORT_TEXT_LENGTH = 200
# In em, of the primary family.
SPACE_WIDTH = 0.2


@dataclass(frozen=True, slots=True)
class TextBox:
    """A width in points and a maximum number of lines."""

    width: float
    max_lines: int = 1


@dataclass(frozen=True, slots=True)
class FittedText:
    """Lines at the size found; `fits_box` is false if even the minimum size was too large."""

    lines: tuple[TextLine, ...]
    size: float
    fits_box: bool

    @property
    def missing_characters(self) -> tuple[str, ...]:
        """Return the characters that no font has."""
        return tuple(dict.fromkeys(char for line in self.lines for char in line.missing_characters))


def wrap_text(text: str, weight: FontWeight, *, width: float, size: float) -> list[TextLine]:
    """Return lines no wider than `width` points at `size`; too long words break between graphemes.

    Nothing is lost: the joined lines give the text again, but for spaces at line ends.
    """
    text = clean_line(text)
    # The tolerance is for sums of floats: a text that fits exactly must not be broken.
    limit = width / size + 1e-6
    if len(text) < SHORT_TEXT_LENGTH and (unbroken := shape_line(text, weight)).width <= limit:
        return [unbroken]
    # First the fast algorithm; kerning across a break may make a line wider than its pieces.
    lines = [shape_line(line, weight) for line in _break_by_pieces(text, weight, limit)]
    if any(line.width > limit for line in lines):
        lines = [shape_line(line, weight) for line in _break_by_lines(text, weight, limit)]
    return lines or [shape_line(text, weight)]


def measure_widest_piece(text: str, weight: FontWeight) -> float:
    """Return the width in em of the widest piece between two allowed line breaks."""
    return max(_measure_piece(piece, weight)[0] for piece in BREAK_PATTERN.split(clean_line(text)))


@functools.lru_cache(maxsize=16384)
def _measure_piece(piece: str, weight: FontWeight) -> tuple[float, float]:
    """Return the width of a piece without and with its trailing space."""
    # A space at the end of a line takes no width.
    bare = piece.rstrip(" ")
    width = shape_line(bare, weight).width if bare else 0.0
    return width, width + (len(piece) - len(bare)) * SPACE_WIDTH


def _break_by_pieces(text: str, weight: FontWeight, limit: float) -> list[str]:
    """Break by the sum of the pieces' widths: fast, exact if no kerning crosses a break."""
    lines: list[str] = []
    current, used_width = "", 0.0
    for piece in BREAK_PATTERN.split(text):
        bare, width = _measure_piece(piece, weight)
        if used_width + bare <= limit:
            current += piece
            used_width += width
            continue
        lines.append(current)
        *full_lines, current = _break_word(piece, weight, limit)
        lines += full_lines
        used_width = _measure_piece(current, weight)[1]
    return _strip_lines([*lines, current])


def _break_by_lines(text: str, weight: FontWeight, limit: float) -> list[str]:
    """Break by the width of each growing line: slow, always exact."""
    lines: list[str] = []
    current = ""
    for piece in BREAK_PATTERN.split(text):
        if shape_line((current + piece).rstrip(" "), weight).width <= limit:
            current += piece
            continue
        lines.append(current)
        *full_lines, current = _break_word(piece, weight, limit)
        lines += full_lines
    return _strip_lines([*lines, current])


def _strip_lines(lines: list[str]) -> list[str]:
    return [bare for line in lines if (bare := line.strip(" "))]


def _break_word(word: str, weight: FontWeight, limit: float) -> list[str]:
    """Break a word that is wider than a line, at hyphens if possible; text may follow the last piece."""
    pieces, current = [], ""
    for part in _split_word(word, weight, limit):
        if current and shape_line((current + part).rstrip(" "), weight).width > limit:
            pieces.append(current)
            current = ""
        current += part
    return [*pieces, current]


def _split_word(word: str, weight: FontWeight, limit: float) -> list[str]:
    """Return the pieces between which a word may be broken: the word, parts at hyphens, or graphemes."""
    if shape_line(word.rstrip(" "), weight).width <= limit:
        return [word]
    parts: list[str] = []
    for piece in INNER_BREAK_PATTERN.split(word):
        fits = shape_line(piece.rstrip(" "), weight).width <= limit
        parts += [piece] if fits else split_graphemes(piece)
    return parts


def fit_text(text: str, weight: FontWeight, box: TextBox, *, max_size: float, min_size: float) -> FittedText:
    """Fit text into a box: as large as possible on one line, else on more lines, at least at `min_size`.

    Text that does not fit is set at `min_size` on as many lines as it needs, with `fits_box` false.
    """
    line = shape_line(text, weight)
    if line.width * min_size <= box.width:
        fits_at_max = line.width * max_size <= box.width
        size = max_size if fits_at_max else _round_down_size(box.width / line.width)
        return FittedText((line,), size, fits_box=True)
    current = max_size
    while current > min_size and not _fits_box(text, weight, box, current):
        # Steps of six percent, since each costs another wrapping.
        current = max(min_size, current * 0.94)
    lines = wrap_text(text, weight, width=box.width, size=current)
    return FittedText(tuple(lines), current, fits_box=_fits_box(text, weight, box, current))


def _round_down_size(size: float) -> float:
    # Down: rounding up could make the line wider than its box.
    return int(size * 20) / 20


def _fits_box(text: str, weight: FontWeight, box: TextBox, size: float) -> bool:
    """Return whether the text fits without breaking inside a word."""
    lines = wrap_text(text, weight, width=box.width, size=size)
    pieces = [
        part for piece in BREAK_PATTERN.split(clean_line(text)) for part in INNER_BREAK_PATTERN.split(piece)
    ]
    widest = max(shape_line(piece.rstrip(" "), weight).width for piece in pieces)
    return len(lines) <= box.max_lines and widest * size <= box.width + 1e-6


def fill_area(text: str, weight: FontWeight, *, width: float, height: float, max_size: float) -> FittedText:
    """Fit a whole text into an area, smaller and on more lines until it fits."""
    current = max_size
    while True:
        lines = wrap_text(text, weight, width=width, size=current)
        # 1.2 em is enough for most scripts; the ascent and descent of taller ones are larger.
        is_low = sum(max(1.2, line.ascent + line.descent) for line in lines) * current <= height
        # Below a third of the size a word is broken rather than set even smaller.
        if is_low and (measure_widest_piece(text, weight) * current <= width or current < max_size * 0.3):
            return FittedText(tuple(lines), current, fits_box=True)
        current *= 0.95
