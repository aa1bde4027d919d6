"""Responses with files: lists as .csv and .xlsx, documents to show or to save.

Unless a view says otherwise, neither proxies nor browsers cache them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header

from .files import write_csv, write_xlsx

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF_TYPE: Final = "application/pdf"
CALENDAR_TYPE: Final = "text/calendar; charset=utf-8"
TABLE_TYPES: Final = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}


@dataclass(frozen=True)
class TableSheet:
    """A list: title, headings, and the cells of each row."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]


def table_response(sheet: TableSheet, *, name: str, kind: str) -> HttpResponse:
    """Return the list as a file of that kind; `name` is without its extension."""
    if kind == "csv":
        content = write_csv(sheet.header, sheet.rows)
    else:
        content = write_xlsx(sheet.header, sheet.rows, title=sheet.title)
    return attachment_response(content, name=f"{name}.{kind}", mimetype=TABLE_TYPES[kind])


def attachment_response(content: bytes | str, *, name: str, mimetype: str) -> HttpResponse:
    """Return a file to save."""
    return _private_response(content, mimetype, attachment_disposition(name))


def inline_response(content: bytes | str, *, name: str, mimetype: str = PDF_TYPE) -> HttpResponse:
    """Return a file to show in the browser; `name` is used if it is saved."""
    return _private_response(content, mimetype, inline_disposition(name))


def _private_response(content: bytes | str, mimetype: str, disposition: str) -> HttpResponse:
    # `private, no-store`: lists hold personal data, and a proxy or a shared computer must not keep them.
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type=mimetype, headers=headers)


def attachment_disposition(name: str) -> str:
    """Return the Content-Disposition of a file to save, for names in any script."""
    return str(content_disposition_header(as_attachment=True, filename=_safe_file_name(name)))


def inline_disposition(name: str) -> str:
    """Return the Content-Disposition of a file to show."""
    return str(content_disposition_header(as_attachment=False, filename=_safe_file_name(name)))


def _safe_file_name(name: str) -> str:
    """Return the name without slashes, which numbers of documents may contain."""
    return name.replace("/", "-")


def zip_response(content: bytes, *, name: str) -> HttpResponse:
    """Return a zip to save; `name` is without its extension."""
    return attachment_response(content, name=f"{name}.zip", mimetype="application/zip")


def build_list_paths(path_prefix: str, view: Callable[..., Any], names: Iterable[str]) -> list[URLPattern]:
    """Return URL patterns for each list and kind, such as `organize/EVENT/lists/tickets.csv`."""
    prefix = "organize" if "<slug:event>" in path_prefix else "club"
    return [
        path(
            # One pattern for each list: an unknown name matches none and is a 404.
            f"{path_prefix}/{name}.{kind}",
            view,
            {"name": name, "kind": kind},
            name=f"{prefix}-{name}-{kind}",
        )
        for name in names
        for kind in TABLE_TYPES
    ]
