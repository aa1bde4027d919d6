"""Describe a badge as a list of elements for the browser, which draws badges at a desk without network.

The elements come from the functions that draw the PDF, so both say the same: colours, positions in points
from the top left corner, texts with size and weight. Names are fitted in the browser, by the numbers of
names.py.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

from badges.codes import BadgeHolder
from convention.codes.qr import QUIET_ZONE_MODULES, draw_symbol
from convention.events.models import Event
from convention.typeset import FontWeight, TextLine
from convention.typeset.surface import Point

from .design import (
    BADGE_HEIGHT,
    BADGE_MARGIN,
    BADGE_NAME_BOX,
    BADGE_WIDTH,
    BAND_HEIGHT,
    CONTENT_LEFT,
    NAMES_TOP,
    QR_SIDE,
    BadgeDesign,
)
from .names import (
    BELOW_FLOOR_STEP,
    INK_COLOR,
    PART_GAP_RATIO,
    SHRINK_STEPS,
    list_name_parts,
)

type Element = dict[str, Any]
WEIGHTS = {FontWeight.REGULAR: 400, FontWeight.SEMIBOLD: 600, FontWeight.BOLD: 700}


@dataclass
class ElementList:
    """A surface that records what is drawn on it; it is its own maker of forms, like `SvgDrawing`."""

    width: float
    height: float
    elements: list[Element] = field(default_factory=list)
    color: str = "#000000"

    def begin_form(self, width: float, height: float) -> "ElementList":
        return ElementList(width, height)

    def finish_form(self, form: "ElementList") -> "ElementList":
        return form

    def set_color(self, color: str) -> None:
        """Set the colour of fills and text, as #rrggbb."""
        self.color = color

    def text(self, line: TextLine, x: float, y: float, size: float, *, align: str = "left") -> None:
        """Record a line with its baseline at y."""
        weight = line.spans[0].face.weight if line.spans else FontWeight.REGULAR
        self._add("text", x=x, y=y, text=line.text, size=size, weight=WEIGHTS[weight], align=align)

    def fill_rectangle(self, x: float, y: float, width: float, height: float) -> None:
        """Record a filled rectangle."""
        self._add("rectangle", x=x, y=y, width=width, height=height)

    def draw_rule(self, start: Point, end: Point, *, color: str, stroke: float) -> None:
        """Record a straight line."""
        (x, y), (x2, y2) = start, end
        self._add("line", x=x, y=y, x2=x2, y2=y2, color=color, stroke=stroke)

    def fill_polygon(self, *points: Point) -> None:
        """Record the shape between these points."""
        self._add("polygon", points=[list(point) for point in points])

    def draw_circle(self, x: float, y: float, radius: float, *, color: str = "", stroke: float = 0) -> None:
        """Record a filled circle, or its outline."""
        self._add("circle", x=x, y=y, radius=radius, color=color or self.color, stroke=stroke)

    def draw_modules(self, rows: bytes, count: int, x: float, y: float, side: float) -> None:
        """Record a square of modules."""
        self._add("modules", x=x, y=y, side=side, count=count, rows=base64.b64encode(rows).decode())

    def place_form(self, form: "ElementList", x: float, y: float) -> None:
        """Record the elements of a form, moved."""
        self.elements += [move_element(element, x, y) for element in form.elements]

    def _add(self, kind: str, **values: Any) -> None:
        self.elements.append({"kind": kind, "color": self.color, **values})


def move_element(element: Element, dx: float, dy: float) -> Element:
    """Return the element, moved by dx and dy points."""
    moved = dict(element)
    for name, distance in (("x", dx), ("x2", dx), ("y", dy), ("y2", dy)):
        if name in moved:
            moved[name] += distance
    if "points" in moved:
        moved["points"] = [[x + dx, y + dy] for x, y in moved["points"]]
    return moved


def describe_design(design: BadgeDesign) -> dict[str, Any]:
    """Return what the browser needs to draw any badge of the event: elements by ticket, places of names."""
    no_photo = ElementList(BADGE_WIDTH, BADGE_HEIGHT)
    no_photo.place_form(design.no_photo_form(), CONTENT_LEFT, BADGE_HEIGHT - BADGE_MARGIN - BAND_HEIGHT - 64)
    # A holder whose texts are the names of the fields: the browser puts the guest's own in their place.
    fields = BadgeHolder("", 1, "first_name", "last_name", "company", 0, no_photo=False)
    return {
        "width": BADGE_WIDTH,
        "height": BADGE_HEIGHT,
        "tickets": {
            ticket.slug: design.ticket_form(ticket_id).elements
            for ticket_id, ticket in design.tickets.items()
        },
        "no_photo": no_photo.elements,
        "names": {
            "x": CONTENT_LEFT,
            "y": NAMES_TOP,
            **BADGE_NAME_BOX._asdict(),
            "parts": [{**part._asdict(), "weight": WEIGHTS[part.weight]} for part in list_name_parts(fields)],
            "shrink_steps": SHRINK_STEPS,
            "below_floor_step": BELOW_FLOOR_STEP,
            "part_gap": PART_GAP_RATIO,
        },
        "code": {
            "x": BADGE_WIDTH - BADGE_MARGIN - QR_SIDE,
            "y": BADGE_HEIGHT - BADGE_MARGIN - BAND_HEIGHT - QR_SIDE,
            "side": QR_SIDE,
            "quiet_zone": QUIET_ZONE_MODULES,
            "color": INK_COLOR,
        },
    }


def describe_event_design(event: Event, design_tickets: dict[int, Any]) -> dict[str, Any]:
    """Return the description of the event's badges on A6."""
    return describe_design(BadgeDesign(event, ElementList(BADGE_WIDTH, BADGE_HEIGHT), design_tickets))


def encode_symbol(code: str) -> dict[str, Any]:
    """Return the modules of a code's QR symbol: how many a side has, and the rows in base64."""
    symbol = draw_symbol(code)
    return {"count": symbol.side, "rows": base64.b64encode(symbol.rows).decode()}
