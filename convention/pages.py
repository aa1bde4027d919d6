"""Pages of the whole site, and what every template knows."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.shortcuts import redirect
from django.urls import translate_url
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import defaults
from django.views.decorators.http import require_POST

from .api.problems import problem

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def site(request: "HttpRequest") -> dict[str, Any]:
    """Context of every template: the site's address and this page in each language."""
    path = request.get_full_path()
    return {
        "site_url": settings.SITE_URL,
        "debug_mail": settings.MODE == "development",
        "languages": [
            {"code": code, "name": name, "url": translate_url(path, code)}
            for code, name in settings.LANGUAGES
        ],
    }


@require_POST
def choose_language(request: "HttpRequest") -> "HttpResponse":
    """Keep an explicit choice of language, and show the same page in it."""
    language = request.POST.get("language", "")
    target = request.POST.get("next", "/")
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
        target = "/"
    response = redirect(translate_url(target, language))
    remember_language(response, language)
    return response


def remember_language(response: "HttpResponse", language: str) -> None:
    """Set the cookie that survives everything but an address in the other language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
        secure=settings.SESSION_COOKIE_SECURE,
    )


def preferred_language(request: "HttpRequest") -> str:
    """The cookie's language, else the browser's, else French."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    for accepted, _quality in translation.trans_real.parse_accept_lang_header(
        request.headers.get("Accept-Language", "")
    ):
        if accepted[:2] in dict(settings.LANGUAGES):
            return accepted[:2]
    return settings.LANGUAGE_CODE


def not_found(request: "HttpRequest", exception: Exception) -> "HttpResponse":
    """Answer programs with a problem, people with a page."""
    if request.path_info.startswith("/api/"):
        return problem("not-found", 404, "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def server_error(request: "HttpRequest") -> "HttpResponse":
    """The same for a fault of ours; the log has the request's id and the traceback."""
    if request.path_info.startswith("/api/"):
        return problem("error", 500, "Something failed here; it is logged. Please try again later.")
    return defaults.server_error(request)
