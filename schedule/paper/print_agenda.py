"""Print the agenda of an event, for the command and the page."""

import functools
from collections.abc import Callable
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from convention.errors import ConventionError
from convention.events.models import Event

from .booklet import draw_booklet
from .day_grids import draw_day_grids
from .door_signs import draw_door_signs
from .grid_layout import PAPERS_BY_NAME
from .printed_programme import PrintedProgramme, load_printed_programme

type DrawAgenda = Callable[[PrintedProgramme, BinaryIO], None]
AGENDA_FORMATS: dict[str, DrawAgenda] = {
    "booklet": draw_booklet,
    "grid": draw_day_grids,
    "doors": draw_door_signs,
}
AGENDA_LANGUAGES = ("fr", "en")


class UnknownFormatError(ConventionError):
    """The kind of print or its language is unknown."""


class UnknownPaperError(ConventionError):
    """The paper size is unknown, or not available for this kind of print."""


def print_agenda(
    event: Event, *, file: BinaryIO, format_name: str = "booklet", language: str = "fr", paper: str = "auto"
) -> PrintedProgramme:
    """Write the PDF to a binary file and return what was printed.

    Raise UnknownFormatError or UnknownPaperError.
    """
    draw = AGENDA_FORMATS.get(format_name)
    if draw is None or language not in AGENDA_LANGUAGES:
        raise UnknownFormatError(
            _("There is no “%(format)s” in “%(language)s”: choose booklet, grid or doors, in fr or en.")
            % {"format": format_name, "language": language}
        )
    draw = choose_paper(draw, paper)
    # Loading included: it formats dates and hours.
    with override(language):
        programme = load_printed_programme(event)
        draw(programme, file)
    return programme


def choose_paper(draw: DrawAgenda, paper_name: str) -> DrawAgenda:
    """Return the drawing function for that paper. Raise UnknownPaperError."""
    if paper_name not in PAPERS_BY_NAME:
        raise UnknownPaperError(
            _("There is no paper “%(paper)s”: choose auto, a4 or a3.") % {"paper": paper_name[:60]}
        )
    if paper_name == "auto":
        return draw
    if draw is not draw_day_grids:
        raise UnknownPaperError(_("Only the grid has a choice of paper; leave it out for the others."))
    return functools.partial(draw_day_grids, papers=PAPERS_BY_NAME[paper_name])
