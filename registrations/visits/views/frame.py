"""What the pages of identities and hosts answer alike."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from convention.downloads import XLSX, attachment
from convention.errors import ConventionError

from ..contents import Content
from ..list_files import file_of
from ..list_words import cells, changes_of, headings
from ..models import VisitorList

TYPES: Final = {"xlsx": XLSX, "pdf": "application/pdf"}


def shown(content: Content) -> dict[str, object]:
    """The context of a page that shows a list's rows."""
    return {
        "headings": headings(content),
        "rows": [list(zip(headings(content), row, strict=True)) for row in cells(content)],
        "changes": changes_of(content),
    }


def file_answer(content: Content, row: VisitorList, kind: str) -> HttpResponse:
    """The list as a file that no cache keeps."""
    name = f"{row.visit.event.slug}-v{row.number}.{kind}"
    return attachment(file_of(content, row, kind=kind), name=name, mimetype=TYPES[kind])


def asks_file(request: HttpRequest) -> str:
    """Which format is asked for; empty for the page."""
    kind = request.POST.get("act", "")
    return kind if kind in TYPES else ""


def refused(request: HttpRequest, error: ConventionError, **context: object) -> HttpResponse:
    """An error told to a host's people: nothing on its page leads into the club's own pages."""
    context |= {"frame": "host/base.html", "error": error}
    return render(request, "host/error.html", context, status=error.status)
