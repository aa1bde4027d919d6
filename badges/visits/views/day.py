"""Pages of the day: roster, evacuation list, coach manifests, and the button that creates checkpoints."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from badges.attendance.scanning.numbering import number_changes
from badges.visits.checkpoints import count_missing_checkpoints, create_visit_checkpoints
from badges.visits.day_lists import describe_ride, get_list_expiry, list_people_on_site
from badges.visits.evacuation import record_list_reading
from badges.visits.roster import build_manifest, count_whereabouts, load_roster
from badges.visits.whereabouts import Whereabouts
from convention.events.permissions import can_staff_desk
from registrations.visits.models import Visit
from registrations.visits.permissions import (
    can_manage_visit,
    get_managed_visit,
    get_staffed_ride,
    get_staffed_visit,
)

from .evacuation import find_reading


@require_GET
def visit_day(request: HttpRequest, event: str) -> HttpResponse:
    """Show the roster; `?state=` filters it, and `?part=rows` returns the live part with an ETag."""
    visit = get_staffed_visit(event, request.user)
    if request.GET.get("part") != "rows":
        return render(
            request, "visit_days/day.html", _page_context(request, visit) | _rows_context(request, visit)
        )
    # States such as late follow from the clock, so the page changes without a scan, minute by minute.
    minute = int(timezone.now().timestamp()) // 60
    latest = number_changes(visit.event_id)
    # Another user of the same browser may see other titles and must not get a 304.
    reader = f"{request.user.pk}-{translation.get_language()}"
    etag = f'"{latest}-{visit.event.sequence}-{minute}-{reader}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        context = _rows_context(request, visit) | {"event": visit.event}
        response = render(request, "visit_days/rows.html", context)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _page_context(request: HttpRequest, visit: Visit) -> dict[str, object]:
    can_manage = can_manage_visit(request.user, visit.event)
    return {
        "event": visit.event,
        "section": "organize",
        "can_manage": can_manage,
        "missing_checkpoints": count_missing_checkpoints(visit) if can_manage else 0,
        "rides": [(ride, describe_ride(visit.event, ride)) for ride in visit.rides.all()],
    }


def _rows_context(request: HttpRequest, visit: Visit) -> dict[str, object]:
    roster = load_roster(visit, reader=request.user)
    chosen = request.GET.get("state", "")
    state = Whereabouts(chosen) if chosen in Whereabouts.values else None
    return {
        "counts": count_whereabouts(roster),
        "total": len(roster),
        "state": state,
        "rows": [entry for entry in roster if state is None or entry.whereabouts == state],
        "with_other_visits": [entry for entry in roster if entry.other_visits],
        "certifiable_count": sum(entry.whereabouts.allows_certificate for entry in roster),
        "can_manage": can_manage_visit(request.user, visit.event),
        "can_staff": can_staff_desk(request.user, visit.event),
    }


@require_POST
def visit_checkpoints_create(request: HttpRequest, event: str) -> HttpResponse:
    """Create the missing checkpoints of the day."""
    visit = get_managed_visit(event, request.user)
    created_count = create_visit_checkpoints(visit=visit)
    sentence = ngettext("%(count)d checkpoint created.", "%(count)d checkpoints created.", created_count)
    messages.success(request, sentence % {"count": created_count})
    return redirect("organize-visit-day", event)


@require_safe
def evacuation_list(request: HttpRequest, event: str) -> HttpResponse:
    """Show who is on site, to be ticked off. A service worker saves the page on the phone for use offline."""
    visit = get_staffed_visit(event, request.user)
    roster = load_roster(visit)
    now = timezone.now()
    context = {
        "event": visit.event,
        "section": "organize",
        "people": list_people_on_site(roster),
        "aboard": [entry for entry in roster if entry.whereabouts == Whereabouts.ABOARD],
        "now": now,
    }
    response = render(request, "visit_days/evacuation.html", context)
    # As at `event_evacuation_list`: the phone checks by HEAD, every minute, whether it may keep the page.
    if request.method == "GET":
        record_list_reading(
            "visit_evacuation.open", visit, event=visit.event, reader_id=request.user.pk,
            reading=find_reading(request),
        )  # fmt: skip
    # Read by the service worker, which deletes the saved page at that time (milliseconds since 1970).
    response["X-Keep-Until"] = str(int(get_list_expiry(visit.event).timestamp() * 1000))
    # The service worker's copy, which expires, must be the only one on the phone.
    response["Cache-Control"] = "private, no-store"
    return response


@never_cache
@require_GET
def coach_manifest(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Show the passengers of one ride, and who is aboard."""
    ride = get_staffed_ride(event, pk, request.user)
    visit_event = ride.visit.event
    context = {
        "event": visit_event,
        "section": "organize",
        "ride": ride,
        "title": _("Coach manifest"),
        "description": describe_ride(visit_event, ride),
        "manifest": build_manifest(ride, load_roster(ride.visit)),
        "can_staff": can_staff_desk(request.user, visit_event),
    }
    return render(request, "visit_days/manifest.html", context)
