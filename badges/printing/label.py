"""Draw a badge on a 62 mm label: names, code and category in black, for thermal printers."""

from django.utils import translation

from badges.codes import BadgeHolder
from convention.typeset import FontWeight, fill_area
from convention.typeset.surface import Surface

from .design import MILLIMETRE, SHORT_CODE_SIZE, BadgeDesign, BadgeProblem, draw_code, shape_short_code
from .names import INK_COLOR, NameBox, draw_names, fit_names
from .symbols import draw_audience_symbol

# 62 mm is the width of the rolls for label printers.
LABEL_WIDTH, LABEL_HEIGHT = 100 * MILLIMETRE, 62 * MILLIMETRE
LABEL_MARGIN = 3 * MILLIMETRE
FOOTER_HEIGHT = 26.0
LABEL_QR_SIDE = 104.0
LABEL_NAME_BOX = NameBox(
    LABEL_WIDTH - 2 * LABEL_MARGIN - LABEL_QR_SIDE - 4, LABEL_HEIGHT - 2 * LABEL_MARGIN - FOOTER_HEIGHT
)


def draw_label(page: Surface, design: BadgeDesign, holder: BadgeHolder, code: str) -> list[BadgeProblem]:
    """Draw a label that fills the page; return its problems."""
    names = fit_names(holder, LABEL_NAME_BOX)
    draw_names(page, names, LABEL_NAME_BOX, (LABEL_MARGIN, LABEL_MARGIN))
    draw_code(page, code, (LABEL_WIDTH - LABEL_MARGIN - LABEL_QR_SIDE, LABEL_MARGIN), LABEL_QR_SIDE)
    qr_middle, qr_bottom = LABEL_WIDTH - LABEL_MARGIN - LABEL_QR_SIDE / 2, LABEL_MARGIN + LABEL_QR_SIDE
    page.text(shape_short_code(code), qr_middle, qr_bottom + 8, SHORT_CODE_SIZE, align="center")
    if holder.no_photo:
        page.text(
            design.no_photo_text(),
            qr_middle,
            qr_bottom + 23,
            10.5,
            align="center",
        )
    ticket = design.tickets[holder.ticket_id]
    top = LABEL_HEIGHT - LABEL_MARGIN - FOOTER_HEIGHT
    with translation.override(design.language):
        title = fill_area(
            ticket.title,
            FontWeight.SEMIBOLD,
            width=LABEL_WIDTH - 2 * LABEL_MARGIN - 26,
            height=FOOTER_HEIGHT - 4,
            max_size=14,
        )
    page.draw_rule((LABEL_MARGIN, top), (LABEL_WIDTH - LABEL_MARGIN, top), color=INK_COLOR, stroke=1.2)
    page.set_color(INK_COLOR)
    draw_audience_symbol(page, ticket.audience, LABEL_MARGIN + 9, top + FOOTER_HEIGHT / 2 + 2, INK_COLOR)
    y = top + 4 + (FOOTER_HEIGHT - 4 - len(title.lines) * title.size * 1.15) / 2
    for line in title.lines:
        y += title.size * 1.15
        page.text(line, LABEL_MARGIN + 26, y - title.size * 0.28, title.size)
    return [BadgeProblem(holder, sentence) for sentence in names.describe_problems()]
