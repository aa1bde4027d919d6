"""Pages of the season: the members' calendar, the planners' view, and companies' history."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from convention.audit.record import record_action
from convention.events.models import Event
from convention.tables.downloads import TableSheet, table_response
from registrations.visits.models import Proposal

from .company_history import CompanyHistory, list_company_history
from .permissions import can_plan_season, get_member, get_planner
from .season import Season, build_season_calendar, list_season_events, parse_season

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
        **_build_season_context(season),
    }
    return render(request, "visits/season.html", context)


@never_cache
@require_safe
def season_plan(request: HttpRequest) -> HttpResponse:
    """Show planners the whole season, with drafts, empty months and overlaps."""
    get_planner(request.user)
    season = parse_season(request.GET.get("season", ""))
    context = {
        "months": build_season_calendar(season, list_season_events(season)),
        "waiting": Proposal.objects.undecided().count(),
        "section": "season",
        **_build_season_context(season),
    }
    return render(request, "visits/organize_season.html", context)


def _build_season_context(season: Season) -> dict[str, Any]:
    return {"season": season, "before": Season(season.year - 1), "after": Season(season.year + 1)}


@never_cache
@require_safe
def company_history_list(request: HttpRequest) -> HttpResponse:
    """List companies by priority for the next places."""
    get_planner(request.user)
    shown = Paginator(list_company_history(), COMPANIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "visits/company_history.html", {"shown": shown, "section": "season"})


@require_GET
def company_history_export(request: HttpRequest, kind: str) -> HttpResponse:
    get_planner(request.user)
    record_action("season.export", "turns", fields=[kind])
    header = [
        _("Company"), _("Came"), _("Did not come"), _("Places ahead"), _("Asked in vain"), _("Last visit"),
    ]  # fmt: skip
    return table_response(
        TableSheet(_("Turns"), header, map(_history_cells, list_company_history())), name="turns", kind=kind
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
