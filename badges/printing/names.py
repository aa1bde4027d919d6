"""Fit names into a badge: as large as possible, shrunk to a minimum size, then wrapped, never cut."""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from badges.codes import BadgeHolder
from convention.typeset import FittedText, FontWeight, TextBox, fit_text
from convention.typeset.surface import Point, Surface

INK_COLOR, MUTED_INK_COLOR = "#14181d", "#4a525c"
PART_GAP_RATIO = 0.22
# All parts shrink together, which preserves their proportions.
SHRINK_STEPS = (1.0, 0.88, 0.76, 0.64, 0.52, 0.4)
BELOW_FLOOR_STEP = 0.92


class NamePart(NamedTuple):
    """One part of the names; sizes in points."""

    text: str
    weight: FontWeight
    max_size: float
    min_size: float
    color: str


class NameBox(NamedTuple):
    """Width and height in points."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class FittedNames:
    """The fitted texts in order, with their total height in points."""

    parts: list[tuple[NamePart, FittedText]]
    height: float
    is_below_floor: bool

    @property
    def is_rtl(self) -> bool:
        """Return whether the first line reads from right to left; the others are then aligned with it."""
        return any(fitted.lines[0].is_rtl for _part, fitted in self.parts[:1])

    def describe_problems(self) -> list[str]:
        """Return a sentence for each problem that the organizer should look at before printing."""
        problems = []
        # A dict, unlike a set, keeps the order of the characters, so that the sentence is stable.
        missing = dict.fromkeys(char for _part, fitted in self.parts for char in fitted.missing_characters)
        if missing:
            problems.append(_("no font available for %(characters)s") % {"characters": " ".join(missing)})
        if self.is_below_floor:
            problems.append(
                _("the name is too long to fit at a readable size; it is printed in full, but smaller")
            )
        if not self.parts:
            problems.append(_("the name is missing"))
        return problems


def fit_names(holder: BadgeHolder, name_box: NameBox) -> FittedNames:
    """Fit first name, last name and company into the box."""
    parts = list_name_parts(holder)
    for shrink in SHRINK_STEPS:
        names = _fit_parts(parts, name_box.width, shrink)
        if names.height <= name_box.height and all(fitted.fits_box for _part, fitted in names.parts):
            return names
    return _fit_below_floor(parts, name_box)


def draw_names(page: Surface, names: FittedNames, name_box: NameBox, at: Point) -> None:
    """Draw names in their box, whose top left corner is `at`."""
    left, top = at
    # Slightly above the middle, where a block of text looks centred.
    y = top + max(0.0, (name_box.height - names.height) * 0.42)
    for part, fitted in names.parts:
        page.set_color(part.color)
        step = line_height(fitted)
        for line in fitted.lines:
            # All lines are aligned as the first one, so that a name in mixed scripts has one straight edge.
            right = left + name_box.width - line.width * fitted.size
            page.text(line, right if names.is_rtl else left, y + step * 0.76, fitted.size)
            y += step
        y += fitted.size * PART_GAP_RATIO


def _fit_below_floor(parts: list[NamePart], name_box: NameBox) -> FittedNames:
    """Shrink below the minimum sizes until everything fits."""
    # A name is never cut: better small than incomplete.
    shrink = BELOW_FLOOR_STEP
    while True:
        small = [
            part._replace(max_size=part.min_size * shrink, min_size=part.min_size * shrink) for part in parts
        ]
        names = _fit_parts(small, name_box.width, 1.0)
        if names.height <= name_box.height:
            return FittedNames(names.parts, names.height, is_below_floor=True)
        shrink *= BELOW_FLOOR_STEP


def list_name_parts(holder: BadgeHolder) -> list[NamePart]:
    # A single name is set as large as a first name, whichever field it was typed into.
    first, last = (holder.first_name, holder.last_name) if holder.first_name else (holder.last_name, "")
    parts = [
        # The first name is the one that is read from a distance and used; 24 points is its readable minimum.
        NamePart(first, FontWeight.BOLD, 52, 24, INK_COLOR),
        NamePart(last, FontWeight.SEMIBOLD, 28, 16, INK_COLOR),
        NamePart(holder.company, FontWeight.REGULAR, 16, 10, MUTED_INK_COLOR),
    ]
    return [part for part in parts if part.text.strip()]


def _fit_parts(parts: list[NamePart], width: float, shrink: float) -> FittedNames:
    fitted = []
    height = 0.0
    for part in parts:
        size = max(part.min_size, part.max_size * shrink)
        fitted_part = fit_text(
            part.text, part.weight, TextBox(width, 2), max_size=size, min_size=part.min_size
        )
        fitted.append((part, fitted_part))
        height += line_height(fitted_part) * len(fitted_part.lines) + fitted_part.size * PART_GAP_RATIO
    return FittedNames(fitted, height, is_below_floor=False)


def line_height(fitted: FittedText) -> float:
    """Return the distance between baselines in points; tall scripts get more."""
    tallest = max((line.ascent + line.descent for line in fitted.lines), default=1.2)
    return fitted.size * max(1.06, tallest * 0.9)
