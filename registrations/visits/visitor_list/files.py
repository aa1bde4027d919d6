"""Visitor lists as files: XLSX for the systems of the gate, PDF for printing."""

from collections.abc import Callable, Collection
from pathlib import PurePath

from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.tables.files import write_xlsx
from registrations.visits.models import VisitorList

from .contents import ListContent
from .pdf import draw_list
from .table import format_rows, list_headings
from .visitors import find_former_keys


class UnknownListFormat(ConventionError):
    kind = "unknown-format"


def make_xlsx(content: ListContent, visitor_list: VisitorList, former_keys: Collection[int]) -> bytes:
    """Return the workbook; every cell is text, `former_keys` as in `format_rows`."""
    title = _("Visitors, version %(number)d") % {"number": visitor_list.number}
    # Text, so that spreadsheets neither drop leading zeros of document numbers nor reformat dates.
    return write_xlsx(list_headings(content, former_keys), format_rows(content, former_keys), title=title)


FILE_WRITERS: dict[str, Callable[[ListContent, VisitorList, Collection[int]], bytes]] = {
    "xlsx": make_xlsx,
    "pdf": draw_list,
}


def make_list_file(content: ListContent, visitor_list: VisitorList, *, kind: str) -> bytes:
    """Return the list in this format in the active language. Raise UnknownListFormat."""
    if kind not in FILE_WRITERS:
        raise UnknownListFormat(_("A visitor list can be saved as .xlsx or .pdf."))
    former_keys = find_former_keys(visitor_list.visit, content.rows)
    return FILE_WRITERS[kind](content, visitor_list, former_keys)


def parse_file_format(file_name: str) -> str:
    """Return the format named by the file's suffix. Raise UnknownListFormat."""
    kind = PurePath(file_name).suffix.lower().lstrip(".")
    if kind not in FILE_WRITERS:
        raise UnknownListFormat(
            _("“%(name)s” must end in .xlsx or .pdf: the extension sets the format.") % {"name": file_name}
        )
    return kind
