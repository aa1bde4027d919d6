"""Write badges as PDF or SVG: a single one, or those of an event in any layout."""

import io
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from badges.codes import (
    BadgeHolder,
    build_holder_code,
    get_badge_holder,
    list_badge_holders,
    list_unnamed_holders,
)
from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.signing_keys import get_signing_key
from convention.text.normalize import name_search_key
from convention.typeset import PdfDocument
from convention.typeset.svg_drawing import SvgDrawing
from registrations.models import Registration, Ticket

from .back import BadgeBacks
from .design import BADGE_HEIGHT, BADGE_NAME_BOX, BADGE_WIDTH, BadgeDesign, BadgeProblem
from .layouts import BADGE_LAYOUTS, PLACES_BEHIND, BadgeSheets, SignedBadge
from .names import fit_names
from .print_states import digest_badges, record_printed_badges

BACKS = ("", "agenda")


class NothingToPrint(ConventionError):
    """Nobody has a valid badge yet."""

    kind = "nothing-to-print"
    status = 409


class UnknownLayout(ConventionError):
    kind = "unknown-layout"


@dataclass(frozen=True)
class BadgePrintOptions:
    """Options for printing badges: `back` is "" or "agenda", `flip` the edge over which a sheet is turned."""

    layout: str
    back: str = ""
    flip: str = "long"

    def to_argument(self) -> str:
        return f"{self.layout} {self.back} {self.flip}" if self.back else self.layout

    @classmethod
    def from_argument(cls, argument: str) -> "BadgePrintOptions":
        return cls(*argument.split(" "))

    def check(self) -> None:
        """Raise UnknownLayout."""
        for name, known in ((self.layout, BADGE_LAYOUTS), (self.back, BACKS), (self.flip, PLACES_BEHIND)):
            if name not in known:
                raise UnknownLayout(
                    _("Unknown print option “%(layout)s”. Choose one of: %(known)s.")
                    % {"layout": name, "known": ", ".join(filter(None, known))}
                )


# One badge on a page, without a back.
A6 = BadgePrintOptions("a6")


def render_badge_pdf(registration: Registration) -> bytes:
    """Return the badge of one registration on A6. Raise NoBadge."""
    holder, event = get_badge_holder(registration), registration.event
    file = io.BytesIO()
    write_badges(file, event, [(holder, build_holder_code(holder, get_signing_key(event)))], options=A6)
    return file.getvalue()


def print_event_badges(
    file: BinaryIO,
    event: Event,
    *,
    options: BadgePrintOptions,
    registration_ids: Collection[int] | None = None,
    wrap_badges: Callable[[Iterable[SignedBadge]], Iterable[SignedBadge]] = iter,
) -> list[BadgeProblem]:
    """Write the badges as `write_event_badges` does, and record that they were printed."""
    # Read before they are drawn: a badge that changes meanwhile is printed once more, and never missed.
    digests = digest_badges(event, registration_ids=registration_ids)
    problems = write_event_badges(
        file, event, options=options, registration_ids=registration_ids, wrap_badges=wrap_badges
    )
    record_printed_badges(digests)
    return problems


def write_event_badges(
    file: BinaryIO,
    event: Event,
    *,
    options: BadgePrintOptions,
    registration_ids: Collection[int] | None = None,
    wrap_badges: Callable[[Iterable[SignedBadge]], Iterable[SignedBadge]] = iter,
) -> list[BadgeProblem]:
    """Write all valid badges of an event to `file`, by last name; return problems, and which were omitted.

    `registration_ids` are those whose badges are wanted; None means all. `wrap_badges` may wrap the iterator,
    to report progress. Raise UnknownLayout or NothingToPrint before anything is written.
    """
    options.check()
    holders = list_badge_holders(event, registration_ids=registration_ids)
    # Checked before the document begins: a refusal must leave the file untouched.
    if not holders:
        raise NothingToPrint(
            _("No confirmed registrations with a name for this event yet, so there are no badges to print.")
            if registration_ids is None
            else _("None of the chosen badges needs to be printed.")
        )
    key = get_signing_key(event)
    # A generator: each badge is signed while it is drawn, so the codes of all are never in memory together.
    badges = ((holder, build_holder_code(holder, key)) for holder in holders)
    problems = write_badges(file, event, wrap_badges(badges), options=options)
    return problems + list_omitted_badges(event, registration_ids=registration_ids)


def list_omitted_badges(
    event: Event, *, registration_ids: Collection[int] | None = None
) -> list[BadgeProblem]:
    """Return the badges that are not printed because nobody has entered the name yet."""
    sentence = _("name to follow, so this badge is not printed")
    return [
        BadgeProblem(holder, sentence)
        for holder in list_unnamed_holders(event, registration_ids=registration_ids)
    ]


def write_badges(
    file: BinaryIO, event: Event, badges: Iterable[SignedBadge], *, options: BadgePrintOptions
) -> list[BadgeProblem]:
    """Write these badges in order; return their problems."""
    title = _("Badges: %(event)s") % {"event": event.title}
    with PdfDocument(file, title=title, language=settings.LANGUAGE_CODE) as document:
        design = BadgeDesign(event, document, load_event_tickets(event))
        backs = BadgeBacks.load(event, language=design.language) if options.back else None
        sheets = BadgeSheets(document, design, backs, options.flip)
        return BADGE_LAYOUTS[options.layout](sheets, badges)


def render_badge_svg(registration: Registration) -> str:
    """Return the badge of one registration as SVG, exactly as printed. Raise NoBadge."""
    holder, event = get_badge_holder(registration), registration.event
    return draw_badge_svg(event, holder, build_holder_code(holder, get_signing_key(event)))


def draw_badge_svg(event: Event, holder: BadgeHolder, code: str) -> str:
    picture = SvgDrawing(BADGE_WIDTH, BADGE_HEIGHT)
    BadgeDesign(event, picture, load_event_tickets(event)).draw_badge(picture, holder, code, (0, 0))
    return picture.to_svg(_("%(name)s’s badge") % {"name": holder.name})


def load_event_tickets(event: Event) -> dict[int, Ticket]:
    return {ticket.pk: ticket for ticket in Ticket.objects.filter(event=event)}


def find_badge_problems(event: Event) -> list[BadgeProblem]:
    """Return problems to check before printing: missing names, glyphs, attendees with two badges."""
    problems = list_omitted_badges(event)
    seen: set[tuple[str, str]] = set()
    for holder in list_badge_holders(event):
        problems += [
            BadgeProblem(holder, sentence)
            for sentence in fit_names(holder, BADGE_NAME_BOX).describe_problems()
        ]
        # Same name at the same company, ignoring accents and case: most likely one person registered twice.
        key = (name_search_key(holder.name), name_search_key(holder.company))
        if holder.name and key in seen:
            sentence = (
                _("another badge has the same name and company")
                if holder.company
                else _("another badge without a company has the same name")
            )
            problems.append(BadgeProblem(holder, sentence))
        seen.add(key)
    return problems
