"""Organizers' pages: headcount, attendance lists, one checkpoint, one attendee's scans."""

import datetime
import hashlib
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from badges.attendance.devices.pairing import get_or_create_entrance
from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.reports import headcount
from badges.attendance.reports.arrival_comparison import label_points
from badges.attendance.reports.day_figures import list_event_days
from badges.attendance.reports.export import export_attendance
from badges.attendance.scanning.device_state.silence import find_silent_devices
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.attendance.scanning.numbering import number_changes
from badges.attendance.scanning.presence_store import (
    OWNER,
    filter_by_registration,
    filter_still_inside,
    find_undos,
)
from badges.attendance.scanning.verdict import ADMITTED, ALREADY_IN
from convention.audit.record import record_action
from convention.club.models import Person
from convention.events.models import Event
from convention.events.permissions import can_organize, get_event_to_organize, get_event_to_staff
from convention.tables.downloads import attachment_response
from convention.text.normalize import normalize_whitespace, parse_digits
from convention.web.charts import BarChart, ChartBar, CurveChart, thin_points
from registrations.models import Registration

ROWS_PER_PAGE = 50
MAX_GROUPS_DRAWN = 12
REGISTRATIONS_BY_STATE = {
    "inside": headcount.inside_registrations,
    "arrived": headcount.arrived_registrations,
    "absent": headcount.absent_registrations,
}
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@require_GET
def attendance_overview(request: HttpRequest, event: str) -> HttpResponse:
    """Show counts and charts, or the list of attendees with `state` or `q`; also for the desk staff."""
    event_obj = get_event_to_staff(event, request.user)
    # The desk staff sees counts and lists; files of all attendees are for organizers.
    is_organizer = can_organize(request.user, event_obj)
    is_over = event_obj.is_over()
    context: dict[str, Any] = {
        "event": event_obj,
        "section": "organize",
        "is_organizer": is_organizer,
        "lasts_several_days": len(list_event_days(event_obj, until=datetime.date.max)) > 1,
        "is_over": is_over,
        "kinds": list(CONTENT_TYPES) if is_organizer else [],
    }
    if request.GET.get("state") in REGISTRATIONS_BY_STATE or request.GET.get("q"):
        return render(request, "attendance/people.html", context | people_context(request, event_obj))
    if request.GET.get("part") != "numbers":
        return render(request, "attendance/attendance.html", context | attendance_context(event_obj))
    # The page polls every ten seconds, and an unchanged page must cost little.
    silent = find_silent_devices(event_obj, at=timezone.now())
    parts = (
        number_changes(event_obj.pk), event_obj.sequence, translation.get_language(), is_over,
        is_organizer,
        [(each.name, each.minutes, each.scans) for each in silent],
    )  # fmt: skip
    etag = f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = render(request, "attendance/numbers.html", context | attendance_context(event_obj))
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def shows_inside(event: Event) -> bool:
    """Return whether pages show who is inside: for some hours after the end, people may still be."""
    return not event.is_over() or headcount.inside_registrations(event).exists()


def attendance_context(event: Event) -> dict[str, Any]:
    counts = headcount.count_attendance(event)
    points = headcount.accumulate_arrivals(event)
    return {
        "total": counts.total,
        "shows_inside": shows_inside(event),
        "arrivals": make_arrivals_curve(points),
        "companies": make_group_bars(event, _("By company"), _("Company"), "company", counts.companies),
        "tickets": make_group_bars(event, _("By ticket"), _("Ticket"), "ticket", counts.tickets),
        "more_companies": max(0, len(counts.companies) - MAX_GROUPS_DRAWN),
        "live": headcount.count_inside_event(event, inside_count=counts.total.inside_count),
        "conflicts": Presence.objects.filter(event=event, has_conflict=True).count(),
    }


def make_arrivals_curve(points: list[tuple[datetime.datetime, int]]) -> CurveChart:
    """Return the chart of arrivals; labels name the day if there are several."""
    days = {at.date() for at, _total in points}
    labelled_points = label_points(points, days=days)
    # 96 points are a day of quarter hours; more do not show at the width of the chart.
    return CurveChart(
        _("Total arrivals over time"),
        thin_points(labelled_points, 96),
        capfirst(_("people")),
        is_stepped=True,
    )


def make_group_bars(
    event: Event, title: str, heading: str, field: str, groups: list[headcount.HeadcountGroup]
) -> BarChart:
    """Return a chart of the largest groups: arrived, out of registered."""
    address = reverse("organize-attendance", args=[event.slug])
    rows = [
        ChartBar(
            group.label or _("no company"),
            group.arrived_count,
            group.registered_count,
            f"{address}?{urlencode({'state': 'arrived', field: group.label})}",
        )
        for group in groups[:MAX_GROUPS_DRAWN]
    ]
    return BarChart(title, rows, heading, _("Arrived / registered"))


