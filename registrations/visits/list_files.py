"""A visitor list as a file: a workbook for a gate's own system, a PDF for its desk."""

from collections.abc import Callable
from pathlib import PurePath

from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.tables import write_xlsx

from .contents import Content
from .list_paper import draw_list
from .list_words import cells, headings
from .models import VisitorList


class UnknownFormat(ConventionError):
    """The file's ending names none of the formats."""

    kind = "unknown-format"


def to_xlsx(content: Content, visitor_list: VisitorList) -> bytes:
    """A row for each visitor, every cell as text."""
    title = _("Visitors, version %(number)d") % {"number": visitor_list.number}
    return write_xlsx(headings(content), cells(content), title=title)


FILES: dict[str, Callable[[Content, VisitorList], bytes]] = {"xlsx": to_xlsx, "pdf": draw_list}


def file_of(content: Content, visitor_list: VisitorList, *, kind: str) -> bytes:
    """The list in that format, in the language of the moment. Raises UnknownFormat."""
    if kind not in FILES:
        raise UnknownFormat(_("A visitor list is written as .xlsx or .pdf."))
    return FILES[kind](content, visitor_list)


def kind_of(name: str) -> str:
    """The format that a file's ending names. Raises UnknownFormat."""
    kind = PurePath(name).suffix.lower().lstrip(".")
    if kind not in FILES:
        raise UnknownFormat(
            _("“%(name)s” must end in .xlsx or .pdf: its ending names the format.") % {"name": name}
        )
    return kind
