"""Shape a line of text: glyphs with their places and the text that each stands for."""

import functools
import itertools
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

import uharfbuzz

from .faces import PRIMARY, Face, Weight, face
from .scripts import Run, clean, graphemes, is_right_to_left, runs

# Ligatures of the Latin script would hide letters from a search; other scripts need theirs.
LATIN = {"liga": False, "clig": False, "dlig": False}
OTHERS: dict[str, bool] = {}
BOX = "□"
NOTHING = "\u200a"
SHARED = 220
"""A space between words, in thousandths of an em, wide enough to be shared by two."""


class Glyph(NamedTuple):
    """One glyph, in thousandths of an em; `text` is what it stands for when the page is read."""

    number: int
    text: str
    advance: int
    dx: int
    dy: int


@dataclass(frozen=True, slots=True)
class Span:
    """Glyphs of one face, left to right."""

    face: Face
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A shaped line; widths and heights are in em, so that multiplying by the size gives points."""

    text: str
    spans: tuple[Span, ...]
    width: float
    is_rtl: bool
    missing: tuple[str, ...]

    @property
    def ascent(self) -> float:
        """Room above the baseline."""
        return max((span.face.ascent for span in self.spans), default=0.93)

    @property
    def descent(self) -> float:
        """Room below the baseline."""
        return max((span.face.descent for span in self.spans), default=0.27)


@functools.lru_cache(maxsize=8192)
def shape(text: str, weight: Weight) -> Line:
    """Shape one line, whatever scripts it mixes. What no font can draw is listed in `missing`."""
    text = clean(text)
    spans: list[Span] = []
    missing: list[str] = []
    for run in runs(text, weight):
        if run.face is None:
            missing += graphemes(run.text)
            span = _stand_in(run.text, weight)
        else:
            span = _shape_run(run, run.face)
        spans.append(span)
    unseen = 0
    if pictures := set(filter(_is_picture, missing)):
        spans, unseen = _without_gaps(spans, pictures)
    width = sum(glyph.advance for span in spans for glyph in span.glyphs) - unseen
    return Line(text, tuple(spans), width / 1000, is_right_to_left(text), tuple(dict.fromkeys(missing)))


def missing_glyphs(text: str) -> tuple[str, ...]:
    """The characters of a text that no packaged font can draw, each once, in order."""
    return shape(text, Weight.REGULAR).missing


def _shape_run(run: Run, drawn_by: Face) -> Span:
    buffer = uharfbuzz.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if run.is_rtl else "ltr"
    latin = drawn_by.family in {PRIMARY, "noto-sans"}
    uharfbuzz.shape(drawn_by.font, buffer, LATIN if latin else OTHERS)
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    advances = [place.x_advance for place in positions]
    texts = _texts(run, [info.cluster for info in infos], advances)
    return Span(
        drawn_by,
        tuple(
            Glyph(info.codepoint, text, place.x_advance, place.x_offset, place.y_offset)
            for info, place, text in zip(infos, positions, texts, strict=True)
        ),
    )


def _texts(run: Run, clusters: list[int], advances: list[int]) -> list[str]:
    """The text each glyph stands for; a cluster's text goes to its glyphs that take room."""
    text = run.text
    if len(clusters) == len(text) and len(set(clusters)) == len(text):
        return [text[start] for start in clusters]
    starts = sorted(set(clusters))
    texts = [""] * len(clusters)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        members = [index for index, cluster in enumerate(clusters) if cluster == start]
        wide = [index for index in members if advances[index] > 0] or members[:1]
        if run.is_rtl:
            wide.reverse()
        rest = text[start:end]
        for place, index in enumerate(wide):
            cut = max(1, len(rest) - (len(wide) - place - 1))
            texts[index], rest = rest[:cut], rest[cut:]
    return texts


def _stand_in(text: str, weight: Weight) -> Span:
    """A box for each letter, nothing for each picture; the text layer keeps both."""
    primary = face(PRIMARY, weight)
    glyphs = []
    for cluster in graphemes(text):
        if not _is_picture(cluster):
            box = primary.glyph(BOX)
            glyphs.append(Glyph(box, cluster, primary.advance(box), 0, 0))
        else:
            thin = primary.glyph(NOTHING)
            glyphs.append(Glyph(thin, cluster, primary.advance(thin), 0, 0))
    return Span(primary, tuple(glyphs))


def _is_picture(cluster: str) -> bool:
    return unicodedata.category(cluster[0])[0] not in "LMN"


def _without_gaps(spans: list[Span], pictures: set[str]) -> tuple[list[Span], int]:
    """Pictures that are not drawn take no room, nor do the spaces around them but one between words.

    Returns also what stands unseen at the end, so that a line ends with what is seen. (Readers of the
    text layer tell a space by its width: the one between words is shared by both sides of a picture.)
    """
    blank = pictures | {" "}
    groups = [
        list(group)
        for _key, group in itertools.groupby(
            (glyph for span in spans for glyph in span.glyphs), key=lambda glyph: glyph.text in blank
        )
    ]
    unseen = [any(glyph.text in pictures for glyph in group) for group in groups]
    for place, group in enumerate(groups[:-1]):
        if unseen[place]:
            spaces = [index for index, glyph in enumerate(group) if glyph.text == " "] if place else []
            kept = {*spaces[:1], *spaces[-1:]}
            groups[place] = [
                glyph._replace(advance=SHARED // len(kept) if index in kept else 0)
                for index, glyph in enumerate(group)
            ]
    after = sum(glyph.advance for glyph in groups[-1]) if unseen[-1] else 0
    rest = itertools.chain.from_iterable(groups)
    return [Span(span.face, tuple(itertools.islice(rest, len(span.glyphs)))) for span in spans], after
