"""Access to the pages of a development site: its mails and its components."""

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404
from django.utils.cache import add_never_cache_headers

from convention.accounts.permissions import SECOND_FACTOR_REQUIRED
from convention.accounts.session_security import has_second_factor
from convention.club.permissions import is_club_administrator
from convention.middleware import is_signed_in
from convention.web.local_requests import has_local_name, is_from_this_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    type ViewFunction = Callable[..., HttpResponse]


def development_only(view: "ViewFunction") -> "ViewFunction":
    """Answer 404 in production, and elsewhere to all but this machine and administrators.

    The mails contain everybody's sign-in codes and secret links.
    """

    @wraps(view)
    def wrapper(request: "HttpRequest", *args: Any, **kwargs: Any) -> "HttpResponse":
        # 404, not 403, which would disclose that this is a development site.
        if settings.PRODUCTION or not (is_made_on_this_machine(request) or is_administrator(request)):
            raise Http404
        response = view(request, *args, **kwargs)
        # A shared proxy must not hand a sign-in code to the next visitor.
        add_never_cache_headers(response)
        return response

    return wrapper


def is_made_on_this_machine(request: "HttpRequest") -> bool:
    """Return whether the request was made on this machine, under a host name that only leads here."""
    return is_from_this_machine(request) and has_local_name(request)


def is_administrator(request: "HttpRequest") -> bool:
    """Return whether an administrator is signed in, with a second factor if one is required.

    `SecondFactorMiddleware` leaves the mails open, so that a sign-in code can be read before signing in.
    """
    if not is_signed_in(request) or not is_club_administrator(request.user):
        return False
    return settings.SECOND_FACTOR != SECOND_FACTOR_REQUIRED or has_second_factor(request)
