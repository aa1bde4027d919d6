"""What stands on a badge, and where: one face of A6, drawn at any place of a page.

Everything keeps 5 mm from the cut, so that office printers print it whole. A category is told by its
word and its mark, never by colour alone; the QR keeps its quiet zone.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from convention.colours import ink_on
from convention.dates import say_days
from convention.events.models import Event
from convention.typeset import Box, Weight, fit
from convention.typeset.surface import Maker, Point, Surface
from registrations.models import Ticket

from .codes import Holder
from .marks import draw_mark, draw_no_photo
from .names import GAP, INK, Room, line_height, set_names
from .qr import QUIET, symbol

MILLIMETRE = 72 / 25.4
WIDTH, HEIGHT = 105 * MILLIMETRE, 148 * MILLIMETRE
EDGE = 5 * MILLIMETRE
PAD = 10.0
LEFT = EDGE + PAD
INNER = WIDTH - 2 * EDGE
NAMES = INNER - PAD
HEADER = 78.0
BAND = 30.0
QR_SIDE = 124.0
NAMES_TOP = EDGE + HEADER + 8
NAMES_BOTTOM = HEIGHT - EDGE - BAND - QR_SIDE - 8
PAPER = "#ffffff"
ROOM = Room(NAMES, NAMES_BOTTOM - NAMES_TOP)


class Problem(NamedTuple):
    """Something on one badge that its organizer should look at before printing."""

    holder: Holder
    sentence: str


@dataclass
class Design:
    """The badge of one event; what all badges of a ticket share is drawn once."""

    event: Event
    maker: Maker
    tickets: dict[int, Ticket]
    language: str = settings.LANGUAGE_CODE
    forms: dict[object, Any] = field(default_factory=dict)

    def draw(self, page: Surface, holder: Holder, code: str, at: Point) -> list[Problem]:
        """Draw one badge with its top left corner at `at`; returns what does not stand as it should."""
        left, top = at
        page.place(self._shared(holder.ticket_id), left, top)
        problems = self._draw_names(page, holder, left, top)
        drawn = symbol(code)
        module = QR_SIDE / (drawn.side + 2 * QUIET)
        side = module * drawn.side
        x = left + WIDTH - EDGE - QR_SIDE + QUIET * module
        y = top + HEIGHT - EDGE - BAND - QR_SIDE + QUIET * module
        page.color(INK)
        page.modules(drawn.rows, drawn.side, x, y, side)
        if holder.no_photo:
            page.place(self._no_photo(), left + LEFT, top + HEIGHT - EDGE - BAND - 64)
        return problems

    def _draw_names(self, page: Surface, holder: Holder, left: float, top: float) -> list[Problem]:
        block = set_names(holder, ROOM)
        y = top + NAMES_TOP + max(0.0, (ROOM.height - block.height) * 0.42)
        for part, fitted in block.parts:
            page.color(part.color)
            for line in fitted.lines:
                y += line_height(fitted) * 0.76
                x = left + WIDTH - LEFT - line.width * fitted.size if line.is_rtl else left + LEFT
                page.text(line, x, y, fitted.size)
                y += line_height(fitted) * 0.24
            y += fitted.size * GAP
        return [Problem(holder, sentence) for sentence in block.sentences()]

    def _shared(self, ticket_id: int) -> Any:
        form = self.forms.get(ticket_id)
        if form is None:
            form = self.maker.form(WIDTH, HEIGHT)
            self._draw_header(form)
            self._draw_band(form, self.tickets[ticket_id])
            self.forms[ticket_id] = self.maker.keep(form)
        return form

    def _draw_header(self, form: Surface) -> None:
        form.color(self.event.accent)
        form.rectangle(EDGE, EDGE, INNER, HEADER)
        form.color(ink_on(self.event.accent))
        title = fit(self._title(), Weight.BOLD, Box(INNER - 2 * PAD, 2), size=23, floor=11)
        dates = fit(self._when_and_where(), Weight.REGULAR, Box(INNER - 2 * PAD), size=12, floor=7)
        lines = [
            *((line, title.size) for line in title.lines[:4]),
            *((line, dates.size) for line in dates.lines[:2]),
        ]
        height = sum(size * 1.2 for _line, size in lines)
        y = EDGE + (HEADER - height) / 2
        for line, size in lines:
            y += size * 1.2
            form.text(line, LEFT, y - size * 0.3, size)

    def _draw_band(self, form: Surface, ticket: Ticket) -> None:
        top = HEIGHT - EDGE - BAND
        form.color(INK)
        form.rectangle(EDGE, top, INNER, BAND)
        form.color(PAPER)
        draw_mark(form, ticket.audience, LEFT + 8, top + BAND / 2)
        with translation.override(self.language):
            label = fit(ticket.title, Weight.SEMIBOLD, Box(INNER - 2 * PAD - 25), size=15, floor=8)
        for line in label.lines[:1]:
            form.text(line, LEFT + 25, top + BAND / 2 + label.size * 0.33, label.size)

    def _no_photo(self) -> Any:
        form = self.forms.get("no photo")
        if form is None:
            form = self.maker.form(NAMES - QR_SIDE, 56)
            draw_no_photo(form, 20, 20, INK)
            with translation.override(self.language):
                label = fit(_("No photo, please"), Weight.SEMIBOLD, Box(NAMES - QR_SIDE), size=11, floor=7)
            form.text(label.lines[0], 0, 52, label.size)
            self.forms["no photo"] = self.maker.keep(form)
        return form

    def _title(self) -> str:
        with translation.override(self.language):
            return self.event.title

    def _when_and_where(self) -> str:
        with translation.override(self.language):
            dates = say_days(self.event.starts_at, self.event.ends_at, self.event.zone)
        city = self.event.venue.city if self.event.venue else ""
        return f"{dates} · {city}" if city else dates
