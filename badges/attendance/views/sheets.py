"""Pages of organizers and desk: print sign-in sheets, and enter signed ones."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from badges.attendance.models import Checkpoint
from badges.attendance.sheets.record_sheet import record_sheet, undo_signature
from badges.attendance.sheets.sheet import (
    SHEET_ORDERS,
    SheetKey,
    SheetRow,
    count_arrived,
    describe_sheet,
    draw_sheet,
    list_sheets,
    load_sheet,
)
from convention.audit.record import record_action
from convention.club.permissions import require_signed_in
from convention.errors import NotFound
from convention.events.permissions import can_organize, get_event_to_staff
from convention.tables.downloads import inline_response
from convention.web.routing import require_safe_or_post


@require_safe
def sheet_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the sheets that can be printed or entered."""
    event_obj = get_event_to_staff(event, request.user)
    context = {
        "event": event_obj,
        "section": "organize",
        "is_organizer": can_organize(request.user, event_obj),
        "sheets": list_sheets(event_obj),
    }
    return render(request, "attendance/sheets.html", context)


@require_safe
def sheet_pdf(request: HttpRequest, event: str, checkpoint: int, day: str) -> HttpResponse:
    """Return a sheet to print; `order` sorts it by name, company or ticket."""
    key = _get_sheet(request, event, checkpoint, day)
    record_action("sheet.print", key.checkpoint, event=key.checkpoint.event, fields=[str(key.day)])
    content = draw_sheet(key, load_sheet(key, order=_read_order(request)))
    return inline_response(content, name=f"{event}-sheet-{key.checkpoint.pk}-{key.day}.pdf")


@require_safe_or_post
def sheet_entry(request: HttpRequest, event: str, checkpoint: int, day: str) -> HttpResponse:
    """Show the names of a sheet to tick; a POST records those that were ticked, or undoes one."""
    key = _get_sheet(request, event, checkpoint, day)
    order = _read_order(request)
    rows = load_sheet(key, order=order)
    if request.method == "POST" and "undo" in request.POST:
        _undo_signature(request, key, rows)
        return redirect(request.get_full_path())
    if request.method == "POST":
        # The page's script joins them in one field: the number of fields in a request is limited.
        ticked_references = {
            reference for value in request.POST.getlist("signed") for reference in value.split()
        }
        # Attendees may have been scanned since the page was loaded: a second entry would be a conflict.
        absent = [row.registration for row in rows if row.arrived_at is None]
        signers = [registration for registration in absent if registration.reference in ticked_references]
        count = record_sheet(key=key, registrations=signers, operator=require_signed_in(request.user))
        sentence = ngettext("%(count)d signature recorded.", "%(count)d signatures recorded.", count)
        messages.success(request, sentence % {"count": count})
        return redirect(request.get_full_path())
    context = {
        "event": key.checkpoint.event,
        "section": "organize",
        "sheet": key,
        "description": describe_sheet(key),
        "rows": rows,
        "absent_rows": [row for row in rows if row.arrived_at is None],
        "present_rows": [row for row in rows if row.arrived_at is not None],
        "arrived_count": count_arrived(rows),
        "has_begun": key.recorded_time <= timezone.now(),
        "order": order,
        "orders": [("name", _("Name")), ("company", _("Company")), ("ticket", _("Ticket"))],
    }
    return render(request, "attendance/sheet.html", context)


def _undo_signature(request: HttpRequest, key: SheetKey, rows: list[SheetRow]) -> None:
    """Undo the signature whose button was pressed, and add a message."""
    operator = require_signed_in(request.user)
    matches = [row for row in rows if row.signature and str(row.signature) == request.POST["undo"]]
    if matches and undo_signature(key=key, row=matches[0], operator=operator):
        sentence = _("%(name)s’s signature has been undone.") % {"name": matches[0].registration.name}
        messages.success(request, sentence)
    else:
        messages.info(request, _("This signature had already been undone."))


def _get_sheet(request: HttpRequest, event: str, checkpoint: int, day: str) -> SheetKey:
    """Return the sheet that an address names. Raise NotFound for a day without that sheet."""
    event_obj = get_event_to_staff(event, request.user)
    rows = Checkpoint.objects.select_related("event", "session__room")
    checkpoint_obj = get_object_or_404(rows, event=event_obj, pk=checkpoint)
    # The list's own sheets only: entries of other days would count for days on which nothing took place.
    for key in list_sheets(event_obj):
        if key.checkpoint == checkpoint_obj and str(key.day) == day:
            return key
    raise NotFound(_("There is no sign-in sheet for this day."))


def _read_order(request: HttpRequest) -> str:
    order = request.GET.get("order", "")
    return order if order in SHEET_ORDERS else "name"
