"""The desk's search page: guests by name or badge, the last verdict, and the counts beside it."""

import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from badges.attendance.scanning.numbering import number_changes
from badges.desk.arrivals import count_arrivals
from badges.desk.check_in import find_last_verdict
from badges.desk.permissions import can_take_payments, find_guest
from badges.desk.search import MAX_GUESTS_SHOWN, DeskSearchResult, find_guests, load_guests
from convention.errors import Forbidden
from convention.events.permissions import get_event_to_staff, get_staffed_events

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from convention.events.models import Event

MAX_QUERY_LENGTH = 300
MAX_EVENTS_SHOWN = 50
# How long after its end an event is listed: attendance and sign-in sheets are completed in these weeks.
PAST_EVENT_PERIOD = datetime.timedelta(days=90)


@login_required
@require_safe
def desk_list(request: "HttpRequest") -> "HttpResponse":
    """List the events whose desk the user staffs, recent ones too; redirect if it is only one."""
    now = timezone.now()
    staffed = get_staffed_events(request.user).select_related("venue").distinct()
    events = list(staffed.filter(ends_at__gte=now)[:MAX_EVENTS_SHOWN])
    recent = staffed.filter(ends_at__lt=now, ends_at__gt=now - PAST_EVENT_PERIOD)
    past_events = list(recent.order_by("-ends_at", "pk")[:MAX_EVENTS_SHOWN])
    if not events and not past_events:
        raise Forbidden(_("This page is for the desk staff of upcoming and recent events."))
    if len(events) == 1 and (not past_events or events[0].starts_at <= now):
        return redirect("desk", events[0].slug)
    context = {"events": events, "past_events": past_events, "section": "desk"}
    return render(request, "desk/events.html", context)


@require_safe
def desk_search(request: "HttpRequest", event: str) -> "HttpResponse":
    """Search guests; with `part`, return only the results, for the script that searches while typing.

    `served` is the reference of the guest who was just checked in, whose verdict is shown; `guest` that of
    one who is shown to be checked in, with the field empty for the next search.
    """
    event_obj = get_event_to_staff(event, request.user)
    query = request.GET.get("q", "")[:MAX_QUERY_LENGTH]
    context = {
        "section": "desk",
        "event": event_obj,
        "query": query,
        "result": _find_guests_to_show(event_obj, query, request.GET.get("guest", "")),
        "shown": MAX_GUESTS_SHOWN,
        "takes_payments": can_take_payments(request.user, event_obj),
    }
    if "part" in request.GET:
        return render(request, "desk/results.html", context)
    served_guest = find_guest(event_obj, request.GET.get("served", ""))
    context |= {
        "counts": count_arrivals(event_obj),
        "verdict": find_last_verdict(served_guest) if served_guest else None,
    }
    return render(request, "desk/search.html", context)


def _find_guests_to_show(event: "Event", query: str, reference: str) -> DeskSearchResult:
    if not query and (guest := find_guest(event, reference)):
        return DeskSearchResult(load_guests(event, [guest.pk]), total=1)
    return find_guests(event=event, query=query)


@require_safe
def desk_numbers(request: "HttpRequest", event: str) -> "HttpResponse":
    """Return the counts of the desk's page, which polls them every ten seconds."""
    event_obj = get_event_to_staff(event, request.user)
    # The arrivals of the last minutes change without a scan, minute by minute.
    minute = int(timezone.now().timestamp()) // 60
    latest_change = number_changes(event_obj.pk)
    etag = f'"{latest_change}-{event_obj.sequence}-{minute}-{translation.get_language()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = render(
            request, "desk/numbers.html", {"event": event_obj, "counts": count_arrivals(event_obj)}
        )
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
