"""Draw the symbols that tell categories apart without colour, and the no-photo sign."""

from collections.abc import Callable

from convention.typeset.surface import Surface
from registrations.models import Ticket

SYMBOL_RADIUS = 8.0
type DrawSymbol = Callable[[Surface, float, float, str], None]


def draw_audience_symbol(drawing: Surface, audience: str, x: float, y: float, color: str) -> None:
    """Draw an audience's symbol around x, y, 16 points wide."""
    drawing.set_color(color)
    AUDIENCE_SYMBOLS.get(audience, _draw_disc)(drawing, x, y, color)


def draw_no_photo_symbol(drawing: Surface, x: float, y: float, color: str) -> None:
    """Draw a crossed-out camera around x, y, 40 points wide."""
    drawing.set_color(color)
    drawing.fill_rectangle(x - 13, y - 7, 26, 17)
    drawing.fill_rectangle(x - 5, y - 11, 10, 4)
    drawing.set_color("#ffffff")
    drawing.draw_circle(x, y + 1.5, 5.5)
    drawing.set_color(color)
    drawing.draw_circle(x, y + 1.5, 3.2)
    # A white line below the black one separates the stroke from the black camera.
    drawing.draw_rule((x - 13, y - 13), (x + 13, y + 13), color="#ffffff", stroke=5)
    drawing.draw_rule((x - 13, y - 13), (x + 13, y + 13), color=color, stroke=2.4)
    drawing.draw_circle(x, y, 18.5, color=color, stroke=2.4)


def _draw_disc(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.draw_circle(x, y, SYMBOL_RADIUS - 1)


def _draw_ring(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.draw_circle(x, y, SYMBOL_RADIUS - 2, color=color, stroke=3)


def _draw_square(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.fill_rectangle(
        x - SYMBOL_RADIUS + 1.5, y - SYMBOL_RADIUS + 1.5, 2 * SYMBOL_RADIUS - 3, 2 * SYMBOL_RADIUS - 3
    )


def _draw_triangle(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.fill_polygon(
        (x - SYMBOL_RADIUS, y + SYMBOL_RADIUS - 2),
        (x, y - SYMBOL_RADIUS),
        (x + SYMBOL_RADIUS, y + SYMBOL_RADIUS - 2),
    )


def _draw_diamond(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.fill_polygon(
        (x - SYMBOL_RADIUS, y), (x, y - SYMBOL_RADIUS), (x + SYMBOL_RADIUS, y), (x, y + SYMBOL_RADIUS)
    )


def _draw_cross(drawing: Surface, x: float, y: float, color: str) -> None:
    drawing.fill_rectangle(x - SYMBOL_RADIUS, y - 2.6, 2 * SYMBOL_RADIUS, 5.2)
    drawing.fill_rectangle(x - 2.6, y - SYMBOL_RADIUS, 5.2, 2 * SYMBOL_RADIUS)


# The outlines can be told apart in black and white, and by colour-blind readers.
AUDIENCE_SYMBOLS: dict[str, DrawSymbol] = {
    Ticket.Audience.MEMBER: _draw_disc,
    Ticket.Audience.GUEST: _draw_ring,
    Ticket.Audience.VENDOR: _draw_square,
    Ticket.Audience.SPEAKER: _draw_triangle,
    Ticket.Audience.PRESS: _draw_diamond,
    Ticket.Audience.STAFF: _draw_cross,
}
