"""Organizers' pages: choose what to print, and open what was made."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention import hooks
from convention.club.permissions import require_signed_in
from convention.errors import ConventionError, LinkExpired, NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.tables.downloads import PDF_TYPE
from convention.tasks.worker import is_worker_late
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from schedule.editing.views import render_organizer_page
from schedule.models import AgendaPrint, SessionSpeaker
from schedule.paper.print_options import PrintOptions
from schedule.paper.sheet_kinds import SHEET_KINDS, SheetKind
from schedule.versions.sentences import describe_version
from schedule.versions.views import build_change_list

from .comparison import load_differences
from .describe_options import describe_options
from .fingerprint import fingerprint_printed_content
from .forms import PrintForm
from .requests import find_last_printed_number, find_page_counts, request_print

if TYPE_CHECKING:
    from django.http import HttpRequest

MAX_PRINTS_SHOWN: Final = 50


@dataclass(frozen=True)
class PrintRow:
    """A print as shown in the list; `is_current` if nothing has changed since."""

    row: AgendaPrint
    label: str | Promise
    details: str
    version_label: str
    is_current: bool


@require_safe_or_post
def print_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Choose what to print, and list what was printed; a POST queues the file."""
    event_obj, person = get_event_to_organize(event, request.user), require_signed_in(request.user)
    kind = request.GET.get("kind", "booklet")
    if kind not in SHEET_KINDS:
        raise NotFound(_("This kind of print does not exist."))
    form = PrintForm(
        get_posted_data(request),
        event=event_obj,
        kind=kind,
        language=get_language() or "fr",
        since=find_last_printed_number(event_obj, kind),
        page_counts=find_page_counts(event_obj) if SHEET_KINDS[kind].depths else None,
    )
    if form.is_valid():
        try:
            row = request_print(event=event_obj, options=form.get_options(), requested_by=person)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            return redirect("organize-print-file", event_obj.slug, row.pk)
    return render_organizer_page(
        request,
        "print",
        event_obj,
        form=form,
        kind=kind,
        kinds=list_offered_kinds(event_obj),
        print_pages=list_print_pages(),
        purpose=SHEET_KINDS[kind].purpose,
        prints=list_prints(event_obj),
    )


def list_offered_kinds(event: Event) -> dict[str, SheetKind]:
    """Return the kinds of sheets by name; without chairs, there are no sheets for them."""
    chairs = SessionSpeaker.objects.filter(session__event=event, part=SessionSpeaker.Part.CHAIR)
    has_chairs = chairs.exists()
    return {name: kind for name, kind in SHEET_KINDS.items() if has_chairs or name != "chairs"}


def list_print_pages() -> list[tuple[str | Promise, str]]:
    """Return label and URL name of the pages of higher layers that print more than the programme."""
    return hooks.print_pages.providers()


def list_prints(event: Event) -> list[PrintRow]:
    """Return the latest prints that organizers requested, newest first."""
    rows = event.agenda_prints.filter(requested_by__isnull=False).select_related("version", "requested_by")
    current = fingerprint_printed_content(event)
    rooms, tracks = dict(event.rooms.values_list("pk", "name")), dict(event.tracks.values_list("pk", "name"))
    return [
        PrintRow(
            row,
            SHEET_KINDS[row.kind].label if row.kind in SHEET_KINDS else row.kind,
            describe_options(PrintOptions.from_json(row.options), rooms, tracks),
            describe_version(row.version.number, row.version.name) if row.version else "",
            row.fingerprint == current,
        )
        for row in rows[:MAX_PRINTS_SHOWN]
    ]


@never_cache
@require_safe
def print_detail(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Show whether a file is made, and offer it."""
    event_obj = get_event_to_organize(event, request.user)
    row = get_print(event_obj, pk)
    rooms = dict(event_obj.rooms.values_list("pk", "name"))
    tracks = dict(event_obj.tracks.values_list("pk", "name"))
    is_current = row.fingerprint == fingerprint_printed_content(event_obj)
    changes: dict[str, object] = {}
    if not is_current and row.version:
        changes = build_change_list(event_obj, load_differences(row.version))
    return render_organizer_page(
        request,
        "print_detail",
        event_obj,
        **changes,
        row=row,
        label=SHEET_KINDS[row.kind].label if row.kind in SHEET_KINDS else row.kind,
        details=describe_options(PrintOptions.from_json(row.options), rooms, tracks),
        version_label=describe_version(row.version.number, row.version.name) if row.version else "",
        is_current=is_current,
        is_late=row.finished_at is None and is_worker_late(at=timezone.now()),
    )


@never_cache
@require_safe
def print_file(request: "HttpRequest", event: str, pk: int) -> FileResponse:
    """Open the file in the browser, or with `?save` save it. Raise LinkExpired once it is deleted."""
    row = get_print(get_event_to_organize(event, request.user), pk)
    if not row.file.name or not row.file.storage.exists(row.file.name):
        raise LinkExpired(
            _("This file has been deleted because the programme has changed. Create a new one.")
        )
    name = f"{row.event.slug}-{row.kind}-{row.options.get('language', '')}.pdf"
    return FileResponse(
        row.file.open(), as_attachment="save" in request.GET, filename=name, content_type=PDF_TYPE
    )


def get_print(event: Event, pk: int) -> AgendaPrint:
    """Return the event's print. Raise NotFound."""
    row = event.agenda_prints.select_related("event", "version", "requested_by").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("This print was not found; it may have been deleted."))
    return row
