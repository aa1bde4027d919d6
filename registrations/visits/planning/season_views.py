"""Pages of the season: the members' calendar, the planners' view, and companies' history."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields
from convention.events.attention import AttentionItem
from convention.events.models import Event
from convention.events.permissions import can_create_events, get_organized_events
from convention.privacy.requests import list_privacy_items
from convention.tables.downloads import TableSheet, table_response
from convention.web.routing import require_safe_or_post
from registrations.visits.models import Visit

from .attention import list_season_items
from .company_history import CompanyHistory, list_company_history
from .forms import VisitDateForm
from .permissions import can_plan_season, can_propose, get_member, get_planner
from .plan_visit import create_planned_visit
from .season import (
    Season,
    SeasonMonth,
    build_season_calendar,
    list_events_on_same_days,
    list_season_events,
    parse_season,
)

COMPANIES_PER_PAGE = 30


@never_cache
@require_safe
def season_calendar(request: HttpRequest) -> HttpResponse:
    """Show members the published events of a season."""
    person = get_member(request.user)
    season = parse_season(request.GET.get("season", ""))
    # Before the calendar is built: a draft must not appear as an overlapping event either.
    events = list_season_events(season).exclude(visibility=Event.Visibility.DRAFT)
    months = [month for month in build_season_calendar(season, events) if month.entries]
    context = {
        "months": months,
        "section": "visits",
        "can_plan": can_plan_season(person),
        "can_propose": can_propose(person),
        **_build_season_context(season),
    }
    return render(request, "visits/season.html", context)


@never_cache
@require_safe
def season_plan(request: HttpRequest) -> HttpResponse:
    """Show planners the whole season, with drafts, empty months and overlaps."""
    planner = get_planner(request.user)
    season = parse_season(request.GET.get("season", ""))
    context = {
        "months": _link_entries(build_season_calendar(season, list_season_events(season)), planner),
        "can_create": can_create_events(planner),
        "attention_items": _list_attention_items(planner),
        "section": "season",
        **_build_season_context(season),
    }
    return render(request, "visits/organize_season.html", context)


def _list_attention_items(planner: Person) -> list[AttentionItem]:
    """Return the items of the season, and the privacy requests for planners who answer them."""
    # Secretaries without an event of their own have this page instead of the organizers' home.
    items = [*list_privacy_items(planner), *list_season_items(planner, at=timezone.now())]
    return sorted(items, key=lambda item: -item.gravity)


def _link_entries(months: list[SeasonMonth], planner: Person) -> list[SeasonMonth]:
    """Return the months with the page of each event that this planner may open."""
    organized_ids = set(get_organized_events(planner).values_list("pk", flat=True))
    return [
        replace(
            month,
            entries=[
                replace(entry, path=_find_entry_path(entry.event, organized_ids)) for entry in month.entries
            ],
        )
        for month in months
    ]


def _find_entry_path(event: Event, organized_ids: set[int]) -> str:
    # Planners manage all visits, also those not begun yet.
    if event.kind == Event.Kind.SITE_VISIT:
        return reverse("organize-visit", args=[event.slug])
    if event.pk in organized_ids:
        return reverse("organize-event", args=[event.slug])
    return reverse("event", args=[event.slug]) if event.visibility != Event.Visibility.DRAFT else ""


@never_cache
@require_safe_or_post
def visit_create(request: HttpRequest) -> HttpResponse:
    """Create a draft visit without a proposal."""
    planner = get_planner(request.user)
    form = VisitDateForm(request.POST or None, planner=planner, initial={"contact_email": planner.email})
    if request.method == "POST" and form.is_valid():
        try:
            visit = create_planned_visit(planner=planner, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            report_planned_visit(request, visit)
            return redirect("organize-visit", visit.event.slug)
    return render(request, "visits/organize_visit_new.html", {"form": form, "section": "season"})


def report_planned_visit(request: HttpRequest, visit: Visit) -> None:
    """Show that the draft was created, and which other events of the club are on the same day."""
    messages.success(request, _("Draft visit created. Next: add the details and the host’s agreement."))
    if events := list_events_on_same_days(visit.event):
        titles = ", ".join(event.title for event in events)
        messages.warning(request, _("On the same day: %(events)s.") % {"events": titles})


def _build_season_context(season: Season) -> dict[str, Any]:
    previous_season, next_season = Season(season.year - 1), Season(season.year + 1)
    return {"season": season, "previous_season": previous_season, "next_season": next_season}


@never_cache
@require_safe
def company_history_list(request: HttpRequest) -> HttpResponse:
    """List companies by priority for the next places."""
    get_planner(request.user)
    page = Paginator(list_company_history(), COMPANIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "visits/company_history.html", {"page_obj": page, "section": "season"})


@require_GET
def company_history_export(request: HttpRequest, kind: str) -> HttpResponse:
    get_planner(request.user)
    record_action("season.export", "turns", fields=[kind])
    header = [
        _("Company"),
        pgettext("company history", "Attended"),
        _("Absent"),
        _("Upcoming"),
        _("Refused applications"),
        _("Last visit"),
    ]
    return table_response(
        TableSheet(_("Places by company"), header, map(_history_cells, list_company_history())),
        name="turns",
        kind=kind,
    )


def _history_cells(row: CompanyHistory) -> list[object]:
    last = row.last_visit.event.title if row.last_visit else ""
    return [
        row.company.name,
        row.attended_count,
        row.missed_count,
        row.upcoming_count,
        row.unplaced_count,
        last,
    ]
