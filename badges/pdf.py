"""Badges as PDF: one a page (A6), four on A4 with crop marks, on labels, or folded; written as drawn."""

import io
import itertools
from collections.abc import Callable, Iterable
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.keys import signing_key
from convention.events.models import Event
from convention.text import filed
from convention.typeset import Document, Page
from convention.typeset.svg import Picture
from registrations.models import Registration, Ticket

from .codes import Holder, holder_of, holders_of, sign
from .design import HEIGHT, MILLIMETRE, ROOM, WIDTH, Design, Problem
from .label import LABEL_HEIGHT, LABEL_WIDTH, draw_label
from .names import set_names

A4_WIDTH, A4_HEIGHT = 210 * MILLIMETRE, 297 * MILLIMETRE
CUT = "#000000"
CUT_LENGTH = 3.5 * MILLIMETRE
type Badge = tuple[Holder, str]


class NothingToPrint(ConventionError):
    """Nobody has a valid badge yet."""

    kind = "nothing-to-print"
    status = 409


class UnknownLayout(ConventionError):
    """There is no such layout."""

    kind = "unknown-layout"


def badge_pdf(registration: Registration) -> bytes:
    """The badge of one registration on A6, as the mail brings it. Raises NoBadge."""
    holder, event = holder_of(registration), registration.event
    file = io.BytesIO()
    draw_badges(file, event, [(holder, sign(holder, signing_key(event)))], layout="a6")
    return file.getvalue()


def event_badges(
    file: BinaryIO, event: Event, *, layout: str, through: Callable[[Iterable[Badge]], Iterable[Badge]] = iter
) -> list[Problem]:
    """Write every valid badge of an event, by last name, passed `through` a function that may count them.

    Returns what the organizer should look at.
    Raises UnknownLayout or NothingToPrint before anything is written.
    """
    if layout not in LAYOUTS:
        raise UnknownLayout(
            _("There is no layout “%(layout)s” yet. Choose one of: %(known)s.")
            % {"layout": layout, "known": ", ".join(LAYOUTS)}
        )
    holders = holders_of(event)
    if not holders:
        raise NothingToPrint(_("Nobody has a confirmed registration for this event yet: no badge to print."))
    key = signing_key(event)
    badges = ((holder, sign(holder, key)) for holder in holders)
    return draw_badges(file, event, through(badges), layout=layout)


def draw_badges(file: BinaryIO, event: Event, badges: Iterable[Badge], *, layout: str) -> list[Problem]:
    """Write these badges in their order. Returns what the organizer should look at."""
    title = _("Badges: %(event)s") % {"event": event.title}
    with Document(file, title=title, language=settings.LANGUAGE_CODE) as document:
        return LAYOUTS[layout](document, Design(event, document, tickets_of(event)), badges)


def badge_picture(registration: Registration) -> str:
    """The badge of one registration as SVG, exactly as it is printed. Raises NoBadge."""
    holder, event = holder_of(registration), registration.event
    return draw_picture(event, holder, sign(holder, signing_key(event)))


def draw_picture(event: Event, holder: Holder, code: str) -> str:
    """One badge as SVG."""
    picture = Picture(WIDTH, HEIGHT)
    Design(event, picture, tickets_of(event)).draw(picture, holder, code, (0, 0))
    return picture.svg(_("Badge of %(name)s") % {"name": holder.name})


def tickets_of(event: Event) -> dict[int, Ticket]:
    """The event's tickets by id."""
    return {ticket.pk: ticket for ticket in Ticket.objects.filter(event=event)}


def preflight(event: Event) -> list[Problem]:
    """What the organizer should look at before printing: names, glyphs, and people with two badges."""
    problems = []
    seen: set[tuple[str, str]] = set()
    for holder in holders_of(event):
        problems += [Problem(holder, sentence) for sentence in set_names(holder, ROOM).sentences()]
        key = (filed(holder.name), filed(holder.company))
        if holder.name and key in seen:
            problems.append(Problem(holder, _("a second badge bears this name and company")))
        seen.add(key)
    return problems


def _single(document: Document, design: Design, badges: Iterable[Badge]) -> list[Problem]:
    problems = []
    for holder, code in badges:
        page = document.page(WIDTH, HEIGHT)
        problems += design.draw(page, holder, code, (0, 0))
    return problems


def _four_up(document: Document, design: Design, badges: Iterable[Badge]) -> list[Problem]:
    problems = []
    top = (A4_HEIGHT - 2 * HEIGHT) / 2
    places = [(x, top + y) for y in (0, HEIGHT) for x in (0, WIDTH)]
    for four in itertools.batched(badges, 4, strict=False):
        page = document.page(A4_WIDTH, A4_HEIGHT)
        for (holder, code), place in zip(four, places, strict=False):
            problems += design.draw(page, holder, code, place)
        _crop_marks(page)
    return problems


def _folded(document: Document, design: Design, badges: Iterable[Badge]) -> list[Problem]:
    """Both sides of a badge side by side on A5, to be folded in the middle."""
    problems = []
    for holder, code in badges:
        page = document.page(2 * WIDTH, HEIGHT)
        problems += design.draw(page, holder, code, (0, 0))
        design.draw(page, holder, code, (WIDTH, 0))
        for end in (0, HEIGHT - CUT_LENGTH):
            page.rule((WIDTH, end), (WIDTH, end + CUT_LENGTH), color=CUT, stroke=0.4)
    return problems


def _labels(document: Document, design: Design, badges: Iterable[Badge]) -> list[Problem]:
    problems = []
    for holder, code in badges:
        problems += draw_label(document.page(LABEL_WIDTH, LABEL_HEIGHT), design, holder, code)
    return problems


def _crop_marks(page: Page) -> None:
    """Marks where to cut: at each end of both cuts, and a cross where they meet."""
    x, y = WIDTH, A4_HEIGHT / 2
    for end in (0, A4_HEIGHT - CUT_LENGTH, y - CUT_LENGTH / 2):
        page.rule((x, end), (x, end + CUT_LENGTH), color=CUT, stroke=0.4)
    for end in (0, A4_WIDTH - CUT_LENGTH, x - CUT_LENGTH / 2):
        page.rule((end, y), (end + CUT_LENGTH, y), color=CUT, stroke=0.4)


LAYOUTS: dict[str, Callable[[Document, Design, Iterable[Badge]], list[Problem]]] = {
    "a6": _single,
    "a4x4": _four_up,
    "label": _labels,
    "folded": _folded,
}
