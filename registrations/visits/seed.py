"""Demo visits: one is full, one closed with a decision to take, one has free places."""

import datetime

from convention.club.models import Company, Employment, Market, Person, Seat
from convention.club.periods import ONE_DAY
from convention.club.seed_data import VENDOR_COMPANIES
from convention.events.models import Event
from convention.seeding import DemoWorld
from registrations.models import Registration, Ticket, WaitingEntry

from .models import Application, NdaAcceptance, NdaText, Visit
from .seed_hosts import seed_hosts
from .seed_planning import seed_proposals

MARKET_NAMES = [
    ("nuage", "Nuage", "Cloud"),
    ("stockage", "Stockage", "Storage"),
    ("reseaux", "Réseaux", "Networks"),
    ("sauvegarde", "Sauvegarde", "Backup"),
    ("conteneurs", "Conteneurs", "Containers"),
    ("processeurs", "Processeurs", "Processors"),
]
NDA_TEXT = (
    "Ce que l’hôte montre et dit pendant la visite, et qu’il n’a pas rendu public, reste entre les personnes "
    "présentes jusqu’à la fin de l’embargo.\n\nLes visiteurs ne photographient et n’enregistrent rien sans "
    "l’accord de l’hôte. Ils ne transmettent rien à un concurrent de l’hôte."
)
NDA_TEXT_EN = (
    "Anything the host shows or says during the visit and has not made public must stay between those "
    "present until the embargo ends.\n\nVisitors must not take photographs or make recordings without the "
    "host’s consent, or pass anything on to the host’s competitors."
)
BRIEFING = "Chaussures fermées. Le badge reste visible. Suivez la personne qui vous accueille."
BRIEFING_EN = "Wear closed shoes. Keep your badge visible. Stay with your host."
WAITING_COUNT, AGREED_COUNT, IDENTIFIED_COUNT = 3, 5, 3


def seed(world: DemoWorld) -> None:
    """Create markets and four visits; only for the size `club`."""
    if world.size != "club":
        return
    assign_markets()
    first, second, third, fourth = (Event.objects.get(slug=f"visit-{number}") for number in (1, 2, 3, 4))
    seed_full_visit(world, first)
    seed_closed_visit(world, second)
    seed_visit(world, third)
    seed_visit(world, fourth)
    seed_proposals(world)


def assign_markets() -> None:
    """Give each vendor a market, and one member company the first vendor's, which makes it a competitor."""
    for (slug, name, name_en), (vendor, _sector) in zip(MARKET_NAMES, VENDOR_COMPANIES, strict=True):
        market, _created = Market.objects.get_or_create(
            slug=slug, defaults={"name": name, "name_en": name_en}
        )
        market.companies.add(Company.objects.get(name=vendor))
    rival = Company.objects.filter(memberships__isnull=False).order_by("pk").last()
    if rival:
        rival.markets.add(Market.objects.get(slug=MARKET_NAMES[0][0]))


def seed_visit(world: DemoWorld, event: Event) -> tuple[Visit, list[Application]]:
    """Create a visit agreed with the host, with an application for each registration."""
    visit = Visit.objects.create(
        event=event,
        security_name="Poste de sécurité",
        security_email=f"securite@{event.slug}.example",
        identity_fields=["birth_date", "nationality", "document_kind", "document_number"],
        briefing=BRIEFING,
        briefing_en=BRIEFING_EN,
        embargo_until=event.ends_at + datetime.timedelta(days=30),
        agreed_at=world.now - datetime.timedelta(days=40),
    )
    # As `create_visit` does: attendees may not pass their place on to a colleague.
    event.substitutions_close_at = visit.agreed_at
    event.save(update_fields=["substitutions_close_at"])
    registrations = Registration.objects.confirmed().filter(event=event, person__isnull=False)
    applications = Application.objects.bulk_create(
        Application(
            visit=visit,
            person_id=registration.person_id,
            company_id=registration.member_of_id,
            registration=registration,
            applied_at=registration.confirmed_at or world.now,
        )
        for registration in registrations.order_by("confirmed_at", "pk")
    )
    text = NdaText.objects.create(
        visit=visit,
        number=1,
        text=NDA_TEXT,
        text_en=NDA_TEXT_EN,
        written_at=world.now - datetime.timedelta(days=41),
    )
    NdaAcceptance.objects.bulk_create(
        NdaAcceptance(
            application=application,
            nda=text,
            hash=text.hash,
            name=application.person.name if application.person else "",
            accepted_at=application.applied_at + datetime.timedelta(hours=5),
        )
        for application in applications[:AGREED_COUNT]
    )
    seed_hosts(world, visit, applications[:IDENTIFIED_COUNT], at=world.now)
    return visit, applications


def seed_full_visit(world: DemoWorld, event: Event) -> None:
    """Create a full visit with a waiting list and a refused competitor."""
    visit, applications = seed_visit(world, event)
    ticket = Ticket.objects.get(event=event, is_default=True)
    # Full on purpose, so that the demo shows a waiting list.
    Ticket.objects.filter(pk=ticket.pk).update(capacity=len(applications))
    others = Person.objects.exclude(pk__in=[application.person_id for application in applications])
    members = others.filter(seats__isnull=False, is_active=True, email__isnull=False).order_by("pk")
    rivals = members.filter(employments__company__markets__slug=MARKET_NAMES[0][0])
    for number, person in enumerate(members.exclude(pk__in=rivals).distinct()[:WAITING_COUNT]):
        seed_waiting_application(world, visit, ticket, person, number)
    if rival := rivals.first():
        Application.objects.create(
            visit=visit,
            person=rival,
            company=find_employer(rival),
            applied_at=world.now,
            refused_at=world.now,
            refusal_reasons=[Application.Refusal.COMPETITOR],
        )


def find_employer(person: Person) -> Company | None:
    job = Employment.objects.open().filter(person=person).select_related("company").first()
    return job.company if job else None


def seed_waiting_application(
    world: DemoWorld, visit: Visit, ticket: Ticket, person: Person, number: int
) -> None:
    company, email = find_employer(person), person.email or ""
    joined = world.now - datetime.timedelta(hours=30 - number)
    entry = WaitingEntry.objects.create(
        event=visit.event,
        ticket=ticket,
        first_name=person.first_name,
        last_name=person.last_name,
        email=email,
        address=email.casefold(),
        company=company.name if company else "",
        joined_at=joined,
        join_notified_at=joined,
    )
    Application.objects.create(
        visit=visit, person=person, company=company, waiting_entry=entry, applied_at=joined
    )


def seed_closed_visit(world: DemoWorld, event: Event) -> None:
    """Create a visit with closed applications; one visitor's seat ends before the day."""
    visit, applications = seed_visit(world, event)
    visit.closed_at = world.now
    visit.save(update_fields=["closed_at"])
    if applications:
        Seat.objects.filter(person=applications[-1].person).update(ends_on=visit.day - ONE_DAY)
