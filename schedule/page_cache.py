"""Pages kept whole between requests, for visitors who are all the same: no sign-in, no personal agenda.

What is kept is compressed already, and known by a tag of its content, so that a page that did not change
costs an answer of 304.
"""

import gzip
import hashlib
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.regex_helper import _lazy_re_compile

if TYPE_CHECKING:
    from django.http import HttpRequest

SECONDS: Final = 60
accepts_gzip = _lazy_re_compile(r"\bgzip\b")


def is_plain_visitor(request: "HttpRequest", *cookies: str) -> bool:
    """Whether nothing makes the page personal: no session, no message, none of these cookies."""
    personal = {settings.SESSION_COOKIE_NAME, "messages", *cookies}
    return request.method in {"GET", "HEAD"} and personal.isdisjoint(request.COOKIES)


def asks_only(request: "HttpRequest", names: Collection[str], *, most: int) -> bool:
    """Whether the address asks for known things and few of them, so that its page is worth keeping."""
    asked = [name for name, value in request.GET.items() if value]
    return set(request.GET) <= set(names) and len(asked) <= most and len(request.GET.urlencode()) <= 300


def kept_page(request: "HttpRequest", key: str, make: "Callable[[], HttpResponse]") -> HttpResponse:
    """The page kept under this key, the language and the address; made by `make` when there is none."""
    address = f"{request.get_full_path()} {request.headers.get('Host', '')} {key}"
    name = f"page-{hashlib.sha256(address.encode()).hexdigest()}"
    kept: tuple[str, bytes] | None = cache.get(name)
    if kept is None:
        made = make()
        body = gzip.compress(made.content, 6, mtime=0)
        kept = (f'W/"{hashlib.sha256(made.content).hexdigest()[:32]}"', body)
        if made.status_code == 200 and not request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
            cache.set(name, kept, SECONDS)
    return conditional(request, *kept)


def conditional(request: "HttpRequest", etag: str, body: bytes) -> HttpResponse:
    """304 where the visitor has this page already, else the page, compressed where that is understood."""
    response = get_conditional_response(request, etag=etag)
    if response is None:
        packed = accepts_gzip.search(request.headers.get("Accept-Encoding", ""))
        response = HttpResponse(body if packed else gzip.decompress(body))
        if packed:
            response["Content-Encoding"] = "gzip"
            response["Content-Length"] = str(len(body))
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Accept-Encoding", "Cookie"])
    return response
