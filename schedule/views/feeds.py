"""The programme for other programs: agenda.ics, agenda.xml and agenda.json."""

import re
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from convention.downloads import CALENDAR, to_look_at
from convention.events.doors import visible_event
from convention.events.models import Event
from schedule.exchange.feed import Feed, feed_of
from schedule.exchange.programme import Format

if TYPE_CHECKING:
    from django.http import HttpRequest

TYPES = {
    Format.ICALENDAR: ("ics", CALENDAR),
    Format.FRAB_XML: ("xml", "application/xml; charset=utf-8"),
    Format.FRAB_JSON: ("json", "application/json"),
}
ACCEPTS_GZIP = re.compile(r"\b(?:gzip|\*)(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


@csrf_exempt  # nothing is changed: another method is told so
@require_safe
def feed(request: "HttpRequest", event: str, fmt: str) -> HttpResponse:
    """The whole programme; a draft's for its organizers only."""
    shown = visible_event(event, request.user)
    response = answer(request, feed_of(shown, Format(fmt)), shown, Format(fmt))
    public = shown.visibility != Event.Visibility.DRAFT
    response["Cache-Control"] = "public, max-age=60" if public else "private, no-cache"
    if public:
        response["Access-Control-Allow-Origin"] = "*"
    return response


def answer(request: "HttpRequest", found: Feed, event: Event, fmt: Format) -> HttpResponse:
    """304 where the reader has it already, else the file, compressed where that is understood."""
    changed = int(found.changed_at.timestamp())
    ending, content_type = TYPES[fmt]
    response = get_conditional_response(request, etag=found.etag, last_modified=changed)
    if response is None:
        response = HttpResponse(content_type=content_type)
        if ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")):
            response["Content-Encoding"] = "gzip"
            response.content = found.packed
        else:
            response.content = found.data
        response["Content-Length"] = str(len(response.content))
        response["Content-Disposition"] = to_look_at(f"{event.slug}.{ending}")
    response["ETag"] = found.etag
    response["Last-Modified"] = http_date(changed)
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
