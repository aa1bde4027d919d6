"""Draw a badge: one side of A6, at any position of a page.

Everything is at least 5 mm from the edge, where office printers do not print. A category is shown by word and
symbol, never by colour alone; the QR has its quiet zone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from badges.codes import BadgeHolder, make_short_code
from convention.codes.qr import QUIET_ZONE_MODULES, draw_symbol
from convention.events.models import Event
from convention.text.dates import format_date_range
from convention.typeset import FontWeight, TextLine, fill_area, shape_line
from convention.typeset.surface import FormMaker, Point, Surface
from convention.web.accent_colours import choose_ink
from registrations.models import Ticket

from .names import INK_COLOR, NameBox, draw_names, fit_names
from .symbols import draw_audience_symbol, draw_no_photo_symbol

# PDF measures in points, 72 to the inch.
MILLIMETRE = 72 / 25.4
BADGE_WIDTH, BADGE_HEIGHT = 105 * MILLIMETRE, 148 * MILLIMETRE
BADGE_MARGIN = 5 * MILLIMETRE
BADGE_PADDING = 10.0
CONTENT_LEFT = BADGE_MARGIN + BADGE_PADDING
INNER_WIDTH = BADGE_WIDTH - 2 * BADGE_MARGIN
NAMES_WIDTH = INNER_WIDTH - 2 * BADGE_PADDING
HEADER_HEIGHT = 78.0
BAND_HEIGHT = 30.0
QR_SIDE = 124.0
SHORT_CODE_SIZE = 9.0
NAMES_TOP = BADGE_MARGIN + HEADER_HEIGHT + 8
NAMES_BOTTOM = BADGE_HEIGHT - BADGE_MARGIN - BAND_HEIGHT - QR_SIDE - 8
PAPER_COLOR = "#ffffff"
BADGE_NAME_BOX = NameBox(NAMES_WIDTH, NAMES_BOTTOM - NAMES_TOP)


class BadgeProblem(NamedTuple):
    """A problem with one badge that its organizer should check before printing."""

    holder: BadgeHolder
    sentence: str

    @property
    def label(self) -> str:
        """Return the name and reference that identify the badge in a list of problems."""
        reference = self.holder.reference
        return f"{self.holder.name} ({reference})" if self.holder.name else reference


@dataclass
class BadgeDesign:
    """The design of one event's badges; parts that all badges of a ticket share are drawn only once."""

    event: Event
    maker: FormMaker
    tickets: dict[int, Ticket]
    # Not the language of the order or the request: all badges of an event use the same one.
    language: str = settings.LANGUAGE_CODE
    cached_forms: dict[object, Any] = field(default_factory=dict)

    def draw_badge(self, page: Surface, holder: BadgeHolder, code: str, at: Point) -> list[BadgeProblem]:
        """Draw one badge with its top left corner at `at`; return its problems."""
        left, top = at
        # Header and band are a PDF form that each badge refers to: this keeps a badge below 2 kB.
        page.place_form(self._ticket_form(holder.ticket_id), left, top)
        names = fit_names(holder, BADGE_NAME_BOX)
        draw_names(page, names, BADGE_NAME_BOX, (left + CONTENT_LEFT, top + NAMES_TOP))
        draw_code(
            page,
            code,
            (
                left + BADGE_WIDTH - BADGE_MARGIN - QR_SIDE,
                top + BADGE_HEIGHT - BADGE_MARGIN - BAND_HEIGHT - QR_SIDE,
            ),
            QR_SIDE,
        )
        band_top = top + BADGE_HEIGHT - BADGE_MARGIN - BAND_HEIGHT
        page.set_color(INK_COLOR)
        page.text(shape_short_code(code), left + CONTENT_LEFT, band_top - 7, SHORT_CODE_SIZE)
        if holder.no_photo:
            page.place_form(self._no_photo_form(), left + CONTENT_LEFT, band_top - 64 - 14)
        return [BadgeProblem(holder, sentence) for sentence in names.describe_problems()]

    def _ticket_form(self, ticket_id: int) -> Any:
        form = self.cached_forms.get(ticket_id)
        if form is None:
            form = self.maker.begin_form(BADGE_WIDTH, BADGE_HEIGHT)
            self._draw_header(form)
            self._draw_band(form, self.tickets[ticket_id])
            self.cached_forms[ticket_id] = self.maker.finish_form(form)
        return form

    def _draw_header(self, form: Surface) -> None:
        form.set_color(self.event.accent)
        form.fill_rectangle(BADGE_MARGIN, BADGE_MARGIN, INNER_WIDTH, HEADER_HEIGHT)
        # Organizers choose any accent colour, so the text colour is computed for contrast.
        form.set_color(choose_ink(self.event.accent))
        width = INNER_WIDTH - 2 * BADGE_PADDING
        title = fill_area(
            _get_event_title(self.event, self.language),
            FontWeight.BOLD,
            width=width,
            height=HEADER_HEIGHT - 30,
            max_size=23,
        )
        dates = fill_area(
            _describe_when_and_where(self.event, self.language),
            FontWeight.REGULAR,
            width=width,
            height=20,
            max_size=12,
        )
        lines = [*((line, title.size) for line in title.lines), *((line, dates.size) for line in dates.lines)]
        height = sum(size * 1.2 for _line, size in lines)
        y = BADGE_MARGIN + (HEADER_HEIGHT - height) / 2
        for line, size in lines:
            y += size * 1.2
            form.text(line, CONTENT_LEFT, y - size * 0.3, size)

    def _draw_band(self, form: Surface, ticket: Ticket) -> None:
        top = BADGE_HEIGHT - BADGE_MARGIN - BAND_HEIGHT
        form.set_color(INK_COLOR)
        form.fill_rectangle(BADGE_MARGIN, top, INNER_WIDTH, BAND_HEIGHT)
        draw_audience_symbol(form, ticket.audience, CONTENT_LEFT + 8, top + BAND_HEIGHT / 2, PAPER_COLOR)
        with translation.override(self.language):
            title = ticket.title
        label = fill_area(
            title,
            FontWeight.SEMIBOLD,
            width=INNER_WIDTH - 2 * BADGE_PADDING - 25,
            height=BAND_HEIGHT - 4,
            max_size=15,
        )
        y = top + (BAND_HEIGHT - len(label.lines) * label.size * 1.15) / 2
        for line in label.lines:
            y += label.size * 1.15
            form.text(line, CONTENT_LEFT + 25, y - label.size * 0.28, label.size)

    def _no_photo_form(self) -> Any:
        form = self.cached_forms.get("no photo")
        if form is None:
            form = self.maker.begin_form(INNER_WIDTH - BADGE_PADDING - QR_SIDE, 56)
            draw_no_photo_symbol(form, 20, 20, INK_COLOR)
            form.text(self.no_photo_text(), 0, 52, 11)
            self.cached_forms["no photo"] = self.maker.finish_form(form)
        return form

    def no_photo_text(self) -> TextLine:
        with translation.override(self.language):
            return shape_line(_("No photo, please"), FontWeight.SEMIBOLD)


