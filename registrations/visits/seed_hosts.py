"""The demo's hosts: somebody at each who may sign in, who the visitors are, and the list that was sent."""

import datetime
from collections.abc import Sequence

from convention.sealed import seal
from convention.seeding import World

from .contents import close, new_content, row_of
from .give_identity import sealed_for
from .identity_fields import DOCUMENTS, asked_by
from .models import Application, HostContact, Identity, IdentityField, Visit, VisitorList

TOWNS = ("Lyon, France", "Lille, France", "Porto, Portugal", "Gand, Belgique", "Nantes, France")


def seed_hosts(
    world: World, visit: Visit, applications: Sequence[Application], *, at: datetime.datetime
) -> None:
    """A contact at the host's of that visit, and what these visitors told it of themselves until then."""
    HostContact.objects.create(
        visit=visit, name="Camille Accueil", email=f"accueil@{visit.event.slug}.example"
    )
    asked = asked_by(visit)
    for application in applications:
        answers = answers_of(world, application)
        kept = {str(field): answers[field] for field in asked}
        Identity.objects.create(
            application=application,
            sealed=seal(kept, of=sealed_for(application)),
            fields=list(kept),
            written_at=at,
        )


def answers_of(world: World, application: Application) -> dict[str, str]:
    """An invented identity, always the same for the same person."""
    rng = world.rng("identity", application.visit.event.slug, application.registration_id)
    born = datetime.date(1965, 1, 1) + datetime.timedelta(days=rng.randrange(12_000))
    number = f"{rng.randrange(10, 99)}XX{rng.randrange(10_000, 99_999)}"
    return {
        IdentityField.BIRTH_DATE: born.isoformat(),
        IdentityField.BIRTH_PLACE: rng.choice(TOWNS),
        IdentityField.NATIONALITY: rng.choice(["FR", "FR", "FR", "PT", "BE"]),
        IdentityField.DOCUMENT_KIND: rng.choice([code for code, _word in DOCUMENTS[:2]]),
        IdentityField.DOCUMENT_NUMBER: number,
        IdentityField.DOCUMENT_EXPIRY: (application.visit.day + datetime.timedelta(days=700)).isoformat(),
        IdentityField.VEHICLE_PLATE: "",
    }


def seed_list(world: World, visit: Visit, applications: Sequence[Application]) -> None:
    """The first version, of all of them, sent on the day of the lock and acknowledged on the next."""
    assert visit.sent_at
    asked = [str(field) for field in asked_by(visit)]
    rows = []
    for application in sorted(
        applications, key=lambda one: one.registration.sort_name if one.registration else ""
    ):
        said = answers_of(world, application)
        rows.append(row_of(application, {name: said[name] for name in asked}))
    content = new_content(asked, rows, None)
    made = VisitorList(
        visit=visit,
        number=1,
        made_at=visit.sent_at,
        count=len(rows),
        hash=content.hash,
        sent_to=visit.security_email,
        sent_at=visit.sent_at,
        acknowledged_at=visit.sent_at + datetime.timedelta(days=1),
        acknowledged_by=visit.security_name,
    )
    made.sealed = close(content, made)
    made.save()
