"""Marks that tell categories apart without colour, and the sign that asks not to photograph."""

from collections.abc import Callable

from convention.typeset.surface import Surface
from registrations.models import Ticket

SIZE = 8.0
type Mark = Callable[[Surface, float, float, str], None]


def draw_mark(drawing: Surface, audience: str, x: float, y: float, color: str) -> None:
    """Draw the mark of an audience around x, y in a colour, 16 points wide."""
    drawing.color(color)
    MARKS.get(audience, _disc)(drawing, x, y, color)


def draw_no_photo(drawing: Surface, x: float, y: float, color: str) -> None:
    """Draw a crossed-out camera around x, y, 40 points wide."""
    drawing.color(color)
    drawing.rectangle(x - 13, y - 7, 26, 17)
    drawing.rectangle(x - 5, y - 11, 10, 4)
    drawing.color("#ffffff")
    drawing.circle(x, y + 1.5, 5.5)
    drawing.color(color)
    drawing.circle(x, y + 1.5, 3.2)
    drawing.rule((x - 13, y - 13), (x + 13, y + 13), color="#ffffff", stroke=5)
    drawing.rule((x - 13, y - 13), (x + 13, y + 13), color=color, stroke=2.4)
    drawing.circle(x, y, 18.5, color=color, stroke=2.4)


def _disc(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.circle(x, y, SIZE - 1)


def _ring(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.circle(x, y, SIZE - 2, color=color, stroke=3)


def _square(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.rectangle(x - SIZE + 1.5, y - SIZE + 1.5, 2 * SIZE - 3, 2 * SIZE - 3)


def _triangle(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.polygon((x - SIZE, y + SIZE - 2), (x, y - SIZE), (x + SIZE, y + SIZE - 2))


def _diamond(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.polygon((x - SIZE, y), (x, y - SIZE), (x + SIZE, y), (x, y + SIZE))


def _cross(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.rectangle(x - SIZE, y - 2.6, 2 * SIZE, 5.2)
    drawing.rectangle(x - 2.6, y - SIZE, 5.2, 2 * SIZE)


MARKS: dict[str, Mark] = {
    Ticket.Audience.MEMBER: _disc,
    Ticket.Audience.GUEST: _ring,
    Ticket.Audience.VENDOR: _square,
    Ticket.Audience.SPEAKER: _triangle,
    Ticket.Audience.PRESS: _diamond,
    Ticket.Audience.STAFF: _cross,
}
