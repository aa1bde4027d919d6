"""What every request passes: an id and an actor, the language of the address, sentences for errors."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse, HttpResponseNotAllowed
from django.middleware.common import CommonMiddleware
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from .actor import Actor, current_actor
from .api.problems import problem, without_database
from .errors import ConventionError, SignInNeeded, Unavailable
from .measure import count_request
from .request_body import REFUSAL_KEY, max_body_bytes

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    type Answer = Callable[[HttpRequest], HttpResponse]

PIECE = 64 * 1024
PAGES_WITHOUT_DATABASE = {"unavailable": "503.html", "storage-full": "storage_full.html"}
"""Templates by the kind of error; they ask the database for nothing."""
PAGE_METHODS = ("GET", "HEAD", "POST", "OPTIONS")
WELL_FORMED_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
access = logging.getLogger("convention.access")


class Closed:
    """Every answer, files and faults too, says that other sites may neither frame nor embed it.

    What is shown to somebody signed in is kept by nobody, unless its view says otherwise.
    """

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Add what the view did not say itself."""
        response = self.get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        if not getattr(response, "xframe_options_exempt", False):
            response.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if "Cache-Control" not in response and is_signed_in(request):
            response["Cache-Control"] = "private, no-store"
        return response


def is_signed_in(request: "HttpRequest") -> bool:
    """Whether somebody is known to be there, without asking the database for whoever brings no session."""
    user = getattr(request, "user", None)
    return settings.SESSION_COOKIE_NAME in request.COOKIES and user is not None and user.is_authenticated


class RequestIds:
    """Give each request an id, kept in logs and the audit trail, say who acts, and log and count the answer.

    A proxy in front may bring the id along, so that its log and ours can be read together.
    """

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Set the actor for the time of the request."""
        request_id = brought_id(request) or secrets.token_hex(8)
        began = time.perf_counter()
        token = current_actor.set(Actor(None, "page", request_id))
        try:
            response = self.get_response(request)
            tell(request, response.status_code, time.perf_counter() - began)
        finally:
            current_actor.reset(token)
        response["X-Request-Id"] = request_id
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response


def brought_id(request: "HttpRequest") -> str:
    """The id that our own proxy gave, if it looks like one; from anybody else it is worth nothing."""
    brought = request.headers.get("X-Request-Id", "")
    return brought if settings.BEHIND_PROXY and WELL_FORMED_ID.fullmatch(brought) else ""


def tell(request: "HttpRequest", status: int, seconds: float) -> None:
    """One line and one count for an answered request: by the name of its address, never the address."""
    route = route_of(request)
    count_request(method=request.method or "", route=route, status=status, seconds=seconds)
    facts = {"method": request.method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
    access.info("%s %s %d", request.method, route, status, extra={"facts": facts})


def route_of(request: "HttpRequest") -> str:
    """The name of the address that was asked for; `static` and `none` for what has no name."""
    if request.resolver_match:
        return request.resolver_match.view_name or "unnamed"
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"


def is_for_programs(request: "HttpRequest") -> bool:
    """Whether the address is the API's."""
    return f"{request.path_info}/".startswith("/api/")


def accepted_language(request: "HttpRequest") -> str:
    """The first of our languages that the browser or program asks for, else French."""
    for accepted, quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if quality and accepted[:2] in dict(settings.LANGUAGES):
            return accepted[:2]
    return settings.LANGUAGE_CODE


class Language(LocaleMiddleware):
    """The address of a page decides its language; programs say it, and so does the browser at `/`."""

    def process_request(self, request: "HttpRequest") -> None:
        """English under /en/, French elsewhere; beneath /api/ what is accepted."""
        english = request.path_info == "/en" or request.path_info.startswith("/en/")
        language = "en" if english else settings.LANGUAGE_CODE
        if is_for_programs(request):
            language = accepted_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language

    def process_response(self, request: "HttpRequest", response: "HttpResponseBase") -> "HttpResponseBase":
        """Name the language of the answer."""
        response.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        if is_for_programs(request):
            patch_vary_headers(response, ["Accept-Language"])
        return response


