"""Logos of those who support the event: back page of the booklet, foot of the door signs.

They come from a higher layer through `hooks.printed_logos`.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention import hooks
from convention.events.models import Event
from convention.typeset import Document, Page, Weight
from convention.typeset.document import Form

from .flow import COLUMN, SIDE, Flow
from .setting import INK, PALE, set_text

BOXES = ((150.0, 66.0), (106.0, 48.0), (76.0, 34.0))
"""How wide and high a logo of the first, the second and any other package may be, in points."""
GAP = 16.0
SIGN_HIGH, SIGN_WIDE, SIGN_GAP = 26.0, 72.0, 10.0
SIGN_ROW = 300.0
"""All logos of a sign stand in so many points: more of them are drawn smaller, all alike."""


@dataclass(frozen=True)
class PrintedLogo:
    """A logo as a PNG, with the name of whose it is and of the group that it stands in."""

    name: str
    group: str
    content: bytes
    width: int
    height: int

    def within(self, width: float, height: float) -> tuple[float, float]:
        """Its size in points in a box of that size."""
        scale = min(width / self.width, height / self.height)
        return self.width * scale, self.height * scale


def logos_of(event: Event) -> tuple[PrintedLogo, ...]:
    """The logos that the printed programme of an event shows, in their order."""
    return tuple(hooks.printed_logos.provider()(event))


def draw_back_page(flow: Flow, logos: Iterable[PrintedLogo]) -> None:
    """A page of its own, group by group, all logos of a group in boxes of one size."""
    groups = [(name, list(found)) for name, found in itertools.groupby(logos, key=lambda logo: logo.group)]
    if not groups:
        return
    flow.section = _("With the support of")
    flow.turn()
    flow.stack([(set_text(_("With the support of"), Weight.BOLD, width=COLUMN, size=19), INK)], x=SIDE)
    flow.y += 14
    for number, (name, found) in enumerate(groups):
        flow.room_for(20 + BOXES[min(number, 2)][1])
        flow.stack([(set_text(name, Weight.SEMIBOLD, width=COLUMN, size=9), PALE)], x=SIDE)
        flow.y += 6
        draw_rows(flow, found, BOXES[min(number, 2)])
        flow.y += 8


def draw_rows(flow: Flow, logos: list[PrintedLogo], box: tuple[float, float]) -> None:
    """Row by row, each logo in the middle of its box's height."""
    wide, high = box
    per_row = max(1, int((COLUMN + GAP) // (wide + GAP)))
    for row in itertools.batched(logos, per_row, strict=False):
        page = flow.room_for(high + 4)
        for column, logo in enumerate(row):
            form = kept(flow.document, logo, logo.within(wide, high))
            page.place(form, SIDE + column * (wide + GAP), flow.y + (high - form.height) / 2)
        flow.y += high + 10


def draw_row(
    document: Document, page: Page, logos: Iterable[PrintedLogo], corner: tuple[float, float]
) -> float:
    """One row that ends at the right lower corner, all of one height; how wide it is."""
    right, bottom = corner
    x = right
    for form in reversed(list(forms_of(document, logos))):
        x -= form.width
        page.place(form, x, bottom - SIGN_HIGH + (SIGN_HIGH - form.height) / 2)
        x -= SIGN_GAP
    return right - x


def forms_of(document: Document, logos: Iterable[PrintedLogo]) -> Iterator[Form]:
    """Each logo as it stands on a sign, in a box of one size."""
    logos = list(logos)
    room = SIGN_ROW - SIGN_GAP * (len(logos) - 1)
    wide = min(SIGN_WIDE, max(room, 10.0) / max(1, len(logos)))
    for logo in logos:
        yield kept(document, logo, logo.within(wide, SIGN_HIGH))


def kept(document: Document, logo: PrintedLogo, size: tuple[float, float]) -> Form:
    """The logo at that size, in the file once however often it is shown."""
    return document.picture(logo.content, size, name=logo.name)
