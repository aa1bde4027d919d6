"""Organizers' pages: who is here, who came, who did not, each door and each person's scans."""

import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from convention.audit.record import record
from convention.charts import Bar, Bars, Curve, thinned
from convention.club.models import Person
from convention.downloads import attachment
from convention.events.doors import event_to_organize, event_to_staff
from convention.events.models import Event
from convention.text import tidy, whole_number
from registrations.models import Registration

from .. import headcount
from ..check_in import check_in
from ..export import export
from ..inside import still_inside
from ..ledger import of_person
from ..models import Checkpoint, Presence, Scan
from ..numbering import number_changes
from ..pair import entrance_of
from ..verdict import ADMITTED, ALREADY_IN

ON_A_PAGE = 50
GROUPS_DRAWN = 12
STATES = {"inside": headcount.who_is_inside, "arrived": headcount.who_came, "absent": headcount.who_is_absent}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@require_GET
def attendance(request: HttpRequest, event: str) -> HttpResponse:
    """The numbers and their pictures; with `state`, the list behind a number."""
    found = event_to_organize(event, request.user)
    context: dict[str, Any] = {"event": found, "section": "organize", "kinds": list(TYPES)}
    if request.GET.get("state") in STATES or request.GET.get("q"):
        return render(request, "attendance/people.html", context | people(request, found))
    if request.GET.get("part") != "numbers":
        return render(request, "attendance/attendance.html", context | numbers(found))
    etag = f'"{number_changes(found.pk)}-{found.sequence}-{translation.get_language()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = render(request, "attendance/numbers.html", context | numbers(found))
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def numbers(event: Event) -> dict[str, Any]:
    """What the page draws."""
    counts = headcount.tally(event)
    points = headcount.arrivals(event)
    return {
        "whole": counts.whole,
        "arrivals": arrivals_curve(points),
        "companies": drawn(event, _("By company"), _("Company"), "company", counts.companies),
        "tickets": drawn(event, _("By ticket"), _("Ticket"), "ticket", counts.tickets),
        "more_companies": max(0, len(counts.companies) - GROUPS_DRAWN),
        "doors": headcount.by_door(event),
        "conflicts": Presence.objects.filter(event=event, has_conflict=True).count(),
    }


def arrivals_curve(points: list[tuple[datetime.datetime, int]]) -> Curve:
    """People over time; a day is named where the curve runs over several."""
    days = {at.date() for at, _total in points}
    form = "H:i" if len(days) < 2 else "D H:i"
    said = [(at, date_format(at, form), total) for at, total in points]
    return Curve(_("Arrivals"), thinned(said, 96), _("people"), is_stepped=True)


def drawn(event: Event, title: str, heading: str, field: str, groups: list[headcount.Group]) -> Bars:
    """The largest groups: how many of those registered have come."""
    address = reverse("organize-attendance", args=[event.slug])
    rows = [
        Bar(
            group.label or _("without company"),
            group.came,
            group.registered,
            f"{address}?{urlencode({'state': 'arrived', field: group.label})}",
        )
        for group in groups[:GROUPS_DRAWN]
    ]
    return Bars(title, rows, heading, _("came, of registered"))


def people(request: HttpRequest, event: Event) -> dict[str, Any]:
    """One page of the list behind a number, narrowed by company, ticket and words."""
    chosen = {name: tidy(request.GET.get(name, "")) for name in ("state", "company", "ticket", "q")}
    rows = STATES.get(chosen["state"], headcount.expected)(event)
    if "company" in request.GET:
        rows = rows.filter(company=chosen["company"])
    if chosen["ticket"]:
        rows = rows.filter(Q(ticket__name=chosen["ticket"]) | Q(ticket__name_en=chosen["ticket"]))
    rows = rows.matching(chosen["q"])
    shown = Paginator(rows.select_related("ticket"), ON_A_PAGE).get_page(request.GET.get("page"))
    presences = headcount.main_presences(event, [one.pk for one in shown])
    return {
        "chosen": chosen,
        "has_company": "company" in request.GET,
        "shown": shown,
        "rows": [(one, presences.get(one.pk)) for one in shown],
    }


@require_GET
def attendance_file(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """The whole attendance as .csv, .xlsx or .pdf."""
    found = event_to_organize(event, request.user)
    name = f"{_('attendance')}-{found.slug}.{kind}"
    content = export(event=found, name=name)
    record("attendance.export", found, event=found, fields=[kind])
    return attachment(content, name=name, mimetype=TYPES[kind])


@require_GET
def door(request: HttpRequest, event: str, door: int) -> HttpResponse:
    """Who came through one door."""
    found = event_to_organize(event, request.user)
    one = get_object_or_404(Checkpoint.objects.select_related("session__room"), event=found, pk=door)
    rows = Presence.objects.filter(event=found, checkpoint=one.door_id, entries__gt=0)
    listed = rows.select_related("registration").order_by(
        "registration__last_name", "registration__first_name", "pk"
    )
    context = {
        "event": found, "section": "organize", "door": one,
        "shown": Paginator(listed, ON_A_PAGE).get_page(request.GET.get("page")),
        "inside": rows.filter(still_inside()).count(),
    }  # fmt: skip
    return render(request, "attendance/door.html", context)


@require_GET
def person(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """One person's scans, as they were sent."""
    found = event_to_staff(event, request.user)
    one = get_object_or_404(Registration.objects.select_related("ticket"), event=found, reference=reference)
    scans = Scan.objects.filter(of_person(one)).select_related("checkpoint", "device", "resolution")
    presences = Presence.objects.filter(registration=one, event=found).select_related("checkpoint")
    context = {
        "event": found, "section": "organize", "registration": one, "doors": found.checkpoints.all(),
        "scans": scans.order_by("-effective_at", "-pk"), "presences": presences.order_by("first_in", "pk"),
    }  # fmt: skip
    return render(request, "attendance/person.html", context)


@require_POST
def check_in_person(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Let one in or out by hand."""
    found = event_to_staff(event, request.user)
    one = get_object_or_404(Registration, event=found, reference=reference)
    chosen = whole_number(request.POST.get("checkpoint", ""))
    at = found.checkpoints.select_related("event").filter(pk=chosen).first() if chosen else None
    result = check_in(
        registration=one,
        door=at or entrance_of(found),
        operator=request.user if isinstance(request.user, Person) else None,
        direction="out" if request.POST.get("direction") == "out" else "in",
    )
    _say(request, result.verdict, one.name or one.email)
    return redirect("organize-attendance-person", found.slug, one.reference)


def _say(request: HttpRequest, verdict: str, name: str) -> None:
    """What became of it, by name: read aloud where nobody looks."""
    is_out = request.POST.get("direction") == "out"
    if verdict == ADMITTED:
        said = _("%(name)s is let out.") if is_out else _("%(name)s is let in.")
        messages.success(request, said % {"name": name})
    elif verdict == ALREADY_IN:
        messages.warning(request, _("%(name)s was inside already.") % {"name": name})
    else:
        said = _("%(name)s is not let in: the latest scan below says why.")
        messages.warning(request, said % {"name": name})
