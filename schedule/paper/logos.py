"""Draw supporters' logos: on the booklet's back page and at the foot of door signs.

A higher layer provides them through `hooks.printed_logos`.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention import hooks
from convention.events.models import Event
from convention.typeset import FontWeight, PdfDocument, PdfPage
from convention.typeset.document import PdfForm

from .page_flow import COLUMN_WIDTH, SIDE_MARGIN, PageFlow
from .text_layout import INK_COLOR, PALE_INK_COLOR, lay_out_heading, lay_out_text

# Width and height in points of logos in the first, the second and any other group.
LOGO_BOXES = ((150.0, 66.0), (106.0, 48.0), (76.0, 34.0))
LOGO_GAP = 16.0
SIGN_LOGO_HEIGHT, SIGN_LOGO_WIDTH, SIGN_LOGO_GAP = 26.0, 72.0, 10.0
# The width of a row in points, how many logos fit in a single row, and the gap between two rows. With many
# logos, all are smaller.
SIGN_ROW_WIDTH, SIGN_ROW_COUNT, SIGN_ROW_GAP = 236.0, 3, 4.0


@dataclass(frozen=True)
class PrintedLogo:
    """A logo as PNG, with the names of its owner and of its group."""

    name: str
    group_name: str
    content: bytes
    width: int
    height: int

    def scale_to_box(self, width: float, height: float) -> tuple[float, float]:
        """Return its size in points within that box."""
        scale = min(width / self.width, height / self.height)
        return self.width * scale, self.height * scale


def load_printed_logos(event: Event) -> tuple[PrintedLogo, ...]:
    """Return the logos that the printed programme of an event shows, in order."""
    return tuple(hooks.printed_logos.provider()(event))


def fingerprint_printed_logos(event: Event) -> str:
    """Return a text that changes with the logos, their names, groups and order."""
    digest = hashlib.sha256()
    for logo in load_printed_logos(event):
        digest.update(f"{logo.name}\n{logo.group_name}\n{len(logo.content)}\n".encode() + logo.content)
    return digest.hexdigest()


def draw_back_page(flow: PageFlow, logos: Iterable[PrintedLogo]) -> None:
    """Draw the back page, group by group, with boxes of one size in each group."""
    groups = [
        (name, list(group_logos))
        for name, group_logos in itertools.groupby(logos, key=lambda logo: logo.group_name)
    ]
    if not groups:
        return
    flow.section_title = _("Supported by")
    flow.begin_page()
    flow.stack_texts(
        [(lay_out_heading(_("Supported by"), width=COLUMN_WIDTH, size=19), INK_COLOR)],
        x=SIDE_MARGIN,
    )
    flow.y += 14
    for number, (name, group_logos) in enumerate(groups):
        flow.ensure_space(20 + LOGO_BOXES[min(number, 2)][1])
        flow.stack_texts(
            [(lay_out_text(name, FontWeight.SEMIBOLD, width=COLUMN_WIDTH, size=9), PALE_INK_COLOR)],
            x=SIDE_MARGIN,
        )
        flow.y += 6
        draw_logo_rows(flow, group_logos, LOGO_BOXES[min(number, 2)])
        flow.y += 8


def draw_logo_rows(flow: PageFlow, logos: list[PrintedLogo], box: tuple[float, float]) -> None:
    """Draw logos row by row, each centred vertically in its box."""
    box_width, box_height = box
    per_row = max(1, int((COLUMN_WIDTH + LOGO_GAP) // (box_width + LOGO_GAP)))
    for row in itertools.batched(logos, per_row, strict=False):
        page = flow.ensure_space(box_height + 4)
        for column, logo in enumerate(row):
            form = get_logo_form(flow.document, logo, logo.scale_to_box(box_width, box_height))
            x = SIDE_MARGIN + column * (box_width + LOGO_GAP)
            page.place_form(form, x, flow.y + (box_height - form.height) / 2)
        flow.y += box_height + 10


def draw_sign_logos(
    document: PdfDocument, page: PdfPage, logos: Iterable[PrintedLogo], corner: tuple[float, float]
) -> float:
    """Draw logos in one or two rows that end at the right lower corner; return their width."""
    right, bottom = corner
    logos = list(logos)
    per_row = len(logos) if len(logos) <= SIGN_ROW_COUNT else -(-len(logos) // 2)
    rows = [list(row) for row in itertools.batched(logos, max(1, per_row), strict=False)]
    left = right
    for number, row in enumerate(rows):
        x = right
        y = bottom - (len(rows) - number) * SIGN_LOGO_HEIGHT - (len(rows) - number - 1) * SIGN_ROW_GAP
        for form in reversed(list(make_sign_forms(document, row))):
            x -= form.width
            page.place_form(form, x, y + (SIGN_LOGO_HEIGHT - form.height) / 2)
            x -= SIGN_LOGO_GAP
        left = min(left, x)
    return right - left


def make_sign_forms(document: PdfDocument, logos: Sequence[PrintedLogo]) -> Iterator[PdfForm]:
    available_width = SIGN_ROW_WIDTH - SIGN_LOGO_GAP * (len(logos) - 1)
    # At least 10 points in all: with very many logos, the gaps alone are wider than the row.
    max_width = min(SIGN_LOGO_WIDTH, max(available_width, 10.0) / max(1, len(logos)))
    for logo in logos:
        yield get_logo_form(document, logo, logo.scale_to_box(max_width, SIGN_LOGO_HEIGHT))


def get_logo_form(document: PdfDocument, logo: PrintedLogo, size: tuple[float, float]) -> PdfForm:
    """Return the logo at that size, embedded once however often it is drawn."""
    return document.add_picture(logo.content, size, name=logo.name)
