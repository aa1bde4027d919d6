"""Shape a line of text: glyphs with their positions and their text."""

import functools
import itertools
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

import uharfbuzz

from .font_faces import PRIMARY_FAMILY, FontFace, FontWeight, load_face
from .text_runs import TextRun, clean_line, is_right_to_left, split_graphemes, split_runs

# Ligatures of the Latin script would hide letters from a search; other scripts need theirs.
LATIN_FEATURES = {"liga": False, "clig": False, "dlig": False}
DEFAULT_FEATURES: dict[str, bool] = {}
MISSING_BOX = "□"
HAIR_SPACE = "\u200a"
# A space between words, in thousandths of an em, wide enough to be shared by two.
SHARED_SPACE_WIDTH = 220


class Glyph(NamedTuple):
    """One glyph, in thousandths of an em; `text` is what a reader extracts for it."""

    number: int
    text: str
    advance: int
    dx: int
    dy: int


@dataclass(frozen=True, slots=True)
class GlyphSpan:
    """Glyphs of one face, left to right."""

    face: FontFace
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True, slots=True)
class TextLine:
    """A shaped line; widths and heights are in em, to be multiplied by the size."""

    text: str
    spans: tuple[GlyphSpan, ...]
    width: float
    is_rtl: bool
    missing_characters: tuple[str, ...]

    @property
    def ascent(self) -> float:
        """Return the height above the baseline."""
        return max((span.face.ascent for span in self.spans), default=0.93)

    @property
    def descent(self) -> float:
        """Return the depth below the baseline."""
        return max((span.face.descent for span in self.spans), default=0.27)


# A line takes 1.5 kB. A larger cache hits no more often: each badge has a short code that no other has.
@functools.lru_cache(maxsize=2048)
def shape_line(text: str, weight: FontWeight) -> TextLine:
    """Shape one line in any mix of scripts; `missing_characters` lists what no font has."""
    text = clean_line(text)
    spans: list[GlyphSpan] = []
    missing: list[str] = []
    for run in split_runs(text, weight):
        if run.face is None:
            missing += split_graphemes(run.text)
            span = _shape_missing(run.text, weight)
        else:
            span = _shape_run(run, run.face)
        spans.append(span)
    invisible_width = 0
    if pictures := set(filter(_is_picture, missing)):
        spans, invisible_width = _close_picture_gaps(spans, pictures)
    width = sum(glyph.advance for span in spans for glyph in span.glyphs) - invisible_width
    return TextLine(text, tuple(spans), width / 1000, is_right_to_left(text), tuple(dict.fromkeys(missing)))


def find_missing_glyphs(text: str) -> tuple[str, ...]:
    """Return the characters that no packaged font has, each once, in order."""
    return shape_line(text, FontWeight.REGULAR).missing_characters


def _shape_run(run: TextRun, face: FontFace) -> GlyphSpan:
    buffer = uharfbuzz.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    # Overrides the guess, which is made from the letters: runs are in visual order already.
    buffer.direction = "rtl" if run.is_rtl else "ltr"
    is_latin = face.family in {PRIMARY_FAMILY, "noto-sans"}
    uharfbuzz.shape(face.font, buffer, LATIN_FEATURES if is_latin else DEFAULT_FEATURES)
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    advances = [position.x_advance for position in positions]
    texts = _glyph_texts(run, [info.cluster for info in infos], advances)
    return GlyphSpan(
        face,
        tuple(
            Glyph(info.codepoint, text, position.x_advance, position.x_offset, position.y_offset)
            for info, position, text in zip(infos, positions, texts, strict=True)
        ),
    )


def _glyph_texts(run: TextRun, clusters: list[int], advances: list[int]) -> list[str]:
    """Return the text of each glyph; a cluster's text goes to its glyphs that have a width."""
    text = run.text
    # The common case: one glyph for each letter.
    if len(clusters) == len(text) and len(set(clusters)) == len(text):
        return [text[start] for start in clusters]
    starts = sorted(set(clusters))
    texts = [""] * len(clusters)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        members = [index for index, cluster in enumerate(clusters) if cluster == start]
        # Some readers of the text layer drop text of glyphs without width.
        visible = [index for index in members if advances[index] > 0] or members[:1]
        # Glyphs come in visual order, the text in reading order.
        if run.is_rtl:
            visible.reverse()
        remaining_text = text[start:end]
        for position, index in enumerate(visible):
            cut = max(1, len(remaining_text) - (len(visible) - position - 1))
            texts[index], remaining_text = remaining_text[:cut], remaining_text[cut:]
    return texts


def _shape_missing(text: str, weight: FontWeight) -> GlyphSpan:
    """Return a box for each letter and nothing for each pictogram; the text layer has both."""
    primary = load_face(PRIMARY_FAMILY, weight)
    glyphs = []
    for cluster in split_graphemes(text):
        if not _is_picture(cluster):
            box = primary.glyph_number(MISSING_BOX)
            glyphs.append(Glyph(box, cluster, primary.get_advance(box), 0, 0))
        else:
            thin = primary.glyph_number(HAIR_SPACE)
            glyphs.append(Glyph(thin, cluster, primary.get_advance(thin), 0, 0))
    return GlyphSpan(primary, tuple(glyphs))


def _is_picture(cluster: str) -> bool:
    # Letters, marks and numbers may be part of a name, and are never left out silently.
    return unicodedata.category(cluster[0])[0] not in "LMN"


def _close_picture_gaps(spans: list[GlyphSpan], pictures: set[str]) -> tuple[list[GlyphSpan], int]:
    """Remove the width of pictograms that are not drawn and of spaces around them, but one.

    Return also the width of the invisible glyphs at the end, which does not count as width of the line.
    Readers of the text layer recognize a space by its width, so the one between words is divided between the
    spaces on both sides of a pictogram.
    """
    blank = pictures | {" "}
    groups = [
        list(group)
        for _key, group in itertools.groupby(
            (glyph for span in spans for glyph in span.glyphs), key=lambda glyph: glyph.text in blank
        )
    ]
    has_picture = [any(glyph.text in pictures for glyph in group) for group in groups]
    for group_index, group in enumerate(groups[:-1]):
        if has_picture[group_index]:
            spaces = [index for index, glyph in enumerate(group) if glyph.text == " "] if group_index else []
            wide_spaces = {*spaces[:1], *spaces[-1:]}
            groups[group_index] = [
                glyph._replace(advance=SHARED_SPACE_WIDTH // len(wide_spaces) if index in wide_spaces else 0)
                for index, glyph in enumerate(group)
            ]
    end_gap = sum(glyph.advance for glyph in groups[-1]) if has_picture[-1] else 0
    rest = itertools.chain.from_iterable(groups)
    return [GlyphSpan(span.face, tuple(itertools.islice(rest, len(span.glyphs)))) for span in spans], end_gap
