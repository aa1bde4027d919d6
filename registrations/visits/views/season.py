"""The season: what is planned month by month, for members and for who plans it, and whose turn it is."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from convention.audit.record import record
from convention.downloads import Sheet, download
from convention.events.models import Event

from ..been import Turns, turns
from ..models import Proposal
from ..planning_doors import member, planner, plans
from ..season import Season, calendar_of, events_in, season_named

ROWS = 30


@never_cache
@require_safe
def season(request: HttpRequest) -> HttpResponse:
    """What members hear of: the events of the season that are published, and how to propose more."""
    person = member(request.user)
    chosen = season_named(request.GET.get("season", ""))
    shown = events_in(chosen).exclude(visibility=Event.Visibility.DRAFT)
    months = [month for month in calendar_of(chosen, shown) if month.entries]
    context = {"months": months, "section": "visits", "plans": plans(person), **_around(chosen)}
    return render(request, "visits/season.html", context)


@never_cache
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """The whole season, drafts and empty months too, with what collides."""
    planner(request.user)
    chosen = season_named(request.GET.get("season", ""))
    context = {
        "months": calendar_of(chosen, events_in(chosen)),
        "waiting": Proposal.objects.standing().count(),
        "section": "season",
        **_around(chosen),
    }
    return render(request, "visits/organize_season.html", context)


def _around(chosen: Season) -> dict[str, Any]:
    return {"season": chosen, "before": Season(chosen.year - 1), "after": Season(chosen.year + 1)}


@never_cache
@require_safe
def whose_turn(request: HttpRequest) -> HttpResponse:
    """Who has been where over two years, the company whose turn it is first."""
    planner(request.user)
    shown = Paginator(turns(), ROWS).get_page(request.GET.get("page"))
    return render(request, "visits/turns.html", {"shown": shown, "section": "season"})


@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The same as a file, whole."""
    planner(request.user)
    record("season.export", "turns", fields=[kind])
    header = [
        _("Company"), _("Came"), _("Did not come"), _("Places ahead"), _("Asked in vain"), _("Last visit"),
    ]  # fmt: skip
    return download(Sheet(_("Turns"), header, map(_cells, turns())), name="turns", kind=kind)


def _cells(row: Turns) -> list[object]:
    last = row.last.event.title if row.last else ""
    return [row.company.name, row.went, row.missed, row.ahead, row.in_vain, last]
