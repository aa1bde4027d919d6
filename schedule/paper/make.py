"""Print the agenda of an event: one act for the command and the page."""

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

FORMATS: dict[str, Callable[[Programme, BinaryIO], None]] = {
    "booklet": draw_booklet,
    "grid": draw_grids,
    "doors": draw_doors,
}
LANGUAGES = ("fr", "en")


class UnknownFormatError(ConventionError):
    """A kind of print that is not made here."""


def print_agenda(
    event: Event, *, file: BinaryIO, format_name: str = "booklet", language: str = "fr"
) -> Programme:
    """Write the PDF to a binary file and return what was printed. Raises UnknownFormatError."""
    draw = FORMATS.get(format_name)
    if draw is None or language not in LANGUAGES:
        raise UnknownFormatError(
            _("There is no “%(format)s” in “%(language)s”: choose booklet, grid or doors, in fr or en.")
            % {"format": format_name, "language": language}
        )
    with override(language):
        programme = read_programme(event)
        draw(programme, file)
    return programme