class RefusedRequests:
    """Answers for the server what it refused before a view could see it, without asking the database."""

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Say why, in the language of the address."""
        refusal = request.META.get(REFUSAL_KEY)
        return self.get_response(request) if refusal is None else answer(request, refusal)


class Slashes(CommonMiddleware):
    """A forgotten slash at the end of an address is put there, but no program's body is led elsewhere."""

    def should_redirect_with_slash(self, request: "HttpRequest") -> bool:
        """Whether to send the reader on; a redirect would lose what is sent to the API."""
        return super().should_redirect_with_slash(request) and not lacks_slash(request)


def lacks_slash(request: "HttpRequest") -> bool:
    """Whether something was sent to the API, to an address that has only a slash too few."""
    sends = request.method not in ("GET", "HEAD")
    return sends and is_for_programs(request) and bool(is_valid_path(f"{request.path_info}/"))


class PastPages:
    """What programs send knows no session, form or message: it goes past all that serves pages alone.

    That is whatever stands between here and `Landing`, which Django makes first: it makes the last one first.
    """

    landing: "ClassVar[Answer]"

    def __init__(self, get_response: "Answer") -> None:
        self.get_response, self.past = get_response, PastPages.landing

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """One way or the other; what programs only read may be a page."""
        sends = request.method not in ("GET", "HEAD")
        return self.past(request) if sends and is_for_programs(request) else self.get_response(request)


class Landing:
    """Where both ways meet again."""

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = PastPages.landing = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Nothing of its own."""
        return self.get_response(request)


class Sentences:
    """Turn our own errors into a page that says what happened and what to do."""

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Remember the signed-in person for the audit trail."""
        if is_signed_in(request):
            actor = current_actor.get()
            current_actor.set(Actor(request.user.pk, actor.means, actor.request_id))
        return self.get_response(request)

    def process_exception(self, request: "HttpRequest", error: Exception) -> "HttpResponse | None":
        """Answer with the sentence."""
        error = without_database(error)
        return answer(request, error) if isinstance(error, ConventionError) else None


class Methods:
    """Pages are read and forms are sent; every other method is the API's."""

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Refuse the others, whatever a view would make of them."""
        if request.method in PAGE_METHODS or is_for_programs(request):
            return self.get_response(request)
        return HttpResponseNotAllowed(PAGE_METHODS)


class TooLarge(ConventionError):
    """More than this site reads at once."""

    kind = "too-large"
    status = 413


class Bodies:
    """Refuse a body that is larger than this site reads, before anything reads it.

    It is taken in and forgotten up to a measure: a client that still sends would not hear the answer.
    """

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Compare the announced length with what its kind may have."""
        announced = request.META.get("CONTENT_LENGTH") or ""
        length = int(announced) if announced.isascii() and announced.isdigit() else 0
        most = max_body_bytes(request.content_type or "")
        if length <= most:
            return self.get_response(request)
        if length <= 2 * settings.UPLOAD_MAX_SIZE:
            drain(request)
        megabytes = most // 1024 // 1024
        return answer(
            request, TooLarge(_("This is too large: send at most %(most)d MB.") % {"most": megabytes})
        )


def drain(request: "HttpRequest") -> None:
    """Read what is sent, and keep none of it."""
    while request.read(PIECE):
        pass


def answer(request: "HttpRequest", error: ConventionError) -> "HttpResponse":
    """The page or, for programs, the problem that says the sentence."""
    if isinstance(error, Unavailable):
        return unavailable(request, error)
    if is_for_programs(request):
        return problem(error.kind, error.status, str(error))
    if isinstance(error, SignInNeeded):
        return redirect_to_login(request.get_full_path())
    response = render(request, "error.html", {"error": error}, status=error.status)
    patch_vary_headers(response, ["Cookie"])
    return response


def unavailable(request: "HttpRequest", error: Unavailable) -> "HttpResponse":
    """The same without asking the database for anything, and when to try again."""
    if is_for_programs(request):
        response: HttpResponse = problem(error.kind, error.status, str(error))
    else:
        response = HttpResponse(render_to_string(PAGES_WITHOUT_DATABASE[error.kind]), status=error.status)
    response["Retry-After"] = str(error.retry_after)
    return response
