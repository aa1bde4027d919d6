"""Draw text on a picture: the same shaped lines as on paper, in every script that the fonts have.

Pillow itself shapes complex scripts only with an optional library (libraqm).
"""

import functools
import io
import math
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from fontTools.pens.basePen import BasePen
from PIL import Image, ImageDraw

from .font_faces import FontFace
from .shaping import TextLine
from .surface import Point

# Text is drawn larger and scaled down, since Pillow’s polygons have no smooth edges.
SUPERSAMPLING = 4
CURVE_STEPS = 8

type Contour = tuple[Point, ...]


class PolygonPen(BasePen):
    """Collect the contours of a glyph as polygons, their curves cut into short lines."""

    def __init__(self) -> None:
        super().__init__(None)
        self.contours: list[list[Point]] = []

    def _moveTo(self, pt: Point) -> None:  # noqa: N802 - named by the library
        self.contours.append([pt])

    def _lineTo(self, pt: Point) -> None:  # noqa: N802 - named by the library
        self.contours[-1].append(pt)

    def _curveToOne(self, pt1: Point, pt2: Point, pt3: Point) -> None:  # noqa: N802 - named by the library
        start = self.contours[-1][-1]
        for step in range(1, CURVE_STEPS + 1):
            share, rest = step / CURVE_STEPS, 1 - step / CURVE_STEPS
            weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
            points = (start, pt1, pt2, pt3)
            x, y = (sum(w * p[axis] for w, p in zip(weights, points, strict=True)) for axis in (0, 1))
            self.contours[-1].append((x, y))


@functools.lru_cache(maxsize=1024)
def load_contours(face: FontFace, glyph: int) -> tuple[Contour, ...]:
    """Return the contours of a glyph, in thousandths of an em, its y axis upwards."""
    pen = PolygonPen()
    face.font.draw_glyph_with_pen(glyph, pen)
    return tuple(tuple(points) for points in pen.contours)


class RasterDrawing:
    """A picture measured in pixels from the top left corner downwards."""

    def __init__(self, width: int, height: int, *, background: str) -> None:
        self.image = Image.new("RGB", (width, height), background)

    def fill_rectangle(self, x: int, y: int, width: int, height: int, *, color: str) -> None:
        """Fill a rectangle whose top left corner is x, y."""
        ImageDraw.Draw(self.image).rectangle((x, y, x + width - 1, y + height - 1), fill=color)

    def text(self, line: TextLine, x: float, y: float, size: float, *, color: str) -> None:
        """Draw a line with its baseline at y and its left end at x."""
        width, height = self.image.size
        mask = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
        draw, scale = ImageDraw.Draw(mask), size * SUPERSAMPLING / 1000
        left, baseline = x * SUPERSAMPLING, y * SUPERSAMPLING
        for span in line.spans:
            for glyph in span.glyphs:
                _fill_contours(
                    draw,
                    [
                        [
                            (left + (glyph.dx + px) * scale, baseline - (glyph.dy + py) * scale)
                            for px, py in points
                        ]
                        for points in load_contours(span.face, glyph.number)
                    ],
                )
                left += glyph.advance * scale
        self.image.paste(color, mask=mask.resize(self.image.size, Image.Resampling.BOX))

    def encode_png(self) -> bytes:
        """Return the picture as PNG."""
        buffer = io.BytesIO()
        self.image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


def _fill_contours(draw: ImageDraw.ImageDraw, contours: Iterable[Iterable[Point]]) -> None:
    """Fill by the non-zero winding rule of fonts: Pillow leaves holes where a contour overlaps itself."""
    crossings: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for contour in contours:
        points = list(contour)
        for start, end in pairwise([*points, points[0]]):
            _collect_crossings(crossings, start, end)
    for row, hits in crossings.items():
        winding = 0
        for (x, direction), (next_x, _direction) in pairwise(sorted(hits)):
            winding += direction
            if winding and round(next_x) > round(x):
                draw.line((round(x), row, round(next_x) - 1, row), fill=255)


def _collect_crossings(crossings: dict[int, list[tuple[float, int]]], start: Point, end: Point) -> None:
    """Add where an edge crosses the middle of each row of pixels, and its direction."""
    direction = 1 if end[1] > start[1] else -1
    (x1, y1), (x2, y2) = (start, end) if direction == 1 else (end, start)
    for row in range(math.ceil(y1 - 0.5), math.ceil(y2 - 0.5)):
        crossings[row].append((x1 + (row + 0.5 - y1) * (x2 - x1) / (y2 - y1), direction))
