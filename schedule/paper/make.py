"""Print the agenda of an event: one act for the command and the page."""

import functools
from collections.abc import Callable
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from convention.errors import ConventionError
from convention.events.models import Event

from .booklet import draw_booklet
from .content import Programme, read_programme
from .doors import draw_doors
from .grid import draw_grids
from .plan import PAPERS

type Draw = Callable[[Programme, BinaryIO], None]
FORMATS: dict[str, Draw] = {
    "booklet": draw_booklet,
    "grid": draw_grids,
    "doors": draw_doors,
}
LANGUAGES = ("fr", "en")


class UnknownFormatError(ConventionError):
    """A kind of print that is not made here."""


class UnknownPaperError(ConventionError):
    """A size of paper that is not made here, or not for this kind of print."""


def print_agenda(
    event: Event, *, file: BinaryIO, format_name: str = "booklet", language: str = "fr", paper: str = "auto"
) -> Programme:
    """Write the PDF to a binary file and return what was printed.

    Raises UnknownFormatError or UnknownPaperError.
    """
    draw = FORMATS.get(format_name)
    if draw is None or language not in LANGUAGES:
        raise UnknownFormatError(
            _("There is no “%(format)s” in “%(language)s”: choose booklet, grid or doors, in fr or en.")
            % {"format": format_name, "language": language}
        )
    draw = on_paper(draw, paper)
    with override(language):
        programme = read_programme(event)
        draw(programme, file)
    return programme


def on_paper(draw: Draw, paper: str) -> Draw:
    """The same print on a paper that was asked for. Raises UnknownPaperError."""
    if paper not in PAPERS:
        raise UnknownPaperError(
            _("There is no paper “%(paper)s”: choose auto, a4 or a3.") % {"paper": paper[:60]}
        )
    if paper == "auto":
        return draw
    if draw is not draw_grids:
        raise UnknownPaperError(_("Only the grid has a choice of paper; leave it out for the others."))
    return functools.partial(draw_grids, papers=PAPERS[paper])
