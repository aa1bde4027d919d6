"""The pages of the day: roster, evacuation list, manifests, and the doors made in one act."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from badges.attendance.numbering import number_changes
from convention.events.doors import works_desk
from registrations.visits.day_doors import ride_to_staff, visit_to_staff
from registrations.visits.doors import runs_visit, visit_to_run
from registrations.visits.models import Visit

from ..keep import kept_until
from ..lists import on_site, say_leg
from ..make_doors import make_doors, missing_doors
from ..roster import counted, manifest_of, roster_of
from ..where import Where


@require_GET
def day(request: HttpRequest, event: str) -> HttpResponse:
    """Who is where; `state` shows some alone, and `part` answers with the numbers and rows for the script."""
    visit = visit_to_staff(event, request.user)
    if request.GET.get("part") != "rows":
        return render(request, "visit_days/day.html", _frame(request, visit) | _rows(request, visit))
    minute = int(timezone.now().timestamp()) // 60
    latest = number_changes(visit.event_id)
    reader = f"{request.user.pk}-{translation.get_language()}"  # one reads more than another in this browser
    etag = f'"{latest}-{visit.event.sequence}-{minute}-{reader}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        context = _rows(request, visit) | {"event": visit.event}
        response = render(request, "visit_days/rows.html", context)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _frame(request: HttpRequest, visit: Visit) -> dict[str, object]:
    """What stands around the roster."""
    runs = runs_visit(request.user, visit.event)
    return {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "runs": runs,
        "missing_doors": missing_doors(visit) if runs else 0,
        "legs": [(leg, say_leg(visit.event, leg)) for leg in visit.legs.all()],
    }


def _rows(request: HttpRequest, visit: Visit) -> dict[str, object]:
    """The numbers, and the rows chosen."""
    roster = roster_of(visit, reader=request.user)
    chosen = request.GET.get("state", "")
    state = Where(chosen) if chosen in Where.values else None
    return {
        "counts": counted(roster),
        "total": len(roster),
        "state": state,
        "rows": [one for one in roster if state is None or one.where == state],
        "doubled": [one for one in roster if one.elsewhere],
        "certified": sum(one.where == Where.LEFT for one in roster),
        "runs": runs_visit(request.user, visit.event),
        "staffs": works_desk(request.user, visit.event),
    }


@require_POST
def doors(request: HttpRequest, event: str) -> HttpResponse:
    """Make the doors of the day."""
    visit = visit_to_run(event, request.user)
    made = make_doors(visit=visit)
    sentence = ngettext("%(count)d checkpoint was made.", "%(count)d checkpoints were made.", made)
    messages.success(request, sentence % {"count": made})
    return redirect("organize-visit-day", event)


@require_safe
def evacuation(request: HttpRequest, event: str) -> HttpResponse:
    """Who is on site, to be ticked off; the page stays on the phone for when the network is gone."""
    visit = visit_to_staff(event, request.user)
    roster = roster_of(visit)
    now = timezone.now()
    context = {
        "event": visit.event,
        "section": "organize",
        "people": on_site(roster),
        "aboard": [one for one in roster if one.where == Where.ABOARD],
        "now": now,
    }
    response = render(request, "visit_days/evacuation.html", context)
    response["X-Keep-Until"] = str(int(kept_until(visit.event).timestamp() * 1000))
    response["Cache-Control"] = "private, no-store"
    return response


@never_cache
@require_GET
def manifest(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Who sits in one ride, and who is aboard."""
    leg = ride_to_staff(event, pk, request.user)
    found = leg.visit.event
    context = {
        "event": found, "section": "organize", "leg": leg, "title": _("Coach manifest"),
        "said": say_leg(found, leg), "manifest": manifest_of(leg, roster_of(leg.visit)),
        "staffs": works_desk(request.user, found),
    }  # fmt: skip
    return render(request, "visit_days/manifest.html", context)
