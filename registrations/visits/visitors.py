"""Who may stand on the list for the host, and who not yet and why; without opening any identity."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef

from convention.club.models import Person
from convention.text import fold

from ..models import Registration
from .identity_fields import asked_by, is_complete
from .models import Application, Identity, Visit
from .standing import agreed_among


@dataclass
class Visitors:
    """Everybody with a place: `ready` for the list, or `missing` with the codes of what is missing."""

    ready: list[Application] = field(default_factory=list)
    missing: list[tuple[Application, list[str]]] = field(default_factory=list)

    @property
    def everybody(self) -> list[Application]:
        """Both, those who are ready first."""
        return [*self.ready, *(application for application, _codes in self.missing)]


def visitors_of(visit: Visit) -> Visitors:
    """Everybody with a place on the visit, by name."""
    rows = Application.objects.confirmed().filter(visit=visit)
    rows = rows.select_related("person", "company", "registration")
    applications = list(rows.order_by("registration__sort_name", "pk"))
    agreed = agreed_among(applications)
    given = dict(Identity.objects.filter(application__visit=visit).values_list("application", "fields"))
    asked, found = asked_by(visit), Visitors()
    for application in applications:
        lacks = lacking(application, agreed, asked, given.get(application.pk, []))
        if lacks:
            found.missing.append((application, lacks))
        else:
            found.ready.append(application)
    return found


def is_outdated(visit: Visit, ready: Sequence[Application]) -> bool:
    """Whether the list that the host has says others, or other things, than those who are ready would.

    Told from dates and numbers: no list is opened.
    """
    sent = visit.lists.filter(sent_at__isnull=False).order_by("-number").first()
    if sent is None:
        return False
    now = {one.pk for one in ready}
    listed = set(visit.applications.filter(listed_at__isnull=False).values_list("pk", flat=True))
    changed = Identity.objects.filter(application__in=now, written_at__gt=sent.made_at)
    return listed != now or sent.count != len(now) or changed.exists()


def given_up(visit: Visit) -> list[Application]:
    """Those whose place was given up after the lock and that nobody else has, or is named for."""
    if visit.locked_at is None:
        return []
    taken = Application.objects.of_place(OuterRef("pk"))
    rows = visit.applications.filter(registration__cancelled_at__gte=visit.locked_at)
    rows = rows.exclude(Exists(taken)).select_related("company", "registration")
    return list(rows.order_by("registration__sort_name", "pk"))


def lacking(
    application: Application, agreed: frozenset[int], asked: Sequence[str], given: Sequence[str]
) -> list[str]:
    """The codes of what keeps someone with a place from the list (`REASONS`)."""
    registration = application.registration
    assert registration is not None
    checks = (
        ("other_person", _is_theirs(registration, application.person)),
        ("confidentiality", application.pk in agreed),
        ("identity", is_complete(asked, given)),
    )
    return [code for code, is_well in checks if not is_well]


def _is_theirs(registration: Registration, person: Person | None) -> bool:
    """Whether the place is that of whoever applied, and says their name: the host reads it there."""
    if person is None or registration.person_id != person.pk:
        return False
    return fold(registration.name) == fold(person.name)
