"""Middleware of the site: request ids, security headers, language, error pages, API bypass, body limits."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse, HttpResponseNotAllowed
from django.middleware.common import CommonMiddleware
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from .actor import Actor, current_actor
from .api.problems import make_error_response, set_retry_after, translate_database_error
from .errors import ConventionError, ServiceUnavailable, SignInRequired
from .ops.metrics import count_request
from .web.page_languages import get_accepted_language
from .web.request_body import REFUSAL_KEY, max_body_bytes

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    type GetResponse = Callable[[HttpRequest], HttpResponse]

CHUNK_BYTES = 64 * 1024
# One packet holds 1,460 bytes, of which the headers take about 1,000.
MIN_COMPRESSED_BYTES = 460
# Templates by kind of error; they must not query the database.
UNAVAILABLE_TEMPLATES = {"unavailable": "503.html", "storage-full": "storage_full.html"}
PAGE_METHODS = ("GET", "HEAD", "POST", "OPTIONS")
REQUEST_ID_PATTERN = re.compile(r"[0-9A-Za-z-]{8,64}")
access_logger = logging.getLogger("convention.access")


class SecurityHeadersMiddleware:
    """Set headers against framing and embedding on every response, files and errors included.

    Responses to signed-in people are not cached, unless the view says otherwise.
    """

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        response = self.get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        if not getattr(response, "xframe_options_exempt", False):
            response.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if "Cache-Control" not in response and is_signed_in(request):
            response["Cache-Control"] = "private, no-store"
        return response


def is_signed_in(request: "HttpRequest") -> bool:
    """Return whether the user is signed in, without a query for requests that have no session cookie."""
    user = getattr(request, "user", None)
    # The cookie first: reading `user` would mark the response as varying by it, and cost a query.
    return settings.SESSION_COOKIE_NAME in request.COOKIES and user is not None and user.is_authenticated


class RequestIdMiddleware:
    """Give each request an id, set the actor, log and count the response.

    A proxy in front may send the id, so that its log and ours can be read together.
    """

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        request_id = forwarded_request_id(request) or secrets.token_hex(8)
        start_time = time.perf_counter()
        token = current_actor.set(Actor(None, "page", request_id))
        try:
            response = self.get_response(request)
            log_request(request, response.status_code, time.perf_counter() - start_time)
        finally:
            current_actor.reset(token)
        response["X-Request-Id"] = request_id
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response


def forwarded_request_id(request: "HttpRequest") -> str:
    """Return the id sent by our own proxy, if it is well-formed; a client's id is ignored."""
    if not settings.BEHIND_PROXY:
        return ""
    forwarded_id = request.headers.get("X-Request-Id", "")
    return forwarded_id if REQUEST_ID_PATTERN.fullmatch(forwarded_id) else ""


