"""Pages of the whole site, and what every template knows."""

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, translate_url
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from ..api.problems import problem, without_database
from ..club.doors import club_roles, companies_of_contact, is_member, signed_in, vendors_of
from ..club.models import ClubRole, Person
from ..colours import dark_tones, light_tones
from ..composed import SOME_DAY, SOMEBODY, Composed
from ..errors import Unavailable
from ..events.doors import runs_something, staffs_something
from ..middleware import accepted_language, is_for_programs, lacks_slash, unavailable

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


VENDOR = Composed(lambda person, day: vendors_of(Person(pk=person), at=day), SOMEBODY, SOME_DAY)
CONTACT = Composed(lambda person, day: companies_of_contact(Person(pk=person), at=day), SOMEBODY, SOME_DAY)


class Visitor:
    """What the frame of a page needs to know of who is there; asked only where it is shown."""

    def __init__(self, request: "HttpRequest") -> None:
        self.request = request

    @cached_property
    def organizes(self) -> bool:
        """Whether there is an event that this person runs."""
        return runs_something(self.request.user)

    @cached_property
    def keeps_books(self) -> bool:
        """Whether the club's money is this person's work."""
        return bool(self._roles & {ClubRole.Role.TREASURER, ClubRole.Role.ADMINISTRATOR})

    @cached_property
    def keeps_privacy(self) -> bool:
        """Whether requests about data are this person's work, and no page of all events leads there."""
        return ClubRole.Role.SECRETARY in self._roles and ClubRole.Role.ADMINISTRATOR not in self._roles

    @cached_property
    def keeps_season(self) -> bool:
        """Whether the season is this person's work, and no page of all events leads there."""
        return self.keeps_privacy and ClubRole.Role.ORGANIZER not in self._roles

    @cached_property
    def is_member(self) -> bool:
        """Whether this person holds a seat today: visits are for members."""
        return is_member(signed_in(self.request.user))

    @cached_property
    def opens_a_site(self) -> bool:
        """Whether this person works for a vendor, who may propose a visit to its site."""
        return VENDOR.exists(signed_in(self.request.user).pk, timezone.localdate())

    @cached_property
    def plans_season(self) -> bool:
        """Whether visits and meetings ahead are this person's work."""
        return bool(
            self._roles & {ClubRole.Role.SECRETARY, ClubRole.Role.ORGANIZER, ClubRole.Role.ADMINISTRATOR}
        )

    @cached_property
    def _roles(self) -> frozenset[str]:
        return club_roles(self.request.user)

    @cached_property
    def staffs(self) -> bool:
        """Whether there is an event at whose desk this person works."""
        return staffs_something(self.request.user)

    @cached_property
    def is_contact(self) -> bool:
        """Whether this person registers colleagues for a company."""
        return CONTACT.exists(signed_in(self.request.user).pk, timezone.localdate())


def site(request: "HttpRequest") -> dict[str, Any]:
    """Context of every template: the site's name and address, this page in each language, who is there."""
    path = request.get_full_path()
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "home_path": reverse("home"),
        "visitor": Visitor(request),
        "languages": [
            {"code": code, "name": name, "url": translate_url(path, code)}
            for code, name in settings.LANGUAGES
        ],
    }


@csrf_exempt  # harmless, and a token would make every page different for every reader
@require_POST
def choose_language(request: "HttpRequest") -> "HttpResponse":
    """Keep an explicit choice of language, and show the same page in it."""
    language = request.POST.get("language", "")
    target = request.POST.get("next", "/")
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    if not (target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()})):
        target = "/"
    response = HttpResponseRedirect(in_language(target, language))
    remember_language(response, language)
    return response


def in_language(address: str, language: str) -> str:
    """The same page in a language, whatever language its address is in."""
    path = address.partition("?")[0]
    with translation.override("en" if path == "/en" or path.startswith("/en/") else settings.LANGUAGE_CODE):
        return translate_url(address, language)


def remember_language(response: "HttpResponse", language: str) -> None:
    """Set the cookie: it survives everything, but an address in the other language still decides."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def preferred_language(request: "HttpRequest") -> str:
    """The cookie's language, else the browser's, else French."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    return accepted_language(request)


def not_found(request: "HttpRequest", exception: Exception) -> "HttpResponse":
    """Answer programs with a problem, people with a page."""
    if is_for_programs(request):
        return problem("not-found", 404, about_address(request))
    return defaults.page_not_found(request, exception)


def about_address(request: "HttpRequest") -> str:
    """What to say to a program that asked for nothing we have; a body it sent is not led elsewhere."""
    if lacks_slash(request):
        sentence = _("There is nothing at this address. Send this to %(address)s, with the slash at its end.")
        return sentence % {"address": f"{request.path}/"}
    return _("There is nothing at this address.")


def bad_request(request: "HttpRequest", exception: Exception) -> "HttpResponse":
    """The same for what cannot be read at all."""
    if is_for_programs(request):
        return problem("bad-request", 400, _("This request cannot be read."))
    return defaults.bad_request(request, exception)


def server_error(request: "HttpRequest") -> "HttpResponse":
    """The same for a fault of ours; the log has the request's id and the traceback."""
    error = without_database(sys.exception())
    if isinstance(error, Unavailable):
        return unavailable(request, error)
    if is_for_programs(request):
        return problem("error", 500, _("Something failed here; it is logged. Please try again later."))
    return defaults.server_error(request)


@require_GET
def accent(request: "HttpRequest", colour: str) -> "HttpResponse":
    """The style sheet that sets an event's accent, in tones that can be read in light and dark."""
    tones = {"light": light_tones(f"#{colour}"), "dark": dark_tones(f"#{colour}")}
    response = render(request, "accent.css", tones, content_type="text/css; charset=utf-8")
    patch_cache_control(response, public=True, max_age=365 * 24 * 3600, immutable=True)
    return response
