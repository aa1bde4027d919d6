"""Lists as files to download: the same for every list of every app, as .csv and .xlsx."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.urls import URLPattern, path

from .tables import write_csv, write_xlsx

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF: Final = "application/pdf"
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


def attachment(content: bytes, *, name: str, mimetype: str) -> HttpResponse:
    """A file to keep, for this reader only."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type=mimetype, headers=headers)


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
