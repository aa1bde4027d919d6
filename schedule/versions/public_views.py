"""Public pages: what changed in the programme, and a feed of it."""

import hashlib
from typing import TYPE_CHECKING, Final

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from convention.events.permissions import get_visible_event
from schedule.programme.own_sessions import OwnSessions
from schedule.programme.page_cache import set_feed_caching
from schedule.programme.personal_pages import (
    get_event_path,
    get_version_for,
    serve_cached_or_personal,
)

from .changelog import build_changelog, write_changes_feed

if TYPE_CHECKING:
    from django.http import HttpRequest

FEED_CACHE_SECONDS: Final = 3600


@require_safe
def changes_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Show what each version of the programme changed."""
    event_obj = get_visible_event(event, request.user)
    version = get_version_for(request, event_obj)

    def render_for(_own_sessions: OwnSessions) -> HttpResponse:
        context = {
            "event": event_obj,
            "event_path": get_event_path(event_obj),
            "entries": build_changelog(event_obj, audience=version.audience),
        }
        return render(request, "schedule/changes.html", context)

    return serve_cached_or_personal(request, event_obj, version.cache_key, render_for)


@csrf_exempt  # read-only: other methods get 405 and not a CSRF error
@require_safe
def changes_feed(request: "HttpRequest", event: str) -> HttpResponse:
    """Serve the changes as an Atom feed; 304 if unchanged."""
    event_obj = get_visible_event(event, request.user)
    version = get_version_for(request, event_obj)
    key = f"changes-{event_obj.pk}-{get_language()}-{version.cache_key}"
    data: bytes | None = cache.get(key)
    if data is None:
        data = write_changes_feed(event_obj, audience=version.audience)
        cache.set(key, data, FEED_CACHE_SECONDS)
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(data, content_type="application/atom+xml; charset=utf-8")
    response["ETag"] = etag
    set_feed_caching(response, event_obj, version.audience)
    return response