def log_request(request: "HttpRequest", status: int, seconds: float) -> None:
    """Log and count a request by the name of its route, never by its path, which may contain secrets."""
    route = get_route_name(request)
    count_request(method=request.method or "", route=route, status=status, seconds=seconds)
    fields = {"method": request.method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
    access_logger.info("%s %s %d", request.method, route, status, extra={"fields": fields})


def get_route_name(request: "HttpRequest") -> str:
    """Return the name of the route; `static` or `none` for requests without one."""
    if request.resolver_match:
        return request.resolver_match.view_name or "unnamed"
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"


def is_api_request(request: "HttpRequest") -> bool:
    return f"{request.path_info}/".startswith("/api/")


class CompressionMiddleware(GZipMiddleware):
    """Compress responses, but not those that take one packet anyway: most answers to scans and orders."""

    def process_response(self, request: "HttpRequest", response: "HttpResponseBase") -> "HttpResponseBase":
        """Compress the response if the client accepts it and the response is not small."""
        is_small = isinstance(response, HttpResponse) and len(response.content) < MIN_COMPRESSED_BYTES
        return response if is_small else super().process_response(request, response)


class LanguageMiddleware(LocaleMiddleware):
    """Choose the language by the path; for the API by Accept-Language."""

    def process_request(self, request: "HttpRequest") -> None:
        """Activate English under /en/, French elsewhere; under /api/ the accepted language."""
        english = request.path_info == "/en" or request.path_info.startswith("/en/")
        language = "en" if english else settings.LANGUAGE_CODE
        if is_api_request(request):
            language = get_accepted_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language

    def process_response(self, request: "HttpRequest", response: "HttpResponseBase") -> "HttpResponseBase":
        """Set Content-Language, and Vary for the API."""
        response.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        if is_api_request(request):
            patch_vary_headers(response, ["Accept-Language"])
        return response


class RefusedRequestMiddleware:
    """Answer requests that the server refused before they reached Django, without a query."""

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        refusal = request.META.get(REFUSAL_KEY)
        return self.get_response(request) if refusal is None else error_response(request, refusal)


class AppendSlashMiddleware(CommonMiddleware):
    """Redirect to the path with a slash, except for requests that send something to the API."""

    def should_redirect_with_slash(self, request: "HttpRequest") -> bool:
        """Return whether to redirect; the API's clients would lose the body."""
        return super().should_redirect_with_slash(request) and not is_missing_slash(request)


def is_missing_slash(request: "HttpRequest") -> bool:
    """Return whether a request sends something to the API at a path that lacks only the slash."""
    is_writing = request.method not in ("GET", "HEAD")
    return is_writing and is_api_request(request) and bool(is_valid_path(f"{request.path_info}/"))


class ApiBypassMiddleware:
    """Let API requests that send something skip the middleware for pages (sessions, messages).

    It skips all up to `ApiBypassEndMiddleware`, which Django creates first, since it builds the chain from
    the end.
    """

    bypass_target: "ClassVar[GetResponse]"

    def __init__(self, get_response: "GetResponse") -> None:
        # Django builds the chain from its end, so that the target exists already.
        self.get_response, self.get_api_response = get_response, ApiBypassMiddleware.bypass_target

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Skip for writing API requests only: the others include pages, such as the documentation."""
        is_writing = request.method not in ("GET", "HEAD")
        return (
            self.get_api_response(request)
            if is_writing and is_api_request(request)
            else self.get_response(request)
        )


class ApiBypassEndMiddleware:
    """Mark the end of the middleware that `ApiBypassMiddleware` skips."""

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = ApiBypassMiddleware.bypass_target = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        return self.get_response(request)


class ErrorPageMiddleware:
    """Turn a ConventionError into an error page or an API problem."""

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Make the signed-in person the actor of the audit trail."""
        if is_signed_in(request):
            actor = current_actor.get()
            current_actor.set(Actor(request.user.pk, actor.channel, actor.request_id))
        return self.get_response(request)

    def process_exception(self, request: "HttpRequest", error: Exception) -> "HttpResponse | None":
        error = translate_database_error(error)
        return error_response(request, error) if isinstance(error, ConventionError) else None


class AllowedMethodsMiddleware:
    """Refuse all methods but those of pages and forms outside the API."""

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        if request.method in PAGE_METHODS or is_api_request(request):
            return self.get_response(request)
        return HttpResponseNotAllowed(PAGE_METHODS)


class RequestTooLarge(ConventionError):
    """The body is larger than the limit of its content type."""

    kind = "too-large"
    status = 413


class BodySizeMiddleware:
    """Refuse a body above the limit of its content type, before anything reads it.

    A body of up to twice UPLOAD_MAX_SIZE is read and discarded: a client that is still sending would not read
    the response.
    """

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        # Also checked here, since another server than ours may run `wsgi.py`.
        announced = request.META.get("CONTENT_LENGTH") or ""
        length = int(announced) if announced.isascii() and announced.isdigit() else 0
        max_bytes = max_body_bytes(request.content_type or "")
        if length <= max_bytes:
            return self.get_response(request)
        if length <= 2 * settings.UPLOAD_MAX_SIZE:
            discard_body(request)
        megabytes = max_bytes // 1024 // 1024
        return error_response(
            request, RequestTooLarge(_("This is too large. Send at most %(most)d MB.") % {"most": megabytes})
        )


def discard_body(request: "HttpRequest") -> None:
    while request.read(CHUNK_BYTES):
        pass


def error_response(request: "HttpRequest", error: ConventionError) -> "HttpResponse":
    """Return the error page or, for the API, the problem."""
    if isinstance(error, ServiceUnavailable):
        return unavailable_response(request, error)
    if is_api_request(request):
        return make_error_response(error)
    # The sign-in leads back to this page.
    if isinstance(error, SignInRequired):
        return redirect_to_login(request.get_full_path())
    context = {"error": error, "previous_url": get_previous_url(request)}
    response = render(request, "error.html", context, status=error.status)
    # The page shows the navigation of the signed-in person.
    patch_vary_headers(response, ["Cookie"])
    set_retry_after(response, error)
    return response


def get_previous_url(request: "HttpRequest") -> str:
    """Return the address of our own page whose form was posted; "" if it cannot be opened again."""
    url = request.headers.get("Referer", "")
    if request.method != "POST" or not url_has_allowed_host_and_scheme(url, {request.get_host()}):
        return ""
    # The page was the response to an earlier POST: its address may refuse to be opened.
    return "" if urlsplit(url).path == request.path else url


def unavailable_response(request: "HttpRequest", error: ServiceUnavailable) -> "HttpResponse":
    """Return the response without any query, with Retry-After."""
    if is_api_request(request):
        return make_error_response(error)
    response = HttpResponse(render_to_string(UNAVAILABLE_TEMPLATES[error.kind]), status=error.status)
    set_retry_after(response, error)
    return response
