"""Draw SVG for the screen: letters as outlines, identical to the printed ones."""

import functools
from html import escape
from typing import Self

from fontTools.pens.svgPathPen import SVGPathPen

from .document import ALIGNMENT_SHARES, BLACK_COLOR
from .font_faces import FontFace
from .shaping import TextLine
from .surface import Point


@functools.lru_cache(maxsize=4096)
def _glyph_outline(face: FontFace, glyph: int) -> str:
    # Outlines instead of text: the browser may lack the font, and would break lines differently.
    pen = SVGPathPen(None)
    face.font.draw_glyph_with_pen(glyph, pen)
    return pen.getCommands()


def list_outlines(line: TextLine) -> list[tuple[int, int, str]]:
    """Return position and path of each glyph of a line, in thousandths of an em, with the y axis upwards."""
    pen_x, outlines = 0, []
    for span in line.spans:
        for glyph in span.glyphs:
            outline = _glyph_outline(span.face, glyph.number)
            if outline:
                outlines.append((pen_x + glyph.dx, glyph.dy, outline))
            pen_x += glyph.advance
    return outlines


class SvgDrawing:
    """An area measured in points from the top left corner downwards, like `PdfDrawing`.

    It is its own FormMaker: `begin_form`, `finish_form` and `place_form`.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self.elements: list[str] = []
        self._color = BLACK_COLOR

    def begin_form(self, width: float, height: float) -> "SvgDrawing":
        return SvgDrawing(width, height)

    def finish_form(self, form: "SvgDrawing") -> "SvgDrawing":
        return form

    def set_color(self, color: str) -> None:
        """Set the colour of fills and text, as #rrggbb."""
        self._color = color

    def text(self, line: TextLine, x: float, y: float, size: float, *, align: str = "left") -> None:
        """Draw a line with its baseline at y; x is its left end, its middle or its right end."""
        left = x - line.width * size * ALIGNMENT_SHARES[align]
        scale = size / 1000
        paths = [
            f'<path transform="translate({dx} {dy})" d="{path}"/>' for dx, dy, path in list_outlines(line)
        ]
        move = f"translate({left:.2f} {y:.2f}) scale({scale:g} {-scale:g})"
        self.elements.append(f'<g fill="{self._color}" transform="{move}">{"".join(paths)}</g>')

    def fill_rectangle(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle whose top left corner is x, y."""
        self._add_filled(f'rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"')

    def draw_rule(self, start: Point, end: Point, *, color: str, stroke: float) -> None:
        """Draw a straight line."""
        (x1, y1), (x2, y2) = start, end
        path = f"M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}"
        self.elements.append(f'<path d="{path}" stroke="{color}" stroke-width="{stroke:g}"/>')

    def fill_polygon(self, *points: Point) -> None:
        """Fill the shape between these points."""
        self._add_filled(f'polygon points="{" ".join(f"{x:.2f},{y:.2f}" for x, y in points)}"')

    def draw_circle(self, x: float, y: float, radius: float, *, color: str = "", stroke: float = 0) -> None:
        """Fill a circle around x, y; with a stroke, draw its outline in `color` instead."""
        shape = f'circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}"'
        if stroke:
            self.elements.append(f'<{shape} fill="none" stroke="{color}" stroke-width="{stroke:g}"/>')
        else:
            self._add_filled(shape)

    def draw_modules(self, rows: bytes, count: int, x: float, y: float, side: float) -> None:
        """Draw a square of `count` by `count` modules; `rows` has one bit each, rows padded to bytes."""
        width = len(rows) // count
        path = "".join(
            f"M{column} {row}h1v1h-1z"
            for row in range(count)
            for column in range(count)
            if rows[row * width + column // 8] >> (7 - column % 8) & 1
        )
        move = f"translate({x:.3f} {y:.3f}) scale({side / count:.5f})"
        self._add_filled(f'path shape-rendering="crispEdges" transform="{move}" d="{path}"')

    def place_form(self, form: Self, x: float, y: float) -> None:
        """Draw a form with its top left corner at x, y."""
        self.elements.append(f'<g transform="translate({x:.2f} {y:.2f})">{"".join(form.elements)}</g>')

    def to_svg(self, title: str) -> str:
        """Return the SVG, with a title for screen readers."""
        size = f'width="{self.width:.2f}pt" height="{self.height:.2f}pt"'
        box = f'viewBox="0 0 {self.width:.2f} {self.height:.2f}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} {box}><title>{escape(title)}</title>'
            f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(self.elements)}</svg>'
        )

    def _add_filled(self, element: str) -> None:
        self.elements.append(f'<{element} fill="{self._color}"/>')