def _get_event_title(event: Event, language: str) -> str:
    with translation.override(language):
        return event.title


def _describe_when_and_where(event: Event, language: str) -> str:
    with translation.override(language):
        dates = format_date_range(event.starts_at, event.ends_at, event.zone)
    city = event.venue.city if event.venue else ""
    return f"{dates} · {city}" if city else dates


def list_shared_content(
    event: Event, tickets: Iterable[Ticket], *, language: str = settings.LANGUAGE_CODE
) -> dict[int, tuple[str, ...]]:
    """Return by ticket id what all badges of a ticket have in common: header, colour, ticket and symbol."""
    header = (_get_event_title(event, language), _describe_when_and_where(event, language), event.accent)
    with translation.override(language):
        return {ticket.pk: (*header, ticket.title, ticket.audience) for ticket in tickets}


def shape_short_code(code: str) -> TextLine:
    """Return the badge's short code in two groups of four, as people read and type it."""
    short_code = make_short_code(code)
    return shape_line(f"{short_code[:4]} {short_code[4:]}", FontWeight.REGULAR)


def draw_code(page: Surface, code: str, at: Point, side: float) -> None:
    """Draw a QR in a square of `side` points that includes its quiet zone."""
    symbol = draw_symbol(code)
    module = side / (symbol.side + 2 * QUIET_ZONE_MODULES)
    x, y = at
    page.set_color(INK_COLOR)
    page.draw_modules(
        symbol.rows,
        symbol.side,
        x + QUIET_ZONE_MODULES * module,
        y + QUIET_ZONE_MODULES * module,
        module * symbol.side,
    )
