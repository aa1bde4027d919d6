"""Files that leave the site: lists as .csv and .xlsx, papers to look at or to keep; how each is called.

Unless a page says otherwise, nobody on the way and no browser keeps a copy.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header

from .tables import write_csv, write_xlsx

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF: Final = "application/pdf"
CALENDAR: Final = "text/calendar; charset=utf-8"
KINDS: Final = {"csv": CSV, "xlsx": XLSX}


@dataclass(frozen=True)
class Sheet:
    """A list: its title, the headings, and the cells of each row."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]


def download(sheet: Sheet, *, name: str, kind: str) -> HttpResponse:
    """The list as a file of that kind, for this reader only; `name` is without its ending."""
    if kind == "csv":
        content = write_csv(sheet.header, sheet.rows)
    else:
        content = write_xlsx(sheet.header, sheet.rows, title=sheet.title)
    return attachment(content, name=f"{name}.{kind}", mimetype=KINDS[kind])


def attachment(content: bytes | str, *, name: str, mimetype: str) -> HttpResponse:
    """A file to keep, for this reader only."""
    return _private(content, mimetype, to_keep(name))


def inline(content: bytes | str, *, name: str, mimetype: str = PDF) -> HttpResponse:
    """A file to look at in the browser, for this reader only; `name` is what it is called once it is kept."""
    return _private(content, mimetype, to_look_at(name))


def _private(content: bytes | str, mimetype: str, disposition: str) -> HttpResponse:
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type=mimetype, headers=headers)


def to_keep(name: str) -> str:
    """The Content-Disposition of a file that is kept under that name, letters of every script included."""
    return str(content_disposition_header(as_attachment=True, filename=_called(name)))


def to_look_at(name: str) -> str:
    """The Content-Disposition of a file that is shown, for one that everybody may read and keep."""
    return str(content_disposition_header(as_attachment=False, filename=_called(name)))


def _called(name: str) -> str:
    """Without slashes, which the number of a document may have and the name of a file may not."""
    return name.replace("/", "-")


def archive(content: bytes, *, name: str) -> HttpResponse:
    """A zip with what is somebody's own, for this reader only; `name` is without its ending."""
    return attachment(content, name=f"{name}.zip", mimetype="application/zip")


def list_paths(before: str, view: Callable[..., Any], names: Iterable[str]) -> list[URLPattern]:
    """An address for each list and kind, such as `organize/EVENT/lists/tickets.csv`, named after both."""
    prefix = "organize" if "<slug:event>" in before else "club"
    return [
        path(f"{before}/{name}.{kind}", view, {"name": name, "kind": kind}, name=f"{prefix}-{name}-{kind}")
        for name in names
        for kind in KINDS
    ]
