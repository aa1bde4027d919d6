"""Put badges on pages: one on A6, four on A4 with crop marks, folded, or on labels; with their backs.

A back page follows its front page, as duplex printing requires. After a sheet is turned over its long edge,
left is right; over its short edge, top is bottom, so the back is drawn upside down.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from badges.codes import BadgeHolder
from convention.typeset import PdfDocument, PdfDrawing, PdfPage

from .back import BadgeBacks
from .design import BADGE_HEIGHT, BADGE_MARGIN, BADGE_WIDTH, MILLIMETRE, BadgeDesign, BadgeProblem
from .label import LABEL_HEIGHT, LABEL_MARGIN, LABEL_WIDTH, draw_label

SHEET_WIDTH, SHEET_HEIGHT = 210 * MILLIMETRE, 297 * MILLIMETRE
SHEET_TOP: Final = (SHEET_HEIGHT - 2 * BADGE_HEIGHT) / 2
# The corners of the four badges of a sheet.
PLACES: Final = tuple((x, SHEET_TOP + y) for y in (0.0, BADGE_HEIGHT) for x in (0.0, BADGE_WIDTH))
# The index of the place behind each of these, by the edge over which the sheet is turned.
PLACES_BEHIND: Final = {"long": (1, 0, 3, 2), "short": (2, 3, 0, 1)}
ROTATIONS: Final = {"long": 0, "short": 180}
CUT_COLOR = "#000000"
CUT_LENGTH = 3.5 * MILLIMETRE
type SignedBadge = tuple[BadgeHolder, str]


@dataclass(frozen=True)
class BadgeSheets:
    """A document being filled with badges; `flip` is the edge over which the printer turns a sheet."""

    document: PdfDocument
    design: BadgeDesign
    backs: BadgeBacks | None = None
    flip: str = "long"

    def draw_back(
        self, page: PdfPage, holder: BadgeHolder, place: tuple[float, float], rotation: int
    ) -> None:
        """Draw the back of a badge with its top left corner at a place of the page."""
        assert self.backs is not None
        drawing = PdfDrawing(page.fonts, BADGE_WIDTH, BADGE_HEIGHT)
        self.backs.draw(drawing, holder, BADGE_MARGIN)
        page.place_drawing(drawing, *place, rotation=rotation)


def draw_single(sheets: BadgeSheets, badges: Iterable[SignedBadge]) -> list[BadgeProblem]:
    problems = []
    for holder, code in badges:
        page = sheets.document.begin_page(BADGE_WIDTH, BADGE_HEIGHT)
        problems += sheets.design.draw_badge(page, holder, code, (0, 0))
        if sheets.backs:
            back = sheets.document.begin_page(BADGE_WIDTH, BADGE_HEIGHT)
            sheets.draw_back(back, holder, (0, 0), rotation=ROTATIONS[sheets.flip])
    return problems


def draw_four_up(sheets: BadgeSheets, badges: Iterable[SignedBadge]) -> list[BadgeProblem]:
    problems = []
    for batch in itertools.batched(badges, 4, strict=False):
        page = sheets.document.begin_page(SHEET_WIDTH, SHEET_HEIGHT)
        for (holder, code), place in zip(batch, PLACES, strict=False):
            problems += sheets.design.draw_badge(page, holder, code, place)
        draw_crop_marks(page)
        if sheets.backs:
            draw_four_backs(sheets, [holder for holder, _code in batch])
    return problems


def draw_four_backs(sheets: BadgeSheets, holders: Sequence[BadgeHolder]) -> None:
    """Draw the back of a sheet: each badge's back behind its front."""
    page = sheets.document.begin_page(SHEET_WIDTH, SHEET_HEIGHT)
    for holder, place_index in zip(holders, PLACES_BEHIND[sheets.flip], strict=False):
        sheets.draw_back(page, holder, PLACES[place_index], rotation=ROTATIONS[sheets.flip])
    draw_crop_marks(page)


def draw_folded(sheets: BadgeSheets, badges: Iterable[SignedBadge]) -> list[BadgeProblem]:
    """Draw both sides of a badge side by side on A5, to be folded in the middle."""
    problems = []
    for holder, code in badges:
        page = sheets.document.begin_page(2 * BADGE_WIDTH, BADGE_HEIGHT)
        problems += sheets.design.draw_badge(page, holder, code, (0, 0))
        if sheets.backs:
            sheets.draw_back(page, holder, (BADGE_WIDTH, 0), rotation=0)
        else:
            # Both sides are the same badge, so its problems are reported once.
            sheets.design.draw_badge(page, holder, code, (BADGE_WIDTH, 0))
        for end in (0, BADGE_HEIGHT - CUT_LENGTH):
            page.draw_rule((BADGE_WIDTH, end), (BADGE_WIDTH, end + CUT_LENGTH), color=CUT_COLOR, stroke=0.4)
    return problems


def draw_labels(sheets: BadgeSheets, badges: Iterable[SignedBadge]) -> list[BadgeProblem]:
    """Draw a label for each badge, and one for its back."""
    problems = []
    for holder, code in badges:
        page = sheets.document.begin_page(LABEL_WIDTH, LABEL_HEIGHT)
        problems += draw_label(page, sheets.design, holder, code)
        if sheets.backs:
            # Labels have one printed side: the second one is stuck on the back.
            sheets.backs.draw(sheets.document.begin_page(LABEL_WIDTH, LABEL_HEIGHT), holder, LABEL_MARGIN)
    return problems


def draw_crop_marks(page: PdfPage) -> None:
    """Draw marks at each end of both cuts, and a cross where they meet."""
    x, y = BADGE_WIDTH, SHEET_HEIGHT / 2
    for end in (0, SHEET_HEIGHT - CUT_LENGTH, y - CUT_LENGTH / 2):
        page.draw_rule((x, end), (x, end + CUT_LENGTH), color=CUT_COLOR, stroke=0.4)
    for end in (0, SHEET_WIDTH - CUT_LENGTH, x - CUT_LENGTH / 2):
        page.draw_rule((end, y), (end + CUT_LENGTH, y), color=CUT_COLOR, stroke=0.4)


BADGE_LAYOUTS: dict[str, Callable[[BadgeSheets, Iterable[SignedBadge]], list[BadgeProblem]]] = {
    "a6": draw_single,
    "a4x4": draw_four_up,
    "label": draw_labels,
    "folded": draw_folded,
}
