"""Compute what certificates say from the scans, for one attendee or for all of an event or session."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone

from badges.attendance.models import Presence, Scan
from badges.attendance.reports.day_figures import find_holder_scans, group_by_day, load_attendee_days
from badges.attendance.reports.headcount import list_main_checkpoints
from badges.attendance.scanning.presence_store import filter_by_checkpoint, filter_by_registration
from registrations.models import Registration
from schedule.models import Session

from .models import CertifiedStay

if TYPE_CHECKING:
    from convention.events.models import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateFacts:
    """The content of a certificate; without `session` it is for the whole event."""

    registration_id: int
    name: str
    company: str
    stays: tuple[CertifiedStay, ...]
    session: Session | None = None


def load_event_facts(
    event: "Event", *, registrations: Iterable[Registration] | None = None
) -> list[CertificateFacts]:
    """Return the facts of all attendees who were scanned in, or of those `registrations`, by name."""
    scans = find_holder_scans(event)
    people = _select_people(event, registrations)
    if registrations is not None:
        scans = scans.filter(filter_by_registration(people))
    stays: dict[int, list[CertifiedStay]] = {}
    for day in group_by_day(scans, event):
        left_at = day.last_left_at if day.seconds_on_site is not None else None
        stays.setdefault(day.registration_id, []).append(CertifiedStay(day.first_entered_at, left_at))
    return [
        make_certificate_facts(person, tuple(stays[person.pk])) for person in people if person.pk in stays
    ]


def count_event_attendees(event: "Event") -> int:
    """Return how many attendees were scanned in, and so get a certificate for the event."""
    return len({attendee_day.registration_id for attendee_day in load_attendee_days(event)})


def load_session_facts(
    session: Session, *, registrations: Iterable[Registration] | None = None
) -> list[CertificateFacts]:
    """Return the facts of all attendees who were scanned in at the session, or of these, by name."""
    people = _select_people(session.event, registrations)
    rows = Presence.objects.entered().filter(
        event=session.event_id, checkpoint__session=session, first_entered_at__isnull=False
    )
    if registrations is not None:
        rows = rows.filter(registration__in=people)
    stays = {row.registration_id: _make_session_stay(row) for row in rows}
    return [
        make_certificate_facts(person, (stays[person.pk],), session)
        for person in people
        if person.pk in stays
    ]


def _make_session_stay(presence: Presence) -> CertifiedStay:
    arrived_at, left_at = presence.first_entered_at, presence.last_left_at
    assert arrived_at is not None, "only presences with an entry are queried"
    # An exit before the last entry says nothing about when the attendee left for good.
    has_left = not presence.is_inside and left_at is not None and left_at > arrived_at
    return CertifiedStay(arrived_at, left_at if has_left else None)


def _select_people(
    event: "Event", registrations: Iterable[Registration] | None
) -> list[Registration] | QuerySet[Registration]:
    if registrations is not None:
        return list(registrations)
    rows = Registration.objects.filter(event=event, merged_into__isnull=True)
    return rows.order_by("sort_name", "pk")


def make_certificate_facts(
    person: Registration, stays: tuple[CertifiedStay, ...], session: Session | None = None
) -> CertificateFacts:
    return CertificateFacts(
        registration_id=person.pk,
        name=person.name or person.reference,
        company=person.company,
        stays=stays,
        session=session,
    )


def list_certified_sessions(
    registration: Registration, *, at: datetime.datetime | None = None
) -> list[Session]:
    """Return the sessions, over at `at`, at which the attendee was scanned in, in order of time."""
    presences = Presence.objects.entered().filter(
        registration=registration, event=registration.event_id, first_entered_at__isnull=False
    )
    sessions = Session.objects.filter(
        pk__in=presences.values("checkpoint__session"), cancelled_at__isnull=True
    ).exclude(role=Session.Role.BLOCKER)
    ended_sessions = sessions.filter(ends_at__lte=at or timezone.now())
    return list(ended_sessions.select_related("room", "event").order_by("starts_at", "number"))


def list_supporting_scans(registration: Registration, session: Session | None) -> QuerySet[Scan]:
    """Return the scans that a certificate rests on, in order of time."""
    event = registration.event
    scans = find_holder_scans(event).filter(filter_by_registration([registration]))
    if session is None:
        scans = scans.filter(filter_by_checkpoint(*list_main_checkpoints(event)))
    else:
        scans = scans.filter(Q(checkpoint__session=session) | Q(checkpoint__counts_as__session=session))
    return scans.select_related("checkpoint", "device").order_by("effective_at", "pk")
