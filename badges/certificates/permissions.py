"""Decide who may download an attendee's certificates."""

import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.errors import Forbidden, NotFound, NotOpenNow
from registrations.models import Registration
from registrations.permissions import LinkAccess, belongs_to_another

from .models import CODE_LENGTH, Certificate

if TYPE_CHECKING:
    from convention.events.models import Event


def check_own_certificates(link_access: LinkAccess, registration: Registration) -> None:
    """Raise Forbidden if a buyer's link opens the registration of somebody who has a link of their own."""
    # Times of arrival and departure are personal: the buyer has no right to see those of an attendee.
    if belongs_to_another(link_access, registration):
        raise Forbidden(
            _("Only %(name)s can open these certificates, through the link in their own e-mail.")
            % {"name": registration.name}
        )


def explain_unavailability(event: "Event", *, at: datetime.datetime | None = None) -> str:
    """Return why the event has no certificates: a visit, or not over at `at`; "" if it has them."""
    # Visits certify only visitors who were scanned out.
    if event.kind == event.Kind.SITE_VISIT:
        return _("Certificates for a visit are on the visit’s “On the day” page.")
    # Before the end the times are incomplete.
    if not event.is_over(at=at):
        return _("Certificates of attendance are available once the event is over.")
    return ""


def has_certificates(event: "Event", *, at: datetime.datetime | None = None) -> bool:
    """Return whether attendees of the event can download certificates. A hook."""
    return not explain_unavailability(event, at=at)


def check_certificates_open(event: "Event") -> None:
    """Raise NotOpenNow while the event has no certificates."""
    if reason := explain_unavailability(event):
        raise NotOpenNow(reason)


def get_certificate_by_code(text: str) -> Certificate:
    """Return the certificate of a code, with or without hyphens and spaces. Raise NotFound."""
    code = "".join(character for character in text.upper() if character.isalnum())
    rows = Certificate.objects.select_related("event__venue", "event__host", "session__room", "registration")
    # Texts of another length or with letters of other scripts cannot be codes and need no query.
    certificate = rows.filter(code=code).first() if len(code) == CODE_LENGTH and code.isascii() else None
    if certificate is None:
        raise NotFound(
            _("There is no certificate with this code. Check each character against the certificate.")
        )
    return certificate
