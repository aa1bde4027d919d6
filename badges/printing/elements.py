"""Describe a badge as a list of elements for the browser, which draws badges at a desk without network.

The elements come from the functions that draw the PDF, so both look the same: colours, positions in points
from the top left corner, texts with size and weight. Names are fitted in the browser, by the numbers of
names.py.
"""

import base64
import re
from dataclasses import dataclass, field
from typing import Any, cast

from badges.codes import BadgeHolder
from convention.events.models import Event
from convention.typeset import FontWeight, TextLine, list_outlines
from convention.typeset.font_faces import PRIMARY_FAMILY, load_face
from convention.typeset.surface import Point
from registrations.models import Ticket

from .design import BADGE_HEIGHT, BADGE_NAME_BOX, BADGE_WIDTH, CONTENT_LEFT, NAMES_TOP, BadgeDesign
from .names import (
    BELOW_FLOOR_STEP,
    PART_GAP_RATIO,
    SHRINK_STEPS,
    draw_names,
    fit_names,
    list_name_parts,
)

type Element = dict[str, Any]
WEIGHTS = {FontWeight.REGULAR: 400, FontWeight.SEMIBOLD: 600, FontWeight.BOLD: 700}
# The ranges of the fonts that browsers store (convention/look.css), as in a regular expression.
BROWSER_CHARACTERS = (
    "\u0020-\u00ff\u0100-\u02ff\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ff"
    "\u0400-\u045f\u0490-\u0491\u1e00-\u1e9f\u2000-\u206f\u20ac\u2116\u2122\u2212"
)
BROWSER_TEXT_PATTERN = re.compile(f"[{BROWSER_CHARACTERS}]*")


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


class OutlineList(ElementList):
    """A surface that records texts as outlines, for a browser that has no font for them."""

    def text(self, line: TextLine, x: float, y: float, size: float, *, align: str = "left") -> None:
        """Record the outlines of a line, whose left end is x; names are not aligned otherwise."""
        assert align == "left", "names are placed by their left end"
        self._add("outlines", x=x, y=y, size=size, outlines=list_outlines(line))


def move_element(element: Element, dx: float, dy: float) -> Element:
    """Return the element, moved by dx and dy points."""
    moved = dict(element)
    for name, distance in (("x", dx), ("x2", dx), ("y", dy), ("y2", dy)):
        if name in moved:
            moved[name] += distance
    if "points" in moved:
        moved["points"] = [[x + dx, y + dy] for x, y in moved["points"]]
    return moved


def draw_elements(design: BadgeDesign, ticket_id: int, code: str, **fields: bool) -> list[Element]:
    """Return the elements of a badge without names."""
    holder = BadgeHolder("", 1, "", "", "", ticket_id, **{"no_photo": False, **fields})
    page = ElementList(BADGE_WIDTH, BADGE_HEIGHT)
    design.draw_badge(page, holder, code, (0, 0))
    return page.elements


@dataclass(frozen=True)
class DescribedDesign:
    """The badges of an event for the browser. `sample_codes` are two codes that are never printed.

    Elements that differ between their drawings belong to the code; all badges of a ticket share the others.
    """

    design: BadgeDesign
    sample_codes: tuple[str, str]

    @classmethod
    def for_event(
        cls, event: Event, tickets: dict[int, Ticket], sample_codes: tuple[str, str]
    ) -> "DescribedDesign":
        maker = ElementList(BADGE_WIDTH, BADGE_HEIGHT)
        return cls(BadgeDesign(event, maker, tickets), sample_codes)

    def describe(self) -> dict[str, Any]:
        """Return the elements of each ticket, those of the no-photo sign, and the position of names."""
        tickets = self.design.tickets
        return {
            "width": BADGE_WIDTH,
            "height": BADGE_HEIGHT,
            "tickets": {ticket.slug: self.list_shared_elements(pk) for pk, ticket in tickets.items()},
            "no_photo": self.list_no_photo_elements(next(iter(tickets))) if tickets else [],
            "names": describe_names(),
            "font_characters": BROWSER_CHARACTERS,
        }

    def list_shared_elements(self, ticket_id: int) -> list[Element]:
        """Return the elements that all badges of a ticket share; cached, since each badge needs them."""
        # Stored in the design's cache of forms, which has the same lifetime.
        key = ("shared elements", ticket_id)
        if key not in self.design.cached_forms:
            first, second = (draw_elements(self.design, ticket_id, code) for code in self.sample_codes)
            self.design.cached_forms[key] = [element for element in first if element in second]
        return cast("list[Element]", self.design.cached_forms[key])

    def list_no_photo_elements(self, ticket_id: int) -> list[Element]:
        without_sign = draw_elements(self.design, ticket_id, self.sample_codes[0])
        with_sign = draw_elements(self.design, ticket_id, self.sample_codes[0], no_photo=True)
        return [element for element in with_sign if element not in without_sign]

    def describe_code(self, ticket_id: int, code: str) -> list[Element]:
        """Return the elements of a code: its symbol, and texts that depend on it."""
        shared = self.list_shared_elements(ticket_id)
        return [element for element in draw_elements(self.design, ticket_id, code) if element not in shared]


def describe_outlined_names(holder: BadgeHolder) -> list[Element] | None:
    """Return the names of a badge as outlines; None where the browser has a font for them."""
    text = f"{holder.first_name} {holder.last_name} {holder.company}"
    face = load_face(PRIMARY_FAMILY, FontWeight.REGULAR)
    if BROWSER_TEXT_PATTERN.fullmatch(text) and face.has_characters(text):
        return None
    names = fit_names(holder, BADGE_NAME_BOX)
    page = OutlineList(BADGE_WIDTH, BADGE_HEIGHT)
    draw_names(page, names, BADGE_NAME_BOX, (CONTENT_LEFT, NAMES_TOP))
    return page.elements


def describe_names() -> dict[str, Any]:
    """Return the position of names, and the numbers by which they are fitted."""
    # A holder whose texts are the names of the fields: the browser puts the guest's own in their place.
    fields = BadgeHolder("", 1, "first_name", "last_name", "company", 0, no_photo=False)
    return {
        "x": CONTENT_LEFT,
        "y": NAMES_TOP,
        **BADGE_NAME_BOX._asdict(),
        "parts": [{**part._asdict(), "weight": WEIGHTS[part.weight]} for part in list_name_parts(fields)],
        "shrink_steps": SHRINK_STEPS,
        "below_floor_step": BELOW_FLOOR_STEP,
        "part_gap": PART_GAP_RATIO,
    }
