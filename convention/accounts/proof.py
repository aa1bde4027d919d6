"""What a session has proven, and how long it may last."""

from typing import TYPE_CHECKING

from allauth.account.authentication import get_authentication_records
from django.conf import settings

from convention.club.models import Person

from .doors import works_for_the_club

if TYPE_CHECKING:
    from django.http import HttpRequest

JUST_SET_UP = "second_factor_set_up"
AWAITED_BY = "second_factor_awaited_by"


def is_proven(request: "HttpRequest") -> bool:
    """Whether this session showed a second factor, or a passkey, which counts as both; or just set one up."""
    if request.session.get(JUST_SET_UP):
        return True
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def take_for_proven(request: "HttpRequest") -> None:
    """The session in which a factor was set up needs not be asked for it."""
    request.session[JUST_SET_UP] = True


def limit_session(request: "HttpRequest", person: Person) -> None:
    """Who works for the club signs in again after some hours; everybody else after some days."""
    if works_for_the_club(person):
        request.session.set_expiry(settings.STAFF_SESSION_HOURS * 3600)


def is_longer_than_staffs(request: "HttpRequest") -> bool:
    """Whether this session may last longer than one of those who work for the club."""
    return request.session.get_expiry_age() > settings.STAFF_SESSION_HOURS * 3600
