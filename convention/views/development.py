"""Pages for those who run a development site: the mails it wrote, and every component of a page."""

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404
from django.utils.cache import add_never_cache_headers

from ..accounts.doors import REQUIRED
from ..accounts.proof import is_proven
from ..club.doors import administers
from ..local_requests import has_local_name, is_from_this_machine
from ..middleware import is_signed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    type View = Callable[..., HttpResponse]


def development_only(view: "View") -> "View":
    """Answer 404 in production, and elsewhere to all but this machine and administrators.

    The mails hold sign-in codes and secret links of everybody.
    """

    @wraps(view)
    def guarded(request: "HttpRequest", *args: Any, **kwargs: Any) -> "HttpResponse":
        if settings.PRODUCTION or not (is_at_this_machine(request) or is_administrator(request)):
            raise Http404
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return guarded


def is_at_this_machine(request: "HttpRequest") -> bool:
    """Whether the request was made on this machine, under a name that only leads here."""
    return is_from_this_machine(request) and has_local_name(request)


def is_administrator(request: "HttpRequest") -> bool:
    """Whether an administrator of the club is signed in, with the second factor where one is required.

    `accounts.middleware.SecondFactor` leaves the mails open, so that a code can be read before signing in.
    """
    if not is_signed_in(request) or not administers(request.user):
        return False
    return settings.SECOND_FACTOR != REQUIRED or is_proven(request)
