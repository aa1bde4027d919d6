"""A badge on a label of 62 mm: names, code and category in black, for a thermal printer at the desk."""

from django.utils import translation

from convention.typeset import Weight, fill
from convention.typeset.surface import Surface

from .codes import Holder
from .design import MILLIMETRE, Design, Problem, draw_code
from .marks import draw_mark
from .names import INK, Room, draw_names, set_names

LABEL_WIDTH, LABEL_HEIGHT = 100 * MILLIMETRE, 62 * MILLIMETRE
EDGE = 3 * MILLIMETRE
FOOT = 26.0
SIDE = 104.0
ROOM = Room(LABEL_WIDTH - 2 * EDGE - SIDE - 4, LABEL_HEIGHT - 2 * EDGE - FOOT)


def draw_label(page: Surface, design: Design, holder: Holder, code: str) -> list[Problem]:
    """Draw one label that fills the page; returns what does not stand as it should."""
    names = set_names(holder, ROOM)
    draw_names(page, names, ROOM, (EDGE, EDGE))
    draw_code(page, code, (LABEL_WIDTH - EDGE - SIDE, EDGE), SIDE)
    if holder.no_photo:
        page.text(
            design.no_photo_words(), LABEL_WIDTH - EDGE - SIDE / 2, EDGE + SIDE + 14, 10.5, align="center"
        )
    ticket = design.tickets[holder.ticket_id]
    top = LABEL_HEIGHT - EDGE - FOOT
    with translation.override(design.language):
        title = fill(
            ticket.title, Weight.SEMIBOLD, width=LABEL_WIDTH - 2 * EDGE - 26, height=FOOT - 4, size=14
        )
    page.rule((EDGE, top), (LABEL_WIDTH - EDGE, top), color=INK, stroke=1.2)
    page.color(INK)
    draw_mark(page, ticket.audience, EDGE + 9, top + FOOT / 2 + 2, INK)
    y = top + 4 + (FOOT - 4 - len(title.lines) * title.size * 1.15) / 2
    for line in title.lines:
        y += title.size * 1.15
        page.text(line, EDGE + 26, y - title.size * 0.28, title.size)
    return [Problem(holder, sentence) for sentence in names.sentences()]
