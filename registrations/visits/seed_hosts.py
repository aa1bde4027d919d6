"""Demo hosts: a contact for each visit, visitors' identities, and a list that was sent."""

import datetime
from collections.abc import Sequence

from convention.codes.encryption import encrypt_value
from convention.seeding import DemoWorld

from .identity.fields import DOCUMENT_KINDS, list_requested_fields
from .identity.identities import get_identity_binding
from .models import Application, HostContact, Identity, IdentityField, Visit, VisitorList
from .visitor_list.contents import build_content, build_row, encrypt_content

BIRTH_PLACES = ("Lyon, France", "Lille, France", "Porto, Portugal", "Gand, Belgique", "Nantes, France")


def seed_hosts(
    world: DemoWorld, visit: Visit, applications: Sequence[Application], *, at: datetime.datetime
) -> None:
    """Create a contact of the host, and the identities of these applications."""
    HostContact.objects.create(
        visit=visit, name="Camille Accueil", email=f"accueil@{visit.event.slug}.example"
    )
    requested = list_requested_fields(visit)
    for application in applications:
        answers = invent_identity(world, application)
        data = {str(field): answers[field] for field in requested}
        Identity.objects.create(
            application=application,
            encrypted_data=encrypt_value(data, row_label=get_identity_binding(application)),
            field_names=list(data),
            written_at=at,
        )


def invent_identity(world: DemoWorld, application: Application) -> dict[str, str]:
    """Return an invented identity, the same for each seed and person."""
    # Seeded by event and registration, so that screenshots and tests see the same data after each run.
    rng = world.make_rng("identity", application.visit.event.slug, application.registration_id)
    born = datetime.date(1965, 1, 1) + datetime.timedelta(days=rng.randrange(12_000))
    number = f"{rng.randrange(10, 99)}XX{rng.randrange(10_000, 99_999)}"
    return {
        IdentityField.BIRTH_DATE: born.isoformat(),
        IdentityField.BIRTH_PLACE: rng.choice(BIRTH_PLACES),
        IdentityField.NATIONALITY: rng.choice(["FR", "FR", "FR", "PT", "BE"]),
        IdentityField.DOCUMENT_KIND: rng.choice([code for code, _word in DOCUMENT_KINDS[:2]]),
        IdentityField.DOCUMENT_NUMBER: number,
        IdentityField.DOCUMENT_EXPIRY: (application.visit.day + datetime.timedelta(days=700)).isoformat(),
        IdentityField.VEHICLE_PLATE: "",
    }


def seed_list(world: DemoWorld, visit: Visit, applications: Sequence[Application]) -> None:
    """Create a first version of the list, sent at the lock and acknowledged on the next day."""
    assert visit.sent_at
    requested = [str(field) for field in list_requested_fields(visit)]
    rows = []
    for application in sorted(
        applications,
        key=lambda row_application: (
            row_application.registration.sort_name if row_application.registration else ""
        ),
    ):
        identity = invent_identity(world, application)
        rows.append(build_row(application, {name: identity[name] for name in requested}))
    content = build_content(requested, rows, None)
    visitor_list = VisitorList(
        visit=visit,
        number=1,
        created_at=visit.sent_at,
        count=len(rows),
        hash=content.hash,
        sent_to=visit.security_email,
        sent_at=visit.sent_at,
        acknowledged_at=visit.sent_at + datetime.timedelta(days=1),
        acknowledged_by=visit.security_name,
    )
    visitor_list.encrypted_data = encrypt_content(content, visitor_list)
    visitor_list.save()
