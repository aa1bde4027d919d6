"""Serve the programme to other programs: agenda.ics, agenda.xml and agenda.json."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.tables.downloads import CALENDAR_TYPE, inline_disposition
from schedule.exchange.feed import ProgrammeFeed, get_programme_feed
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.permissions import get_programme_audience

from .page_cache import accepts_gzip, set_feed_caching

if TYPE_CHECKING:
    from django.http import HttpRequest

FEED_TYPES = {
    ScheduleFormat.ICALENDAR: ("ics", CALENDAR_TYPE),
    ScheduleFormat.FRAB_XML: ("xml", "application/xml; charset=utf-8"),
    ScheduleFormat.FRAB_JSON: ("json", "application/json"),
}


@csrf_exempt  # read-only: other methods get 405 and not a CSRF error
@require_safe
def programme_feed(request: "HttpRequest", event: str, fmt: str) -> HttpResponse:
    """Serve the programme as the reader sees it; that of a draft only to its organizers."""
    event_obj = get_visible_event(event, request.user)
    audience = get_programme_audience(request.user, event_obj)
    feed = get_programme_feed(event_obj, ScheduleFormat(fmt), audience=audience)
    response = build_feed_response(request, feed, event_obj, ScheduleFormat(fmt))
    if set_feed_caching(response, event_obj, audience):
        # Web apps on other sites read published programmes; browsers send no cookies with such a request.
        response["Access-Control-Allow-Origin"] = "*"
    return response


def build_feed_response(
    request: "HttpRequest", feed: ProgrammeFeed, event: Event, file_format: ScheduleFormat
) -> HttpResponse:
    """Return 304 if the client has this version, else the file, compressed if the client accepts gzip."""
    # HTTP dates have whole seconds.
    changed = int(feed.changed_at.timestamp())
    ending, content_type = FEED_TYPES[file_format]
    response = get_conditional_response(request, etag=feed.etag, last_modified=changed)
    if response is None:
        response = HttpResponse(content_type=content_type)
        if accepts_gzip(request):
            response["Content-Encoding"] = "gzip"
            response.content = feed.compressed
        else:
            response.content = feed.data
        response["Content-Length"] = str(len(response.content))
        response["Content-Disposition"] = inline_disposition(f"{event.slug}.{ending}")
    response["ETag"] = feed.etag
    response["Last-Modified"] = http_date(changed)
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
