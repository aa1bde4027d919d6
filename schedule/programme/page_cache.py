"""Cache whole pages for anonymous visitors: no session, no personal agenda.

Pages are cached compressed and with an ETag of their content, so that an unchanged page costs only a 304.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from convention.events.models import Event
from schedule.models import ProgrammeAudience

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE_CACHE_SECONDS: Final = 60
# q=0 refuses a coding (RFC 9110, 12.4.2).
ACCEPTS_GZIP_PATTERN = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


def accepts_gzip(request: "HttpRequest") -> bool:
    return bool(ACCEPTS_GZIP_PATTERN.search(request.headers.get("Accept-Encoding", "")))


def is_anonymous_visitor(request: "HttpRequest", *cookie_names: str) -> bool:
    """Return whether nothing makes the page personal: no session, no message, none of these cookies.

    "messages" is the cookie of django.contrib.messages.
    """
    personal = {settings.SESSION_COOKIE_NAME, "messages", *cookie_names}
    return request.method in {"GET", "HEAD"} and personal.isdisjoint(request.COOKIES)


def has_only_parameters(request: "HttpRequest", names: Collection[str], *, max_parameters: int) -> bool:
    """Return whether the query string has only a few known parameters, so that its page is worth caching.

    Free text and endless combinations of filters would push the pages that most visitors ask for out of the
    cache.
    """
    used_values = [value for _name, values in request.GET.lists() for value in values if value]
    return (
        set(request.GET) <= set(names)
        and len(used_values) <= max_parameters
        and len(request.GET.urlencode()) <= 300
    )


def set_feed_caching(response: HttpResponse, event: Event, audience: ProgrammeAudience) -> bool:
    """Set how long others may cache a feed; return whether it is the same for everybody."""
    is_public = event.visibility != Event.Visibility.DRAFT and audience is ProgrammeAudience.PUBLIC
    response["Cache-Control"] = "public, max-age=60" if is_public else "private, no-cache"
    # A shared cache must not serve the public's file to a member.
    patch_vary_headers(response, ["Cookie"])
    return is_public


def get_cached_page(
    request: "HttpRequest", version_key: str, render_page: "Callable[[], HttpResponse]"
) -> HttpResponse:
    """Return the page cached for this version, language and address; render it if there is none."""
    # With the host: a page may name it, and one visitor's Host header must not reach another's page.
    address = f"{request.get_full_path()} {request.headers.get('Host', '')} {version_key}"
    name = f"page-{hashlib.sha256(address.encode()).hexdigest()}"
    cached: tuple[str, bytes] | None = cache.get(name)
    if cached is None:
        response = render_page()
        body = gzip.compress(response.content, 6, mtime=0)
        # Weak, since the compressed and the plain body share it.
        cached = (f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"', body)
        # A page with a CSRF token must not be served to another visitor.
        if response.status_code == 200 and not request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
            cache.set(name, cached, PAGE_CACHE_SECONDS)
    return build_conditional_response(request, *cached)


def build_conditional_response(request: "HttpRequest", etag: str, compressed_body: bytes) -> HttpResponse:
    """Return 304 if the client has this page, else the page, compressed if the client accepts gzip."""
    response = get_conditional_response(request, etag=etag)
    if response is None:
        is_compressed = accepts_gzip(request)
        response = HttpResponse(compressed_body if is_compressed else gzip.decompress(compressed_body))
        if is_compressed:
            response["Content-Encoding"] = "gzip"
            response["Content-Length"] = str(len(compressed_body))
    response["ETag"] = etag
    # Browsers ask each time and get a 304: a changed programme shows at once.
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Accept-Encoding", "Cookie"])
    return response
