"""What can be drawn on, whether it becomes a page of a PDF or a picture on the screen."""

from typing import Any, Protocol

from .shape import Line

type Point = tuple[float, float]


class Surface(Protocol):
    """An area measured in points from its top left corner, downwards; see `Drawing` and `Picture`."""

    width: float
    height: float

    def color(self, color: str) -> None:
        """The colour of what is filled or written next, as #rrggbb."""

    def text(self, line: Line, x: float, y: float, size: float, *, align: str = "left") -> None:
        """Set a line with its baseline at y."""

    def rectangle(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle."""

    def rule(self, start: Point, end: Point, *, color: str, stroke: float) -> None:
        """Draw a straight line."""

    def polygon(self, *points: Point) -> None:
        """Fill the shape between these points."""

    def circle(self, x: float, y: float, radius: float, *, color: str = "", stroke: float = 0) -> None:
        """Fill a circle, or draw its outline."""

    def modules(self, rows: bytes, count: int, x: float, y: float, side: float) -> None:
        """Draw a square of modules."""

    def place(self, form: Any, x: float, y: float) -> None:
        """Show a part made by the same maker."""


class Maker(Protocol):
    """Makes parts that are drawn once and placed many times."""

    def form(self, width: float, height: float) -> Any:
        """Begin a part, a surface of its own."""

    def keep(self, form: Any) -> Any:
        """The part is drawn and may be placed."""
