"""What a session has proven, and how long it may last."""

from typing import TYPE_CHECKING

from allauth.account.authentication import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
)
from allauth.mfa.models import Authenticator
from django.conf import settings

from convention.club.models import Person

from .doors import works_for_the_club

if TYPE_CHECKING:
    from django.http import HttpRequest

SET_UP_HERE = "second_factors_set_up"
"""In a session: the ids of the factors that were set up in it, which needs not be asked for them."""
AWAITED_BY = "second_factor_awaited_by"


def is_proven(request: "HttpRequest") -> bool:
    """Whether this session showed a second factor, or a passkey, which counts as both; or set one up."""
    if request.session.get(SET_UP_HERE):
        return True
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def note_set_up(request: "HttpRequest", authenticator: Authenticator) -> None:
    """Note in the session that this factor was set up in it; recovery codes are none."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        request.session[SET_UP_HERE] = [*request.session.get(SET_UP_HERE, []), authenticator.pk]


def forget_removed(request: "HttpRequest", person: Person) -> None:
    """Take out of the session what it proved by factors that the person has no longer."""
    there = set(Authenticator.objects.filter(user=person).values_list("pk", flat=True))
    request.session[SET_UP_HERE] = [pk for pk in request.session.get(SET_UP_HERE, []) if pk in there]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        record
        for record in get_authentication_records(request, person)
        if record["method"] != "mfa" or record.get("id") in there
    ]


def limit_session(request: "HttpRequest", person: Person) -> None:
    """Who works for the club signs in again after some hours; everybody else after some days."""
    if works_for_the_club(person):
        request.session.set_expiry(settings.STAFF_SESSION_HOURS * 3600)


def is_longer_than_staffs(request: "HttpRequest") -> bool:
    """Whether this session may last longer than one of those who work for the club."""
    return request.session.get_expiry_age() > settings.STAFF_SESSION_HOURS * 3600
