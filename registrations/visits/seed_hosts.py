"""The demo's hosts: somebody at each who may sign in, and the first visitors who said who they are."""

import datetime
from collections.abc import Sequence

from convention.sealed import seal
from convention.seeding import World

from .give_identity import sealed_for
from .identity_fields import DOCUMENTS, asked_by
from .models import Application, HostContact, Identity, IdentityField, Visit

TOWNS = ("Lyon, France", "Lille, France", "Porto, Portugal", "Gand, Belgique", "Nantes, France")
TOLD = 3


def seed_hosts(world: World, visit: Visit, applications: Sequence[Application]) -> None:
    """A contact at the host's of that visit, and identities of the first who have a place."""
    HostContact.objects.create(
        visit=visit, name="Camille Accueil", email=f"accueil@{visit.event.slug}.example"
    )
    asked = asked_by(visit)
    for application in applications[:TOLD]:
        answers = answers_of(world, application)
        kept = {str(field): answers[field] for field in asked}
        Identity.objects.create(
            application=application,
            sealed=seal(kept, of=sealed_for(application)),
            fields=list(kept),
            written_at=world.now,
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
