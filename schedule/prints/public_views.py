"""Serve the printed agenda to the public: made by the worker once for each state of the programme."""

from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.tables.downloads import PDF_TYPE, inline_disposition
from convention.tasks.worker import is_worker_late
from schedule.models import AgendaPrint
from schedule.paper.print_options import PrintOptions
from schedule.paper.sheet_kinds import SHEET_KINDS, UnknownFormatError, normalize_options

from .requests import find_current_print, request_print

if TYPE_CHECKING:
    from django.http import HttpRequest

# Seconds until a reader asks again for a file that is being made.
RETRY_SECONDS = 3


@csrf_exempt  # read-only: other methods get 405 and not a CSRF error
@require_safe
def agenda_pdf(request: "HttpRequest", event: str) -> HttpResponse:
    """Serve the booklet or, with `?format=`, grid or doors, in the active language.

    `?paper=` applies to the grid, `?depth=` to the booklet. A file that is not made yet is queued, and the
    page says so. Unchanged files are answered by 304.
    """
    event_obj = get_visible_event(event, request.user)
    options = read_public_options(request)
    row = find_current_print(event_obj, options)
    if row is None or row.is_lost:
        row = request_print(event=event_obj, options=options)
    if row.state != AgendaPrint.State.DONE:
        return render_waiting_page(request, event_obj, row)
    etag = f'"{row.options_key}{row.fingerprint}"'
    response: HttpResponse | FileResponse | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = FileResponse(row.file.open(), content_type=PDF_TYPE)
        name = f"{event_obj.slug}-{options.kind}-{options.language}.pdf"
        response["Content-Disposition"] = inline_disposition(name)
    response["ETag"] = etag
    # Browsers may store it, but must ask each time: a printed agenda must not be out of date.
    response["Cache-Control"] = "no-cache"
    return response  # type: ignore[return-value]  # a FileResponse is served like any other


def read_public_options(request: "HttpRequest") -> PrintOptions:
    """Return the options of the address. Raise UnknownFormatError or UnknownPaperError."""
    options = normalize_options(
        PrintOptions(
            kind=request.GET.get("format", "booklet"),
            language=translation.get_language() or "fr",
            paper=request.GET.get("paper", ""),
            depth=request.GET.get("depth", ""),
        )
    )
    if not SHEET_KINDS[options.kind].is_public:
        raise UnknownFormatError(translation.gettext("Only organizers can print this."))
    return options


def render_waiting_page(request: "HttpRequest", event: Event, row: AgendaPrint) -> HttpResponse:
    """Say that the file is being made, or that it failed; the page reloads itself while it waits."""
    is_waiting = row.state == AgendaPrint.State.WAITING
    context = {
        "event": event,
        "is_waiting": is_waiting,
        "is_late": is_waiting and is_worker_late(at=timezone.now()),
        "retry_seconds": RETRY_SECONDS,
    }
    response = render(request, "schedule/agenda_pdf.html", context, status=202 if is_waiting else 503)
    response["Cache-Control"] = "no-store"
    if is_waiting:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response
