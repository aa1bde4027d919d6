"""Write badges as PDF: one on each A6 page, four on A4 with crop marks, on labels, or folded."""

import io
import itertools
from collections.abc import Callable, Iterable
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from badges.codes import BadgeHolder, build_holder_code, get_badge_holder, list_badge_holders
from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.signing_keys import get_signing_key
from convention.text.normalize import name_search_key
from convention.typeset import PdfDocument, PdfPage
from convention.typeset.svg_drawing import SvgDrawing
from registrations.models import Registration, Ticket

from .design import BADGE_HEIGHT, BADGE_NAME_BOX, BADGE_WIDTH, MILLIMETRE, BadgeDesign, BadgeProblem
from .label import LABEL_HEIGHT, LABEL_WIDTH, draw_label
from .names import fit_names

SHEET_WIDTH, SHEET_HEIGHT = 210 * MILLIMETRE, 297 * MILLIMETRE
CUT_COLOR = "#000000"
CUT_LENGTH = 3.5 * MILLIMETRE
type SignedBadge = tuple[BadgeHolder, str]


class NothingToPrint(ConventionError):
    """Nobody has a valid badge yet."""

    kind = "nothing-to-print"
    status = 409


class UnknownLayout(ConventionError):
    kind = "unknown-layout"


def render_badge_pdf(registration: Registration) -> bytes:
    """Return the badge of one registration on A6. Raise NoBadge."""
    holder, event = get_badge_holder(registration), registration.event
    file = io.BytesIO()
    write_badges(file, event, [(holder, build_holder_code(holder, get_signing_key(event)))], layout="a6")
    return file.getvalue()


def write_event_badges(
    file: BinaryIO,
    event: Event,
    *,
    layout: str,
    wrap_badges: Callable[[Iterable[SignedBadge]], Iterable[SignedBadge]] = iter,
) -> list[BadgeProblem]:
    """Write all valid badges of an event to `file`, by last name; return their problems.

    `wrap_badges` may wrap the iterator, to report progress. Raise UnknownLayout or NothingToPrint before
    anything is written.
    """
    if layout not in BADGE_LAYOUTS:
        raise UnknownLayout(
            _("Unknown layout “%(layout)s”. Choose one of: %(known)s.")
            % {"layout": layout, "known": ", ".join(BADGE_LAYOUTS)}
        )
    holders = list_badge_holders(event)
    # Checked before the document begins: a refusal must leave the file untouched.
    if not holders:
        raise NothingToPrint(
            _("No confirmed registrations for this event yet, so there are no badges to print.")
        )
    key = get_signing_key(event)
    # A generator: each badge is signed while it is drawn, so the codes of all are never in memory together.
    badges = ((holder, build_holder_code(holder, key)) for holder in holders)
    return write_badges(file, event, wrap_badges(badges), layout=layout)


def write_badges(
    file: BinaryIO, event: Event, badges: Iterable[SignedBadge], *, layout: str
) -> list[BadgeProblem]:
    """Write these badges in order; return their problems."""
    title = _("Badges: %(event)s") % {"event": event.title}
    with PdfDocument(file, title=title, language=settings.LANGUAGE_CODE) as document:
        return BADGE_LAYOUTS[layout](
            document, BadgeDesign(event, document, load_event_tickets(event)), badges
        )


def render_badge_svg(registration: Registration) -> str:
    """Return the badge of one registration as SVG, exactly as printed. Raise NoBadge."""
    holder, event = get_badge_holder(registration), registration.event
    return draw_badge_svg(event, holder, build_holder_code(holder, get_signing_key(event)))


def draw_badge_svg(event: Event, holder: BadgeHolder, code: str) -> str:
    picture = SvgDrawing(BADGE_WIDTH, BADGE_HEIGHT)
    BadgeDesign(event, picture, load_event_tickets(event)).draw_badge(picture, holder, code, (0, 0))
    return picture.to_svg(_("Badge of %(name)s") % {"name": holder.name})


