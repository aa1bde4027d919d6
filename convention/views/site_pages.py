"""Pages of the whole site, and the context of every template."""

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from convention.api.problems import problem_response, translate_database_error
from convention.club.models import ClubRole, Person
from convention.club.permissions import (
    DIRECTORY_MANAGER_ROLES,
    SEASON_PLANNER_ROLES,
    TREASURER_ROLES,
    get_club_roles,
    get_companies_of_contact,
    get_employing_vendors,
    is_member,
    require_signed_in,
)
from convention.db.compiled_query import PLACEHOLDER_DATE, PLACEHOLDER_ID, CompiledQuery
from convention.errors import PersonMissing, ServiceUnavailable
from convention.events.permissions import (
    can_create_events,
    has_event_to_review,
    has_organized_event,
    works_only_at_desk,
)
from convention.middleware import error_response, is_api_request, is_missing_slash
from convention.web.accent_colours import make_dark_tones, make_light_tones
from convention.web.forms import get_return_path
from convention.web.page_languages import get_page_url, set_language_cookie, translate_address

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


# Compiled, since the menu runs both queries on every page of a signed-in person, also while members order in
# a rush: building them takes more than a millisecond.
VENDOR_QUERY = CompiledQuery(
    lambda person, day: get_employing_vendors(Person(pk=person), at=day), PLACEHOLDER_ID, PLACEHOLDER_DATE
)
CONTACT_QUERY = CompiledQuery(
    lambda person, day: get_companies_of_contact(Person(pk=person), at=day), PLACEHOLDER_ID, PLACEHOLDER_DATE
)


class PageVisitor:
    """The visitor's roles for the navigation, each queried only if a template uses it."""

    def __init__(self, request: "HttpRequest") -> None:
        self.request = request

    @cached_property
    def can_organize(self) -> bool:
        """Return whether the visitor organizes an event."""
        return has_organized_event(self.request.user)

    @cached_property
    def can_open_organize(self) -> bool:
        """Return whether the visitor has the organizers' home, with or without an event."""
        return self.can_plan_season or self.can_organize

    @cached_property
    def can_create_events(self) -> bool:
        """Return whether the visitor may create events."""
        return can_create_events(self.request.user)

    @cached_property
    def can_see_money(self) -> bool:
        """Return whether the visitor works on the club's money."""
        return not self._roles.isdisjoint(TREASURER_ROLES)

    @cached_property
    def is_secretary(self) -> bool:
        """Return whether the visitor is the secretary, and not an administrator too."""
        return ClubRole.Role.SECRETARY in self._roles and not self.is_administrator

    @cached_property
    def is_administrator(self) -> bool:
        """Return whether the visitor is an administrator of the club."""
        return ClubRole.Role.ADMINISTRATOR in self._roles

    @cached_property
    def can_manage_directory(self) -> bool:
        """Return whether the visitor manages memberships, seats, contacts and imports."""
        return not self._roles.isdisjoint(DIRECTORY_MANAGER_ROLES)

    @cached_property
    def is_member(self) -> bool:
        """Return whether the visitor has a membership seat today; visits are for members."""
        return is_member(require_signed_in(self.request.user))

    @cached_property
    def is_vendor(self) -> bool:
        """Return whether the visitor works for a vendor, who may propose a visit to its site."""
        return VENDOR_QUERY.exists(require_signed_in(self.request.user).pk, timezone.localdate())

    @cached_property
    def can_plan_season(self) -> bool:
        """Return whether the visitor plans visits and meetings."""
        return not self._roles.isdisjoint(SEASON_PLANNER_ROLES)

    @cached_property
    def _roles(self) -> frozenset[str]:
        return get_club_roles(self.request.user)

    @cached_property
    def works_only_at_desk(self) -> bool:
        """Return whether the visitor works at an event's desk and runs no event."""
        return works_only_at_desk(self.request.user)

    @cached_property
    def can_review(self) -> bool:
        """Return whether the visitor is named as a reviewer of proposals."""
        return has_event_to_review(self.request.user)

    @cached_property
    def is_contact(self) -> bool:
        """Return whether the visitor registers colleagues for a company."""
        return CONTACT_QUERY.exists(require_signed_in(self.request.user).pk, timezone.localdate())


def site_context(request: "HttpRequest") -> dict[str, Any]:
    """Return the context of every template: site name and address, languages, visitor."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "home_path": reverse("home"),
        "visitor": PageVisitor(request),
        "languages": [
            {"code": code, "name": name, "url": get_page_url(request, code)}
            for code, name in settings.LANGUAGES
        ],
    }


@csrf_exempt  # harmless, and a token would make every page uncacheable
@require_POST
def choose_language(request: "HttpRequest") -> "HttpResponse":
    """Store the chosen language in a cookie, and redirect to the same page in it."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    target = get_return_path(request, default="/")
    response = HttpResponseRedirect(translate_address(target, language))
    set_language_cookie(response, language)
    return response


def page_not_found(request: "HttpRequest", exception: Exception) -> "HttpResponse":
    """Answer 404: a problem for the API, else a page."""
    if is_api_request(request):
        return problem_response("not-found", 404, describe_missing_address(request))
    return defaults.page_not_found(request, exception)


def describe_missing_address(request: "HttpRequest") -> str:
    """Return the sentence for an unknown API address. A request with a body is not redirected."""
    # APPEND_SLASH cannot help here: a redirect would lose the body.
    if is_missing_slash(request):
        sentence = _("There is nothing at this address. Send this to %(address)s, with a slash at the end.")
        return sentence % {"address": f"{request.path}/"}
    return _("There is nothing at this address.")


def bad_request(request: "HttpRequest", exception: Exception) -> "HttpResponse":
    """Answer 400: a problem for the API, else a page."""
    if is_api_request(request):
        return problem_response("bad-request", 400, _("This request cannot be read."))
    return defaults.bad_request(request, exception)


def server_error(request: "HttpRequest") -> "HttpResponse":
    """Answer 500 (or 503 if the database is unavailable, 409 after a merge of two people).

    The log has the request id and the traceback.
    """
    # Django's handler500 gets no exception as an argument.
    error = translate_database_error(sys.exception())
    if isinstance(error, ServiceUnavailable | PersonMissing):
        return error_response(request, error)
    if is_api_request(request):
        return problem_response(
            "error", 500, _("Something went wrong on our side and has been logged. Please try again later.")
        )
    return defaults.server_error(request)


@require_GET
def accent_stylesheet(request: "HttpRequest", colour: str) -> "HttpResponse":
    """Return the style sheet of an event's accent, readable in light and dark."""
    tones = {"light": make_light_tones(f"#{colour}"), "dark": make_dark_tones(f"#{colour}")}
    response = render(request, "accent.css", tones, content_type="text/css; charset=utf-8")
    # The colour is part of the address, so the response never changes.
    patch_cache_control(response, public=True, max_age=365 * 24 * 3600, immutable=True)
    return response
