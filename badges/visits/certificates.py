"""Certificates of attendance for a visit: for visitors who were scanned in at the gate and out again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from badges.certificates.draw import draw_certificates
from badges.certificates.facts import CertificateFacts
from badges.certificates.issue import issue_certificates
from badges.certificates.models import CertifiedStay
from convention.errors import NotOpenNow

from .roster import RosterEntry

if TYPE_CHECKING:
    from convention.events.models import Event


def make_visit_certificate(visitor: RosterEntry) -> CertificateFacts:
    """Return the facts for a visitor's certificate. Raise NotOpenNow unless they arrived and left."""
    # "Left" does not imply an arrival: an exit alone can have been scanned.
    if not visitor.whereabouts.allows_certificate or visitor.arrived_at is None or visitor.left_at is None:
        raise NotOpenNow(_("Certificates are for visitors scanned in at the gate and out again."))
    return CertificateFacts(
        registration_id=visitor.pk,
        name=f"{visitor.first_name} {visitor.last_name}".strip() or visitor.reference,
        company=visitor.company,
        stays=(CertifiedStay(visitor.arrived_at, visitor.left_at),),
    )


def print_visit_certificates(*, event: "Event", visitors: Iterable[RosterEntry]) -> bytes:
    """Issue a certificate for each visitor and return them as PDF. Raise NotOpenNow."""
    facts = [make_visit_certificate(visitor) for visitor in visitors]
    return draw_certificates(event, issue_certificates(event=event, facts=facts))
