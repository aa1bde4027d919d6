"""Readiness for the list: complete visitors, and missing items of the others; no identity is decrypted."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef

from convention.club.models import Person
from convention.text.normalize import casefold_text
from registrations.models import Registration
from registrations.visits.applications.state import find_agreed_ids
from registrations.visits.hosts.permissions import find_current_list
from registrations.visits.identity.fields import (
    WINDOW_EARLY,
    get_identity_window,
    is_identity_complete,
    list_requested_fields,
)
from registrations.visits.models import Application, Identity, NdaAcceptance, Visit, VisitorList

from .differences import VisitorRow


@dataclass
class ListReadiness:
    """Everybody with a place: `ready` for the list, or `missing` something, with its codes."""

    ready: list[Application] = field(default_factory=list)
    missing: list[tuple[Application, list[str]]] = field(default_factory=list)

    @property
    def all_applications(self) -> list[Application]:
        return [*self.ready, *(application for application, _codes in self.missing)]


def find_list_readiness(visit: Visit) -> ListReadiness:
    """Return everybody with a place on the visit, by name."""
    rows = Application.objects.confirmed().filter(visit=visit)
    rows = rows.select_related("person", "company", "registration")
    applications = list(rows.order_by("registration__sort_name", "pk"))
    agreed = find_agreed_ids(applications)
    given_fields = dict(
        Identity.objects.filter(application__visit=visit).values_list("application", "field_names")
    )
    requested, readiness = list_requested_fields(visit), ListReadiness()
    for application in applications:
        missing_codes = list_missing_codes(
            application, agreed, requested, given_fields.get(application.pk, [])
        )
        if missing_codes:
            readiness.missing.append((application, missing_codes))
        else:
            readiness.ready.append(application)
    return readiness


def count_waiting_for_identity(visit: Visit, readiness: ListReadiness, *, at: datetime.datetime) -> int:
    """Return how many visitors lack only an identity that they cannot give yet."""
    if get_identity_window(visit).state_at(at) != WINDOW_EARLY:
        return 0
    return sum(codes == ["identity"] for _application, codes in readiness.missing)


def is_list_outdated(visit: Visit, ready: Sequence[Application]) -> bool:
    """Return whether the list that was sent differs from what a new version would contain.

    Decided from dates and counts; no list is decrypted.
    """
    sent_list = find_current_list(visit)
    if sent_list is None:
        return False
    ready_ids = {application.pk for application in ready}
    listed_ids = set(visit.applications.filter(listed_at__isnull=False).values_list("pk", flat=True))
    # Against the creation of the version, which decrypted the identities, not against its sending.
    changed_identities = Identity.objects.filter(
        application__in=ready_ids, written_at__gt=sent_list.created_at
    )
    return listed_ids != ready_ids or sent_list.count != len(ready_ids) or changed_identities.exists()


def is_version_current(visitor_list: VisitorList, ready: Sequence[Application]) -> bool:
    """Return whether a version names exactly these people, who are ready now, as they are.

    Decided from dates and counts; no list is decrypted.
    """
    # As many as then, and nobody became ready since: they are the same people.
    if visitor_list.count != len(ready):
        return False
    created_at = visitor_list.created_at
    if any(row.registration is None or _is_after(row.registration.confirmed_at, created_at) for row in ready):
        return False
    # An acceptance of new terms counts too: until then the visitor was not ready.
    return not (
        Identity.objects.filter(application__in=ready, written_at__gt=created_at).exists()
        or NdaAcceptance.objects.filter(application__in=ready, accepted_at__gt=created_at).exists()
    )


def _is_after(moment: datetime.datetime | None, other: datetime.datetime) -> bool:
    return moment is not None and moment > other


def count_unlisted_visitors(visit: Visit) -> int:
    """Return how many people with a place are incomplete and not on the list that the host has."""
    return sum(application.listed_at is None for application, _codes in find_list_readiness(visit).missing)


def find_former_keys(visit: Visit, rows: Iterable[VisitorRow]) -> frozenset[int]:
    """Return the keys of the rows whose visitor has no place any longer."""
    coming = Application.objects.confirmed().filter(visit=visit, registration__person=F("person"))
    return frozenset(row["key"] for row in rows) - frozenset(coming.order_by().values_list("pk", flat=True))


def needs_new_dates_at_host(visit: Visit) -> bool:
    """Return whether the host's last list was sent before the visit was moved."""
    sent_list = find_current_list(visit)
    return bool(
        visit.moved_at
        and visit.state == Visit.State.SENT
        and sent_list
        and sent_list.sent_at
        and sent_list.sent_at < visit.moved_at
    )


def list_given_up_places(visit: Visit) -> list[Application]:
    """Return the applications whose place was given up after the lock and is not filled yet."""
    if visit.locked_at is None:
        return []
    replacements = Application.objects.replacements_for(OuterRef("pk"))
    # Places given up before the lock went to the waiting list.
    rows = visit.applications.filter(registration__cancelled_at__gte=visit.locked_at)
    rows = rows.exclude(Exists(replacements)).select_related("company", "registration")
    return list(rows.order_by("registration__sort_name", "pk"))


def list_missing_codes(
    application: Application, agreed: frozenset[int], requested: Sequence[str], given: Sequence[str]
) -> list[str]:
    """Return the codes of `MISSING_REASONS` that keep an application off the list."""
    registration = application.registration
    assert registration is not None
    checks = (
        ("other_person", _is_own_place(registration, application.person)),
        ("confidentiality", application.pk in agreed),
        ("identity", is_identity_complete(requested, given)),
    )
    return [code for code, is_met in checks if not is_met]


def _is_own_place(registration: Registration, person: Person | None) -> bool:
    """Return whether the registration is the applicant's and under their name, as the host will read it."""
    if person is None or registration.person_id != person.pk:
        return False
    # The name on the list is that of the registration, while the gate compares it with the visitor's
    # document.
    return casefold_text(registration.name) == casefold_text(person.name)
