"""Recognize attendees on pages of the programme, which need no account.

An attendee is known by a cookie, which pages behind the link of their registration leave, or because they
are signed in. A personal agenda is no proof: its link may be shared with others.
"""

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from convention.club.models import Person
from convention.events.models import Event
from convention.web.link_secrets import derive_link_secret, is_link_secret
from registrations.models import Registration
from registrations.permissions import (
    LINK_LIFETIME,
    LinkAccess,
    belongs_to_another,
    get_full_access,
    is_own_secret,
    list_own_registrations,
    make_own_secret,
)
from schedule.permissions import get_attendee_cookie_name, get_own_agenda

from .notifications import is_agenda_of_another

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

COOKIE_PURPOSE = "registrations.attendee"


def remember_attendee(
    response: "HttpResponse",
    registration: Registration,
    link_secret: str,
    *,
    until: datetime.datetime | None = None,
) -> None:
    """Set the cookie that recognizes an attendee on the device on which their link was opened.

    It is valid by default as long as the link, which must be the attendee's or one that is used like it
    (`LinkAccess.opens_programme_of`); a new link or another attendee revokes it.
    """
    until = until or registration.event.ends_at + LINK_LIFETIME
    response.set_cookie(
        get_attendee_cookie_name(registration.event),
        f"{registration.reference}.{derive_link_secret(*_list_proof_parts(registration, link_secret))}",
        max_age=max(0, int((until - timezone.now()).total_seconds())),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def recognize_link_reader(
    request: "HttpRequest", response: "HttpResponse", registration: Registration, link_access: LinkAccess
) -> bool:
    """Set the cookie that recognizes the attendee whose own link was opened; return whether it is set.

    Signed-in readers are known by their account. A device on which another attendee is known stays theirs
    until “My programme” is opened.
    """
    event = registration.event
    if isinstance(request.user, Person) or registration.state != Registration.State.CONFIRMED:
        return False
    # Before the queries: the link of an order may open many registrations.
    if not link_access.identifies_attendee(registration):
        return False
    found = _find_by_cookie(event, request.COOKIES.get(get_attendee_cookie_name(event), ""))
    agenda = get_own_agenda(event, request)
    is_of_another = (found and found[0] != registration) or (
        agenda and is_agenda_of_another(agenda, registration)
    )
    if is_of_another:
        return False
    remember_attendee(response, registration, link_access.secret)
    return True


def find_attendees(event: Event, request: "HttpRequest") -> list[Registration]:
    """Return the confirmed registrations of the visitor, by cookie and account; empty for strangers."""
    found = {registration.pk: registration for registration, _secret in _iterate_attendees(event, request)}
    return list(found.values())


def find_booking_address(event: Event, request: "HttpRequest") -> str:
    """Return the address where the visitor books seats in sessions; "" for strangers. A hook."""
    for registration, secret in _iterate_attendees(event, request):
        path = [registration.order.reference, secret, registration.reference]
        return reverse("order-sessions", args=path)
    return ""


def _iterate_attendees(event: Event, request: "HttpRequest") -> Iterator[tuple[Registration, str]]:
    """Yield each registration of the visitor, perhaps twice, with the secret of a link that opens it."""
    if found := _find_by_cookie(event, request.COOKIES.get(get_attendee_cookie_name(event), "")):
        yield found
    if isinstance(request.user, Person):
        for row in list_own_registrations(request.user, events=[event]):
            if row.state == Registration.State.CONFIRMED:
                yield row, make_own_secret(row)


def _find_by_cookie(event: Event, cookie: str) -> tuple[Registration, str] | None:
    reference, _dot, proof = cookie.partition(".")
    # Browsers' cookies may hold any character, and PostgreSQL refuses some of them.
    if not reference or not reference.isprintable():
        return None
    rows = Registration.objects.confirmed().select_related("order")
    registration = rows.filter(event=event, reference=reference).first()
    if registration is None:
        return None
    # A device that had the order's link gets no other: the attendee's own opens answers that a company's
    # contact must not read.
    secrets = (make_own_secret(registration), registration.order.manage_secret)
    for secret in secrets:
        if is_link_secret(proof, *_list_proof_parts(registration, secret)):
            return (registration, secret) if _is_recognized_by(registration, secret) else None
    return None


def _list_proof_parts(registration: Registration, link_secret: str) -> tuple[str, ...]:
    # The order's link stays the same when the place is given to somebody else.
    return COOKIE_PURPOSE, link_secret, str(registration.holder_count)


def _is_recognized_by(registration: Registration, secret: str) -> bool:
    """Return whether the reader of that link still counts as the attendee: the order may have changed."""
    if is_own_secret(registration, secret):
        return True
    link_access = get_full_access(registration.order)
    return registration in link_access.registrations and not belongs_to_another(link_access, registration)
