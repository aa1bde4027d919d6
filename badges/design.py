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
from convention.qr import QUIET, symbol
from convention.typeset import Line, Weight, fill, shape
from convention.typeset.surface import Maker, Point, Surface
from registrations.models import Ticket

from .codes import Holder
from .marks import draw_mark, draw_no_photo
from .names import INK, Room, draw_names, set_names

MILLIMETRE = 72 / 25.4
WIDTH, HEIGHT = 105 * MILLIMETRE, 148 * MILLIMETRE
EDGE = 5 * MILLIMETRE
PAD = 10.0
LEFT = EDGE + PAD
INNER = WIDTH - 2 * EDGE
NAMES = INNER - 2 * PAD
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
        names = set_names(holder, ROOM)
        draw_names(page, names, ROOM, (left + LEFT, top + NAMES_TOP))
        draw_code(page, code, (left + WIDTH - EDGE - QR_SIDE, top + HEIGHT - EDGE - BAND - QR_SIDE), QR_SIDE)
        if holder.no_photo:
            page.place(self._no_photo(), left + LEFT, top + HEIGHT - EDGE - BAND - 64)
        return [Problem(holder, sentence) for sentence in names.sentences()]

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
        width = INNER - 2 * PAD
        title = fill(self._title(), Weight.BOLD, width=width, height=HEADER - 30, size=23)
        dates = fill(self._when_and_where(), Weight.REGULAR, width=width, height=20, size=12)
        lines = [*((line, title.size) for line in title.lines), *((line, dates.size) for line in dates.lines)]
        height = sum(size * 1.2 for _line, size in lines)
        y = EDGE + (HEADER - height) / 2
        for line, size in lines:
            y += size * 1.2
            form.text(line, LEFT, y - size * 0.3, size)

    def _draw_band(self, form: Surface, ticket: Ticket) -> None:
        top = HEIGHT - EDGE - BAND
        form.color(INK)
        form.rectangle(EDGE, top, INNER, BAND)
        draw_mark(form, ticket.audience, LEFT + 8, top + BAND / 2, PAPER)
        with translation.override(self.language):
            title = ticket.title
        label = fill(title, Weight.SEMIBOLD, width=INNER - 2 * PAD - 25, height=BAND - 4, size=15)
        y = top + (BAND - len(label.lines) * label.size * 1.15) / 2
        for line in label.lines:
            y += label.size * 1.15
            form.text(line, LEFT + 25, y - label.size * 0.28, label.size)

    def _no_photo(self) -> Any:
        form = self.forms.get("no photo")
        if form is None:
            form = self.maker.form(INNER - PAD - QR_SIDE, 56)
            draw_no_photo(form, 20, 20, INK)
            form.text(self.no_photo_words(), 0, 52, 11)
            self.forms["no photo"] = self.maker.keep(form)
        return form

    def no_photo_words(self) -> Line:
        """What stands beside the mark, ready to draw."""
        with translation.override(self.language):
            return shape(_("No photo, please"), Weight.SEMIBOLD)

    def _title(self) -> str:
        with translation.override(self.language):
            return self.event.title

    def _when_and_where(self) -> str:
        with translation.override(self.language):
            dates = say_days(self.event.starts_at, self.event.ends_at, self.event.zone)
        city = self.event.venue.city if self.event.venue else ""
        return f"{dates} · {city}" if city else dates


def draw_code(page: Surface, code: str, at: Point, side: float) -> None:
    """Draw a QR in a square of `side` points that includes its quiet zone."""
    drawn = symbol(code)
    module = side / (drawn.side + 2 * QUIET)
    x, y = at
    page.color(INK)
    page.modules(drawn.rows, drawn.side, x + QUIET * module, y + QUIET * module, module * drawn.side)
