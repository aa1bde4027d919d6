"""What stands on a badge, and where: one face of A6, drawn at any place of a page.

Everything keeps 5 mm from the cut, so that office printers print it whole. A category is told by its
word and its mark, never by colour alone; the QR keeps its quiet zone.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.typeset import Box, Document, Drawing, Fitted, Form, Weight, fit
from convention.typeset.typography import date_range
from registrations.models import Ticket

from .codes import Holder
from .marks import draw_mark, draw_no_photo
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
INK, PAPER, QUIET_INK = "#14181d", "#ffffff", "#4a525c"
GAP = 0.22


class Problem(NamedTuple):
    """Something on one badge that its organizer should look at before printing."""

    holder: Holder
    sentence: str


class Part(NamedTuple):
    """A line of the names: its text, weight, largest and smallest size in points, colour."""

    text: str
    weight: Weight
    size: float
    floor: float
    color: str


@dataclass
class Design:
    """The badge of one event; what all badges of a ticket share is drawn once."""

    event: Event
    tickets: dict[int, Ticket]
    language: str = settings.LANGUAGE_CODE
    forms: dict[object, Form] = field(default_factory=dict)

    def draw(
        self, page: Drawing, document: Document, holder: Holder, code: str, at: tuple[float, float]
    ) -> list[Problem]:
        """Draw one badge with its top left corner at `at`; returns what does not stand as it should."""
        left, top = at
        page.place(self._shared(document, holder.ticket_id), left, top)
        problems = self._draw_names(page, holder, left, top)
        shape_of_code = symbol(code)
        module = QR_SIDE / (shape_of_code.count + 2 * QUIET)
        side = module * shape_of_code.count
        x = left + WIDTH - EDGE - QR_SIDE + QUIET * module
        y = top + HEIGHT - EDGE - BAND - QR_SIDE + QUIET * module
        page.color(INK)
        page.modules(shape_of_code.rows, shape_of_code.count, x, y, side)
        if holder.no_photo:
            page.place(self._no_photo(document), left + LEFT, top + HEIGHT - EDGE - BAND - 64)
        return problems

    def _draw_names(self, page: Drawing, holder: Holder, left: float, top: float) -> list[Problem]:
        block = set_names(holder)
        room = NAMES_BOTTOM - NAMES_TOP
        y = top + NAMES_TOP + max(0.0, (room - block.height) * 0.42)
        for part, fitted in block.parts:
            page.color(part.color)
            for line in fitted.lines:
                y += line_height(fitted) * 0.76
                x = left + WIDTH - LEFT - line.width * fitted.size if line.is_rtl else left + LEFT
                page.text(line, x, y, fitted.size)
                y += line_height(fitted) * 0.24
            y += fitted.size * GAP
        return [Problem(holder, sentence) for sentence in block.sentences()]

    def _shared(self, document: Document, ticket_id: int) -> Form:
        form = self.forms.get(ticket_id)
        if form is None:
            form = document.form(WIDTH, HEIGHT)
            self._draw_header(form)
            self._draw_band(form, self.tickets[ticket_id])
            self.forms[ticket_id] = document.keep(form)
        return form

    def _draw_header(self, form: Form) -> None:
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

    def _draw_band(self, form: Form, ticket: Ticket) -> None:
        top = HEIGHT - EDGE - BAND
        form.color(INK)
        form.rectangle(EDGE, top, INNER, BAND)
        form.color(PAPER)
        draw_mark(form, ticket.audience, LEFT + 8, top + BAND / 2)
        with translation.override(self.language):
            label = fit(ticket.title, Weight.SEMIBOLD, Box(INNER - 2 * PAD - 25), size=15, floor=8)
        for line in label.lines[:1]:
            form.text(line, LEFT + 25, top + BAND / 2 + label.size * 0.33, label.size)

    def _no_photo(self, document: Document) -> Form:
        form = self.forms.get("no photo")
        if form is None:
            form = document.form(NAMES - QR_SIDE, 56)
            draw_no_photo(form, 20, 20, INK)
            with translation.override(self.language):
                label = fit(_("No photo, please"), Weight.SEMIBOLD, Box(NAMES - QR_SIDE), size=11, floor=7)
            form.text(label.lines[0], 0, 52, label.size)
            self.forms["no photo"] = document.keep(form)
        return form

    def _title(self) -> str:
        with translation.override(self.language):
            return self.event.title

    def _when_and_where(self) -> str:
        zone = self.event.zone
        first, last = self.event.starts_at.astimezone(zone), self.event.ends_at.astimezone(zone)
        dates = date_range(first.date(), last.date(), self.language)
        city = self.event.venue.city if self.event.venue else ""
        return f"{dates} · {city}" if city else dates


@dataclass(frozen=True, slots=True)
class Names:
    """The names as set, in order, with the room they take in points."""

    parts: list[tuple[Part, Fitted]]
    height: float
    is_small: bool

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


def set_names(holder: Holder) -> Names:
    """First name, last name and company as large as the badge allows, and never cut."""
    parts = list(_parts(holder))
    room = NAMES_BOTTOM - NAMES_TOP
    for shrink in (1.0, 0.88, 0.76, 0.64, 0.52, 0.4):
        names = _set(parts, shrink, is_small=False)
        if names.height <= room and all(fitted.fits for _part, fitted in names.parts):
            return names
    # Not even the floors fit: set everything smaller, until it stands whole.
    relief = 0.92
    while True:
        smaller = [part._replace(size=part.floor * relief, floor=part.floor * relief) for part in parts]
        names = _set(smaller, 1.0, is_small=True)
        if names.height <= room or relief < 0.05:
            return names
        relief *= 0.92


def _parts(holder: Holder) -> list[Part]:
    first, last = (holder.first_name, holder.last_name) if holder.first_name else (holder.last_name, "")
    parts = [
        Part(first, Weight.BOLD, 52, 24, INK),
        Part(last, Weight.SEMIBOLD, 28, 16, INK),
        Part(holder.company, Weight.REGULAR, 16, 10, QUIET_INK),
    ]
    return [part for part in parts if part.text.strip()]


def _set(parts: list[Part], shrink: float, *, is_small: bool) -> Names:
    fitted = []
    height = 0.0
    for part in parts:
        size = max(part.floor, part.size * shrink)
        one = fit(part.text, part.weight, Box(NAMES, 2), size=size, floor=part.floor)
        fitted.append((part, one))
        height += line_height(one) * len(one.lines) + one.size * GAP
    return Names(fitted, height, is_small)


def line_height(fitted: Fitted) -> float:
    """From one baseline to the next, in points; tall scripts get the room they need."""
    tallest = max((line.ascent + line.descent for line in fitted.lines), default=1.2)
    return fitted.size * max(1.06, tallest * 0.9)


def ink_on(color: str) -> str:
    """Black or white, whichever reads better on a colour (WCAG's contrast)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return PAPER if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else INK
