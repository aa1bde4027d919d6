"""The first page."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from .pages import preferred_language

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def home(request: "HttpRequest") -> "HttpResponse":
    """The club's next events; `/` alone, without a cookie, follows the browser's language."""
    undecided = request.path_info == "/" and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES
    if undecided and preferred_language(request) == "en":
        response: HttpResponse = redirect("/en/")
    else:
        response = render(request, "home.html")
    if undecided:
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response
