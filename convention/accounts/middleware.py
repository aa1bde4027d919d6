"""Middleware: the permission cache of a request, and the second factor required of the club's staff."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from convention.club.models import Person
from convention.club.permission_cache import enable_permission_cache
from convention.club.permissions import require_signed_in
from convention.middleware import is_signed_in

from .permissions import SECOND_FACTOR_REQUIRED, is_club_staff
from .second_factors import get_factors
from .session_security import (
    AWAITING_PAGE_KEY,
    has_second_factor,
    is_longer_than_staff_session,
    limit_staff_session,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    type GetResponse = Callable[[HttpRequest], HttpResponse]

# Prefixes of URL names of pages for signing in and out, or without any person.
EXEMPT_URL_NAMES = ("account_", "mfa_", "security", "scan", "accent", "choose-language", "dev-mail")


class PermissionCacheMiddleware:
    """Cache permission queries about the signed-in person for the length of a request."""

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Set `request.user` lazily: the person is read from the database on first use."""
        # Lazy: pages that do not use the visitor read neither session nor person, and can be cached.
        request.user = SimpleLazyObject(lambda: _enable_cache(get_user(request)))  # type: ignore[assignment]  # a lazy person
        return self.get_response(request)


def _enable_cache(user: Any) -> Any:
    if isinstance(user, Person):
        enable_permission_cache(user)
    return user


class SecondFactorMiddleware:
    """Let the club's staff see no page but sign-in until they have shown a second factor.

    Programs and scanning devices authenticate by tokens, not sessions, and are not affected.
    """

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        return self.get_response(request)

    # `process_view`, since the URL is not resolved before.
    def process_view(self, request: "HttpRequest", *_rest: Any) -> "HttpResponse | None":
        """Redirect to where the factor is shown or set up, if needed; shorten a session that is too long."""
        if is_exempt_page(request) or not is_signed_in(request):
            return None
        # The query for roles comes last: most requests need none.
        person, is_long = require_signed_in(request.user), is_longer_than_staff_session(request)
        needs_factor = settings.SECOND_FACTOR == SECOND_FACTOR_REQUIRED and not has_second_factor(request)
        if not (needs_factor or is_long) or not is_club_staff(person):
            return None
        if is_long:
            limit_staff_session(request, person)
        return redirect_to_second_factor(request, person) if needs_factor else None


def is_exempt_page(request: "HttpRequest") -> bool:
    """Return whether the page needs no second factor from anybody."""
    match = request.resolver_match
    name = (match.url_name or "") if match and not match.namespace else ""
    # Programs authenticate by token; a browser's session gives no access there.
    return request.path_info.startswith("/api/") or name.startswith(EXEMPT_URL_NAMES)


def redirect_to_second_factor(request: "HttpRequest", person: Person) -> "HttpResponse":
    """Redirect to the page that asks for the person's factor, or to where the first is set up."""
    # A form cannot be sent again by a redirect.
    next_url = request.get_full_path() if request.method == "GET" else reverse("home")
    factors = get_factors(person)
    if factors.authenticator_app:
        return redirect_to_login(next_url, reverse("mfa_reauthenticate"))
    if factors.passkeys:
        return redirect_to_login(next_url, reverse("mfa_reauthenticate_webauthn"))
    # In the session: setting up a factor takes several pages.
    request.session[AWAITING_PAGE_KEY] = next_url
    return redirect("security")