def people_context(request: HttpRequest, event: Event) -> dict[str, Any]:
    """Return one page of the attendance list, filtered by the query string."""
    filters = {
        name: normalize_whitespace(request.GET.get(name, "")) for name in ("state", "company", "ticket", "q")
    }
    rows = REGISTRATIONS_BY_STATE.get(filters["state"], headcount.expected_registrations)(event)
    # An empty company is a filter too: the bar "without company" links to it.
    if "company" in request.GET:
        rows = rows.filter(company__in=find_company_spellings(event, filters["company"]))
    if filters["ticket"]:
        # The link has the title in its reader's language, which may be either name.
        rows = rows.filter(Q(ticket__name=filters["ticket"]) | Q(ticket__name_en=filters["ticket"]))
    # Names that begin with an accent belong among the others.
    rows = rows.search_for(filters["q"]).order_by("sort_name", "pk")
    page = Paginator(rows.select_related("ticket"), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    presences = headcount.find_main_presences(event, [registration.pk for registration in page])
    return {
        "filters": filters,
        "shows_inside": shows_inside(event),
        "has_company": "company" in request.GET,
        "page_obj": page,
        "rows": [(registration, presences.get(registration.pk)) for registration in page],
    }


def find_company_spellings(event: Event, company: str) -> list[str]:
    """Return the texts stored for this company; the bars count those that differ in spaces as one."""
    spellings = event.registrations.order_by().values_list("company", flat=True).distinct()
    return [text for text in spellings if normalize_whitespace(text) == company]


@require_GET
def attendance_file(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """Download the whole attendance list."""
    event_obj = get_event_to_organize(event, request.user)
    name = f"{_('attendance')}-{event_obj.slug}.{kind}"
    content = export_attendance(event=event_obj, file_name=name)
    # The file contains personal data, so the audit trail must show who downloaded it.
    record_action("attendance.export", event_obj, event=event_obj, fields=[kind])
    return attachment_response(content, name=name, mimetype=CONTENT_TYPES[kind])


@require_GET
def checkpoint_attendance(request: HttpRequest, event: str, checkpoint: int) -> HttpResponse:
    event_obj = get_event_to_staff(event, request.user)
    checkpoint_obj = get_object_or_404(
        Checkpoint.objects.select_related("session__room"), event=event_obj, pk=checkpoint
    )
    rows = Presence.objects.entered().filter(
        event=event_obj, checkpoint=checkpoint_obj.presence_checkpoint_id
    )
    presences = headcount.annotate_still_inside(rows.select_related("registration"))
    page = Paginator(presences.order_by("registration__sort_name", "pk"), ROWS_PER_PAGE)
    inside, checkpoint_id = rows.filter(filter_still_inside()).count(), checkpoint_obj.presence_checkpoint_id
    silent = find_silent_devices(event_obj, at=timezone.now(), checkpoint_id=checkpoint_id)
    context = {
        "event": event_obj, "section": "organize", "checkpoint": checkpoint_obj,
        "page_obj": page.get_page(request.GET.get("page")),
        "inside": inside, "counts": headcount.CheckpointHeadcount(checkpoint_obj, 0, inside, silent),
    }  # fmt: skip
    return render(request, "attendance/checkpoint_attendance.html", context)


@require_GET
def person_attendance(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Show all scans of one attendee."""
    event_obj = get_event_to_staff(event, request.user)
    registration = get_object_or_404(
        Registration.objects.select_related("ticket"), event=event_obj, reference=reference
    )
    # Includes the scans of badges that were merged into this registration.
    scans = (
        Scan.objects.filter(filter_by_registration([registration]))
        .annotate(owner=OWNER)
        .annotate(is_undone=Exists(find_undos()))
        .select_related("checkpoint", "device", "resolution")
    )
    rows = Presence.objects.filter(registration=registration, event=event_obj)
    presences = headcount.annotate_still_inside(rows.select_related("checkpoint"))
    context = {
        "event": event_obj, "section": "organize", "registration": registration,
        "checkpoints": event_obj.checkpoints.all(),
        "scans": scans.order_by("-effective_at", "-pk"),
        "presences": presences.order_by("first_entered_at", "pk"),
    }  # fmt: skip
    return render(request, "attendance/person.html", context)


@require_POST
def person_check_in(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    event_obj = get_event_to_staff(event, request.user)
    registration = get_object_or_404(Registration, event=event_obj, reference=reference)
    checkpoint_id = parse_digits(request.POST.get("checkpoint", ""))
    # Without a choice, or if the checkpoint was removed meanwhile, the entrance is used.
    checkpoint = (
        event_obj.checkpoints.select_related("event").filter(pk=checkpoint_id).first()
        if checkpoint_id
        else None
    )
    result = check_in_registration(
        registration=registration,
        checkpoint=checkpoint or get_or_create_entrance(event_obj),
        operator=request.user if isinstance(request.user, Person) else None,
        direction="out" if request.POST.get("direction") == "out" else "in",
    )
    _add_check_in_message(request, result.verdict, registration.name or registration.email)
    return redirect("organize-attendance-person", event_obj.slug, registration.reference)


def _add_check_in_message(request: HttpRequest, verdict: str, name: str) -> None:
    is_out = request.POST.get("direction") == "out"
    if verdict == ADMITTED:
        text = _("Exit recorded: %(name)s.") if is_out else _("Entry recorded: %(name)s.")
        messages.success(request, text % {"name": name})
    elif verdict == ALREADY_IN:
        messages.warning(request, _("%(name)s was already inside.") % {"name": name})
    else:
        text = _("Entry refused: %(name)s. See the reason in the latest scan below.")
        messages.warning(request, text % {"name": name})