def load_event_tickets(event: Event) -> dict[int, Ticket]:
    return {ticket.pk: ticket for ticket in Ticket.objects.filter(event=event)}


def find_badge_problems(event: Event) -> list[BadgeProblem]:
    """Return problems to check before printing: names, missing glyphs, attendees with two badges."""
    problems = []
    seen: set[tuple[str, str]] = set()
    for holder in list_badge_holders(event):
        problems += [
            BadgeProblem(holder, sentence)
            for sentence in fit_names(holder, BADGE_NAME_BOX).describe_problems()
        ]
        # Same name at the same company, ignoring accents and case: most likely one person registered twice.
        key = (name_search_key(holder.name), name_search_key(holder.company))
        if holder.name and key in seen:
            problems.append(BadgeProblem(holder, _("another badge has the same name and company")))
        seen.add(key)
    return problems


def _draw_single(
    document: PdfDocument, design: BadgeDesign, badges: Iterable[SignedBadge]
) -> list[BadgeProblem]:
    problems = []
    for holder, code in badges:
        page = document.begin_page(BADGE_WIDTH, BADGE_HEIGHT)
        problems += design.draw_badge(page, holder, code, (0, 0))
    return problems


def _draw_four_up(
    document: PdfDocument, design: BadgeDesign, badges: Iterable[SignedBadge]
) -> list[BadgeProblem]:
    problems = []
    top = (SHEET_HEIGHT - 2 * BADGE_HEIGHT) / 2
    places = [(x, top + y) for y in (0, BADGE_HEIGHT) for x in (0, BADGE_WIDTH)]
    for four in itertools.batched(badges, 4, strict=False):
        page = document.begin_page(SHEET_WIDTH, SHEET_HEIGHT)
        for (holder, code), place in zip(four, places, strict=False):
            problems += design.draw_badge(page, holder, code, place)
        _draw_crop_marks(page)
    return problems


def _draw_folded(
    document: PdfDocument, design: BadgeDesign, badges: Iterable[SignedBadge]
) -> list[BadgeProblem]:
    """Draw both sides of a badge side by side on A5, to be folded in the middle."""
    problems = []
    for holder, code in badges:
        page = document.begin_page(2 * BADGE_WIDTH, BADGE_HEIGHT)
        problems += design.draw_badge(page, holder, code, (0, 0))
        # Both sides are the same badge, so its problems are reported once.
        design.draw_badge(page, holder, code, (BADGE_WIDTH, 0))
        for end in (0, BADGE_HEIGHT - CUT_LENGTH):
            page.draw_rule((BADGE_WIDTH, end), (BADGE_WIDTH, end + CUT_LENGTH), color=CUT_COLOR, stroke=0.4)
    return problems


def _draw_labels(
    document: PdfDocument, design: BadgeDesign, badges: Iterable[SignedBadge]
) -> list[BadgeProblem]:
    problems = []
    for holder, code in badges:
        problems += draw_label(document.begin_page(LABEL_WIDTH, LABEL_HEIGHT), design, holder, code)
    return problems


def _draw_crop_marks(page: PdfPage) -> None:
    """Draw marks at each end of both cuts, and a cross where they meet."""
    x, y = BADGE_WIDTH, SHEET_HEIGHT / 2
    for end in (0, SHEET_HEIGHT - CUT_LENGTH, y - CUT_LENGTH / 2):
        page.draw_rule((x, end), (x, end + CUT_LENGTH), color=CUT_COLOR, stroke=0.4)
    for end in (0, SHEET_WIDTH - CUT_LENGTH, x - CUT_LENGTH / 2):
        page.draw_rule((end, y), (end + CUT_LENGTH, y), color=CUT_COLOR, stroke=0.4)


BADGE_LAYOUTS: dict[str, Callable[[PdfDocument, BadgeDesign, Iterable[SignedBadge]], list[BadgeProblem]]] = {
    "a6": _draw_single,
    "a4x4": _draw_four_up,
    "label": _draw_labels,
    "folded": _draw_folded,
}
