"""Protocols of drawing surfaces: pages of a PDF, or SVG for the screen."""

from typing import Any, Protocol

from .shaping import TextLine

type Point = tuple[float, float]


class Surface(Protocol):
    """An area measured in points from its top left corner downwards; see `PdfDrawing` and `SvgDrawing`."""

    width: float
    height: float

    def set_color(self, color: str) -> None:
        """Set the colour of fills and text, as #rrggbb."""

    def text(self, line: TextLine, x: float, y: float, size: float, *, align: str = "left") -> None:
        """Draw a line with its baseline at y."""

    def fill_rectangle(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle."""

    def draw_rule(self, start: Point, end: Point, *, color: str, stroke: float) -> None:
        """Draw a straight line."""

    def fill_polygon(self, *points: Point) -> None:
        """Fill the shape between these points."""

    def draw_circle(self, x: float, y: float, radius: float, *, color: str = "", stroke: float = 0) -> None:
        """Fill a circle, or draw its outline."""

    def draw_modules(self, rows: bytes, count: int, x: float, y: float, side: float) -> None:
        """Draw a square of modules."""

    def place_form(self, form: Any, x: float, y: float) -> None:
        """Draw a form made by the same maker."""


class FormMaker(Protocol):
    """Makes forms, which are drawn once and placed many times."""

    def begin_form(self, width: float, height: float) -> Any:
        """Begin a form, which is a separate surface."""

    def finish_form(self, form: Any) -> Any:
        """Finish a form, so that it may be placed."""
