"""Second factors shown in a session, and the length of sessions."""

from typing import TYPE_CHECKING

from allauth.account.authentication import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
)
from allauth.mfa.models import Authenticator
from django.conf import settings

from convention.club.models import Person

from .permissions import is_club_staff

if TYPE_CHECKING:
    from django.http import HttpRequest

# Session key: ids of the factors that were set up in this session, which need not be shown again.
ENROLLED_FACTORS_KEY = "second_factors_set_up"
AWAITING_PAGE_KEY = "second_factor_awaited_by"


def has_second_factor(request: "HttpRequest") -> bool:
    """Return whether a second factor or a passkey was shown, or set up, in this session."""
    if request.session.get(ENROLLED_FACTORS_KEY):
        return True
    # allauth's own record of how this session was authenticated.
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def record_enrolled_factor(request: "HttpRequest", authenticator: Authenticator) -> None:
    """Record in the session that this factor was set up in it; recovery codes do not count."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        request.session[ENROLLED_FACTORS_KEY] = [
            *request.session.get(ENROLLED_FACTORS_KEY, []),
            authenticator.pk,
        ]


def remove_stale_proofs(request: "HttpRequest", person: Person) -> None:
    """Remove from the session the proofs by factors that the person no longer has."""
    enrolled = set(Authenticator.objects.filter(user=person).values_list("pk", flat=True))
    request.session[ENROLLED_FACTORS_KEY] = [
        pk for pk in request.session.get(ENROLLED_FACTORS_KEY, []) if pk in enrolled
    ]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        record
        for record in get_authentication_records(request, person)
        if record["method"] != "mfa" or record.get("id") in enrolled
    ]


def limit_staff_session(request: "HttpRequest", person: Person) -> None:
    """Let the sessions of the club's staff expire after STAFF_SESSION_HOURS; others last days."""
    if is_club_staff(person):
        request.session.set_expiry(settings.STAFF_SESSION_HOURS * 3600)


def is_longer_than_staff_session(request: "HttpRequest") -> bool:
    return request.session.get_expiry_age() > settings.STAFF_SESSION_HOURS * 3600
