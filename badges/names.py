"""Names on a badge: as large as their room allows, shrunk to a floor, then wrapped, never cut."""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from convention.typeset import Box, Fitted, Weight, fit
from convention.typeset.surface import Point, Surface

from .codes import Holder

INK, QUIET_INK = "#14181d", "#4a525c"
GAP = 0.22
STEPS = (1.0, 0.88, 0.76, 0.64, 0.52, 0.4)
RELIEF = 0.92


class Part(NamedTuple):
    """A line of the names: its text, weight, largest and smallest size in points, colour."""

    text: str
    weight: Weight
    size: float
    floor: float
    color: str


class Room(NamedTuple):
    """Width and height in points."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Names:
    """The names as set, in order, with the height they take in points."""

    parts: list[tuple[Part, Fitted]]
    height: float
    is_small: bool

    @property
    def is_rtl(self) -> bool:
        """Whether the badge is read from the right: its first line says so, and the others stand below it."""
        return any(fitted.lines[0].is_rtl for _part, fitted in self.parts[:1])

    def sentences(self) -> list[str]:
        """What the organizer should know about these names."""
        found = []
        missing = dict.fromkeys(char for _part, fitted in self.parts for char in fitted.missing)
        if missing:
            found.append(_("no font draws %(characters)s") % {"characters": " ".join(missing)})
        if self.is_small:
            found.append(_("the name does not fit at a readable size; it is printed whole, smaller"))
        if not self.parts:
            found.append(_("there is no name"))
        return found


def set_names(holder: Holder, room: Room) -> Names:
    """First name, last name and company of a badge, set in its room."""
    parts = _parts(holder)
    for shrink in STEPS:
        names = _set(parts, room.width, shrink)
        if names.height <= room.height and all(fitted.fits for _part, fitted in names.parts):
            return names
    return _set_small(parts, room)


def draw_names(page: Surface, names: Names, room: Room, at: Point) -> None:
    """Draw names in their room, whose top left corner is `at`, a little above its middle."""
    left, top = at
    y = top + max(0.0, (room.height - names.height) * 0.42)
    for part, fitted in names.parts:
        page.color(part.color)
        step = line_height(fitted)
        for line in fitted.lines:
            right = left + room.width - line.width * fitted.size
            page.text(line, right if names.is_rtl else left, y + step * 0.76, fitted.size)
            y += step
        y += fitted.size * GAP


def _set_small(parts: list[Part], room: Room) -> Names:
    """Below the floors, until it stands whole; the organizer is told."""
    relief = RELIEF
    while True:
        small = [part._replace(size=part.floor * relief, floor=part.floor * relief) for part in parts]
        names = _set(small, room.width, 1.0)
        if names.height <= room.height:
            return Names(names.parts, names.height, is_small=True)
        relief *= RELIEF


def _parts(holder: Holder) -> list[Part]:
    first, last = (holder.first_name, holder.last_name) if holder.first_name else (holder.last_name, "")
    parts = [
        Part(first, Weight.BOLD, 52, 24, INK),
        Part(last, Weight.SEMIBOLD, 28, 16, INK),
        Part(holder.company, Weight.REGULAR, 16, 10, QUIET_INK),
    ]
    return [part for part in parts if part.text.strip()]


def _set(parts: list[Part], width: float, shrink: float) -> Names:
    fitted = []
    height = 0.0
    for part in parts:
        size = max(part.floor, part.size * shrink)
        one = fit(part.text, part.weight, Box(width, 2), size=size, floor=part.floor)
        fitted.append((part, one))
        height += line_height(one) * len(one.lines) + one.size * GAP
    return Names(fitted, height, is_small=False)


def line_height(fitted: Fitted) -> float:
    """From one baseline to the next, in points; tall scripts get the room they need."""
    tallest = max((line.ascent + line.descent for line in fitted.lines), default=1.2)
    return fitted.size * max(1.06, tallest * 0.9)
