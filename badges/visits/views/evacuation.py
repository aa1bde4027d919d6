"""The evacuation list of any event: who is inside now, to be ticked off, on paper or on a phone."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from badges.attendance.reports.headcount import count_inside_anywhere
from badges.attendance.reports.printed_list import draw_printed_list
from badges.visits.day_lists import get_list_expiry
from badges.visits.evacuation import (
    ListReading,
    load_people_inside,
    make_inside_list,
    record_list_opened,
    record_list_reading,
)
from convention.events.permissions import get_event_to_staff
from convention.tables.downloads import inline_response


@require_safe
def event_evacuation_list(request: HttpRequest, event: str) -> HttpResponse:
    """Show who is inside the event. A service worker saves the page on the phone for use offline."""
    event_obj = get_event_to_staff(event, request.user)
    people = load_people_inside(event_obj)
    context = {
        "event": event_obj, "section": "organize", "people": people, "now": timezone.now(),
        "counts": count_inside_anywhere(event_obj, inside_count=len(people)),
        "pdf_url": reverse("organize-evacuation-pdf", args=[event_obj.slug]),
    }  # fmt: skip
    response = render(request, "visit_days/event_evacuation.html", context)
    # The page stays on the phone, so opening it is audited like printing it. By HEAD, the phone only checks
    # every minute whether it may still keep the page.
    if request.method == "GET":
        record_list_reading(
            "evacuation.open", event_obj, event=event_obj, reader_id=request.user.pk,
            reading=find_reading(request),
        )  # fmt: skip
    # Read by the service worker, which deletes the saved page at that time (milliseconds since 1970).
    response["X-Keep-Until"] = str(int(get_list_expiry(event_obj).timestamp() * 1000))
    # The service worker's copy, which expires, must be the only one on the phone.
    response["Cache-Control"] = "private, no-store"
    return response


def find_reading(request: HttpRequest) -> ListReading:
    """Return why the list is read: the open page fetches it every half minute with `?refresh=1`."""
    return ListReading.REFRESHED if "refresh" in request.GET else ListReading.OPENED


@require_GET
def event_evacuation_pdf(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_staff(event, request.user)
    content = draw_printed_list(event_obj, make_inside_list(event_obj, load_people_inside(event_obj)))
    record_list_opened("evacuation.print", event_obj, event=event_obj)
    return inline_response(content, name=f"{event}-evacuation.pdf")
