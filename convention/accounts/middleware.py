"""Who is there, asked about once; and the lock that asks for the second factor and for short sessions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from convention.club.asked import ask_once
from convention.club.doors import signed_in
from convention.club.models import Person
from convention.middleware import is_signed_in

from .doors import REQUIRED, works_for_the_club
from .factors import factors_of
from .proof import AWAITED_BY, is_longer_than_staffs, is_proven, limit_session

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    type Answer = Callable[[HttpRequest], HttpResponse]

OPEN = ("account_", "mfa_", "security", "scan", "accent", "choose-language", "dev-mail")
"""Names of addresses (their beginnings) that serve signing in and out, or know no person at all."""


class AskedOnce:
    """Doors ask for the roles of whoever is there once in a request, however many doors there are."""

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Bring that person; read only where somebody asks who is there, as before."""
        request.user = SimpleLazyObject(lambda: _asked_once(get_user(request)))  # type: ignore[assignment]  # a stand-in
        return self.get_response(request)


def _asked_once(visitor: Any) -> Any:
    if isinstance(visitor, Person):
        ask_once(visitor)
    return visitor


class SecondFactor:
    """Who works for the club goes no further than the sign-in pages before a second factor was shown.

    Programs and scanning devices bring tokens, not sessions: they pass.
    """

    def __init__(self, get_response: "Answer") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        """Nothing before the address is known."""
        return self.get_response(request)

    def process_view(self, request: "HttpRequest", *_rest: Any) -> "HttpResponse | None":
        """Let through, or lead to where the factor is shown or set up; cut a session from before a role."""
        if is_open(request) or not is_signed_in(request):
            return None
        person, is_long = signed_in(request.user), is_longer_than_staffs(request)
        owes = settings.SECOND_FACTOR == REQUIRED and not is_proven(request)
        if not (owes or is_long) or not works_for_the_club(person):
            return None
        if is_long:
            limit_session(request, person)
        return to_second_factor(request, person) if owes else None


def is_open(request: "HttpRequest") -> bool:
    """Whether the address asks for no second factor from anybody."""
    match = request.resolver_match
    name = (match.url_name or "") if match and not match.namespace else ""
    return request.path_info.startswith("/api/") or name.startswith(OPEN)


def to_second_factor(request: "HttpRequest", person: Person) -> "HttpResponse":
    """To the page that asks for the factor this person has; or to the one where the first is set up."""
    wanted = request.get_full_path() if request.method == "GET" else reverse("home")
    factors = factors_of(person)
    if factors.app:
        return redirect_to_login(wanted, reverse("mfa_reauthenticate"))
    if factors.passkeys:
        return redirect_to_login(wanted, reverse("mfa_reauthenticate_webauthn"))
    request.session[AWAITED_BY] = wanted
    return redirect("security")
