"""The kinds of sheets, with the choices that each has."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.errors import ConventionError
from convention.events.models import Event

from .booklet import draw_booklet
from .comparison import NothingToCompare
from .door_signs import draw_door_signs
from .grids.draw_grids import draw_day_grids
from .pocket_card import draw_pocket_cards
from .print_options import AGENDA_LANGUAGES, PrintOptions
from .printed_changes import draw_changes
from .printed_programme import PrintedProgramme
from .run_sheets import draw_chair_sheets, draw_directors_book, draw_room_sheets, draw_speaker_sheets

# Writes the PDF into the file and returns its number of pages.
type DrawSheets = Callable[[PrintedProgramme, PrintOptions, BinaryIO], int]


class UnknownFormatError(ConventionError):
    """The kind of print or its language is unknown."""


class UnknownPaperError(ConventionError):
    """The paper size is unknown, or not available for this kind of print."""


class SinceChoice(enum.Enum):
    """Whether a kind is compared with an earlier version."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class SheetKind:
    """One kind of sheets; the first paper is its default. `is_public`: everybody may request it."""

    label: str | Promise
    purpose: str | Promise
    draw: DrawSheets
    papers: tuple[str, ...] = ()
    distances: tuple[str, ...] = ()
    depths: tuple[str, ...] = ()
    can_be_imposed: bool = False
    since: SinceChoice = SinceChoice.NONE
    is_public: bool = False
    # Shows addresses of speakers and other facts that are not public.
    is_internal: bool = False


SHEET_KINDS: Final[dict[str, SheetKind]] = {
    "booklet": SheetKind(
        _("Booklet"),
        _("Pocket-sized A5 pages: sessions by day, with an index of speakers."),
        draw_booklet,
        depths=("full", "short", "titles"),
        can_be_imposed=True,
        is_public=True,
    ),
    "card": SheetKind(
        _("Pocket card"),
        _("An A4 sheet for each day, folded into eight pages: times, titles and rooms."),
        draw_pocket_cards,
        is_public=True,
    ),
    "grid": SheetKind(
        _("Daily grids"),
        _("Rooms across, time down: a day at a glance."),
        draw_day_grids,
        papers=("auto", "a4", "a3"),
        is_public=True,
    ),
    "poster": SheetKind(
        _("Wall poster"),
        _("The daily grids in large type, for a wall."),
        draw_day_grids,
        papers=("a1", "a0", "a2", "a3"),
        distances=("1m", "2m"),
    ),
    "doors": SheetKind(
        _("Door signs"),
        _("A sheet for each room and day, readable from a few steps away."),
        draw_door_signs,
        since=SinceChoice.OPTIONAL,
        is_public=True,
    ),
    "changes": SheetKind(
        _("Changes"),
        _("What has changed since an earlier printed version, to put up or hand out."),
        draw_changes,
        distances=("1m", "hand"),
        since=SinceChoice.REQUIRED,
    ),
    "rooms": SheetKind(
        _("Run sheets by room"),
        _("For the crew of each room: times, people, seats and equipment. Internal."),
        draw_room_sheets,
        is_internal=True,
    ),
    "chairs": SheetKind(
        _("Run sheets for chairs"),
        _("For each chair: their sessions with the speakers and how to reach them. Internal."),
        draw_chair_sheets,
        is_internal=True,
    ),
    "speakers": SheetKind(
        _("Run sheets for speakers"),
        _("For each speaker: when and where, with seats and equipment. Internal."),
        draw_speaker_sheets,
        is_internal=True,
    ),
    "director": SheetKind(
        _("Director’s book"),
        _("Everything by day and hour, with people, seats, bookings and equipment. Internal."),
        draw_directors_book,
        is_internal=True,
    ),
}
PAPER_LABELS: Final[dict[str, str | Promise]] = {
    "auto": pgettext_lazy("paper", "Automatic: A4, or A3 if needed"),
    "a4": "A4",
    "a3": "A3",
    "a2": "A2",
    "a1": "A1",
    "a0": "A0",
}
DEPTH_LABELS: Final[dict[str, str | Promise]] = {
    "full": _("Full abstracts"),
    "short": _("The beginning of each abstract"),
    "titles": _("Titles, speakers and rooms"),
}
DISTANCE_LABELS: Final[dict[str, str | Promise]] = {
    "hand": pgettext_lazy("reading distance", "In the hand"),
    "1m": _("One metre"),
    "2m": _("Two metres"),
}


def normalize_options(options: PrintOptions) -> PrintOptions:
    """Return the options without those that the kind does not use, so that equal prints have equal ones.

    Raise UnknownFormatError or UnknownPaperError.
    """
    kind = SHEET_KINDS.get(options.kind)
    if kind is None or options.language not in AGENDA_LANGUAGES:
        raise UnknownFormatError(
            _("There is no “%(format)s” in “%(language)s”: choose one of %(kinds)s, in fr or en.")
            % {
                "format": options.kind[:60],
                "language": options.language[:60],
                "kinds": ", ".join(SHEET_KINDS),
            }
        )
    return replace(
        options,
        paper=choose_paper(kind, options.paper),
        distance=choose_option(kind.distances, options.distance),
        depth=choose_option(kind.depths, options.depth),
        is_imposed=options.is_imposed and kind.can_be_imposed,
        since=options.since if kind.since is not SinceChoice.NONE else None,
        # Crews need all sessions.
        includes_members_sessions=options.includes_members_sessions or kind.is_internal,
        days=tuple(sorted(options.days)),
        rooms=tuple(sorted(options.rooms)),
        tracks=tuple(sorted(options.tracks)),
    )


def require_comparison(event: Event, options: PrintOptions) -> None:
    """Raise NothingToCompare if the kind lists changes and no version is given."""
    if options.since is not None or SHEET_KINDS[options.kind].since is not SinceChoice.REQUIRED:
        return
    if event.schedule_versions.exists():
        raise NothingToCompare(_("To print the changes, choose a published version to compare with."))
    raise NothingToCompare(_("No version of the programme is published yet: there are no changes to print."))


def choose_option(offered: tuple[str, ...], name: str) -> str:
    """Return the name if it is offered, the first one by default. Raise UnknownFormatError."""
    if not offered:
        return ""
    if name and name not in offered:
        raise UnknownFormatError(
            _("There is no “%(name)s”: choose one of %(names)s.")
            % {"name": name[:60], "names": ", ".join(offered)}
        )
    return name or offered[0]


def choose_paper(kind: SheetKind, name: str) -> str:
    """Return the name of the paper, the kind's first one by default. Raise UnknownPaperError."""
    if not kind.papers:
        if name not in {"", "auto"}:
            raise UnknownPaperError(_("This kind of print has no choice of paper size. Leave it out."))
        return ""
    if not name:
        return kind.papers[0]
    if name not in kind.papers:
        raise UnknownPaperError(
            _("Unknown paper size “%(paper)s”: choose one of %(papers)s.")
            % {"paper": name[:60], "papers": ", ".join(kind.papers)}
        )
    return name
