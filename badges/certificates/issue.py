"""Issue certificates: store them under a code that anyone who has it can check; withdraw one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.models import Registration

from .facts import CertificateFacts, load_event_facts, load_session_facts
from .models import Certificate

if TYPE_CHECKING:
    from convention.events.models import Event

# Ids of a registration and of a session; None for the whole event.
type CertificateKey = tuple[int, int | None]


class CertificateEnded(ConventionError):
    """The certificate was withdrawn or replaced before."""

    kind = "certificate-ended"
    status = 409


@transaction.atomic
def issue_certificates(*, event: "Event", facts: Sequence[CertificateFacts]) -> list[Certificate]:
    """Return a certificate for each of these facts, in their order.

    One that was issued with the same text is returned again, so that two printings have the same code; one
    with another text is replaced. What the organizer withdrew is not issued again with the same text. Raise
    CertificateEnded if nothing is left.
    """
    registrations = [row.registration_id for row in facts]
    # Two downloads at once must not issue two certificates; locked in order of ids, against deadlocks.
    people = Registration.objects.filter(pk__in=registrations).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk"))
    facts = _leave_out_withdrawn(event, facts)
    issued = _find_valid(event, registrations)
    now = timezone.now()
    new, outdated = [], []
    for row in facts:
        key = _make_key(row)
        valid_certificate = issued.get(key)
        if valid_certificate and _read_text(valid_certificate) == _make_text(row):
            continue
        if valid_certificate:
            outdated.append(valid_certificate.pk)
        issued[key] = Certificate(
            event=event,
            registration_id=row.registration_id,
            session=row.session,
            issued_at=now,
            **_make_text(row),
        )
        new.append(issued[key])
    Certificate.objects.filter(pk__in=outdated).update(ended_at=now, ending=Certificate.Ending.REPLACED)
    Certificate.objects.bulk_create(new, batch_size=500)
    if new:
        record_action("certificate.issue", event, event=event, fields=["name", "company", "stays"])
    return [issued[_make_key(row)] for row in facts]


def _find_valid(event: "Event", registrations: Sequence[int]) -> dict[CertificateKey, Certificate]:
    valid = Certificate.objects.valid().filter(event=event, registration__in=registrations)
    return {(row.registration_id, row.session_id): row for row in valid.select_related("session__room")}


def _leave_out_withdrawn(event: "Event", facts: Sequence[CertificateFacts]) -> list[CertificateFacts]:
    withdrawn = _find_withdrawn(event, facts)
    remaining = [row for row in facts if row not in withdrawn]
    if facts and not remaining:
        raise CertificateEnded(_("The organizer has withdrawn this certificate."))
    return remaining


def _find_withdrawn(event: "Event", facts: Sequence[CertificateFacts]) -> list[CertificateFacts]:
    """Return those of these facts that the organizer withdrew with the same text."""
    rows = Certificate.objects.filter(event=event, ending=Certificate.Ending.WITHDRAWN)
    rows = rows.filter(registration__in=[row.registration_id for row in facts])
    withdrawn = [(row.registration_id, row.session_id, _read_text(row)) for row in rows]
    return [row for row in facts if (*_make_key(row), _make_text(row)) in withdrawn]


def list_withdrawn_sessions(registration: Registration) -> list[int | None]:
    """Return the ids of sessions whose certificates an attendee cannot download again; None for the event."""
    rows = Certificate.objects.filter(registration=registration, ending=Certificate.Ending.WITHDRAWN)
    sessions = {row.session for row in rows.select_related("session__event")}
    facts = [
        row
        for session in sessions
        for row in (
            load_session_facts(session, registrations=[registration])
            if session
            else load_event_facts(registration.event, registrations=[registration])
        )
    ]
    return [_make_key(row)[1] for row in _find_withdrawn(registration.event, facts)]


def _make_key(facts: CertificateFacts) -> CertificateKey:
    return facts.registration_id, facts.session.pk if facts.session else None


def _make_text(facts: CertificateFacts) -> dict[str, Any]:
    """Return the columns that the certificate shows."""
    return {
        "name": facts.name,
        "company": facts.company,
        "stays": [stay.to_json() for stay in facts.stays],
    }


def _read_text(certificate: Certificate) -> dict[str, Any]:
    return {"name": certificate.name, "company": certificate.company, "stays": certificate.stays}


@transaction.atomic
def withdraw_certificate(*, certificate: Certificate, reason: str) -> None:
    """Make a certificate invalid; the public page of its code then shows that. Raise CertificateEnded."""
    valid_certificates = Certificate.objects.valid().filter(pk=certificate.pk)
    if not valid_certificates.update(ended_at=timezone.now(), ending=Certificate.Ending.WITHDRAWN):
        raise CertificateEnded(_("This certificate is no longer valid."))
    record_action("certificate.withdraw", certificate, event=certificate.event, reason=reason)
