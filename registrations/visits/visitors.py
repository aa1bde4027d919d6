"""Who may stand on the list for the host, and who not yet and why; without opening any identity."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .identity_fields import asked_by, is_complete
from .models import Application, Identity, NdaText, Visit


@dataclass
class Visitors:
    """Everybody with a place: `ready` for the list, or `missing` with the codes of what is missing."""

    ready: list[Application] = field(default_factory=list)
    missing: list[tuple[Application, list[str]]] = field(default_factory=list)


def visitors_of(visit: Visit) -> Visitors:
    """Everybody with a place on the visit, by name."""
    text = visit.nda_texts.order_by("-number").first()
    rows = Application.objects.confirmed().filter(visit=visit)
    rows = rows.select_related("person", "company", "registration__order").prefetch_related("acceptances")
    applications = list(rows.order_by("registration__sort_name", "pk"))
    given = dict(Identity.objects.filter(application__visit=visit).values_list("application", "fields"))
    asked = asked_by(visit)
    found = Visitors()
    for application in applications:
        if lacks := lacking(application, text, asked, given.get(application.pk)):
            found.missing.append((application, lacks))
        else:
            found.ready.append(application)
    return found


def lacking(
    application: Application, text: NdaText | None, asked: Sequence[str], given: Sequence[str] | None
) -> list[str]:
    """The codes of what keeps someone with a place from the list."""
    registration = application.registration
    assert registration is not None
    same = registration.person_id == application.person_id and application.person_id is not None
    checks = (
        ("other_person", same),
        ("confidentiality", text is None or has_agreed(application, text)),
        ("identity", not asked or (given is not None and is_complete(asked, given))),
    )
    return [code for code, is_well in checks if not is_well]


def has_agreed(application: Application, text: NdaText) -> bool:
    """Whether this person agreed to the text as it stands."""
    return any(
        one.nda_id == text.pk and one.hash == text.hash for one in application.acceptances.all()
    )
