"""Responses that the secretary's and the host's pages of visitor lists have in common."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from convention.errors import ConventionError
from convention.tables.downloads import XLSX_TYPE, attachment_response
from registrations.visits.models import VisitorList

from .visitor_list.contents import ListContent
from .visitor_list.files import make_list_file
from .visitor_list.table import describe_changes, format_rows, list_headings
from .visitor_list.visitors import find_former_keys

FILE_MIMETYPES: Final = {"xlsx": XLSX_TYPE, "pdf": "application/pdf"}


def build_list_context(content: ListContent, visitor_list: VisitorList) -> dict[str, object]:
    """Return the context for rendering the rows of a list, each with whether its visitor no longer comes."""
    former_keys = find_former_keys(visitor_list.visit, content.rows)
    headings = list_headings(content, former_keys)
    return {
        "headings": headings,
        "rows": [
            (row["key"] in former_keys, list(zip(headings, cells, strict=True)))
            for row, cells in zip(content.rows, format_rows(content, former_keys), strict=True)
        ],
        "former_count": len(former_keys),
        "changes": describe_changes(content),
    }


def make_file_response(content: ListContent, visitor_list: VisitorList, kind: str) -> HttpResponse:
    name = f"{visitor_list.visit.event.slug}-v{visitor_list.number}.{kind}"
    return attachment_response(
        make_list_file(content, visitor_list, kind=kind), name=name, mimetype=FILE_MIMETYPES[kind]
    )


def read_file_format(request: HttpRequest) -> str:
    """Return the requested file format, "" for the page itself."""
    # Files come by POST: a GET, such as of a mail scanner that follows links, must decrypt nothing.
    kind = request.POST.get("action", "")
    return kind if kind in FILE_MIMETYPES else ""


def render_host_error(request: HttpRequest, error: ConventionError, **context: object) -> HttpResponse:
    """Render an error in the frame of the host's pages, without links to the club's pages."""
    # The site's own error page has a menu of pages that hosts cannot open.
    context |= {"frame": "host/base.html", "error": error}
    return render(request, "host/error.html", context, status=error.status)
