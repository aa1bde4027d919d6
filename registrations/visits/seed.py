"""The demo’s visits: one is full, one closed with something to decide, one has places, one is not begun."""

import datetime

from convention.club.demo_names import VENDORS
from convention.club.models import Company, Employment, Market, Person, Seat
from convention.club.periods import ONE_DAY
from convention.events.models import Event
from convention.seeding import World

from ..models import Registration, Ticket, WaitingEntry
from .models import Application, NdaAcceptance, NdaText, Visit
from .seed_hosts import seed_hosts
from .seed_planning import propose_visits

MARKETS = [
    ("nuage", "Nuage", "Cloud"),
    ("stockage", "Stockage", "Storage"),
    ("reseaux", "Réseaux", "Networks"),
    ("sauvegarde", "Sauvegarde", "Backup"),
    ("conteneurs", "Conteneurs", "Containers"),
    ("processeurs", "Processeurs", "Processors"),
]
TEXT = (
    "Ce que l’hôte montre et dit pendant la visite, et qu’il n’a pas rendu public, reste entre les personnes "
    "présentes jusqu’à la fin de l’embargo.\n\nLes visiteurs ne photographient et n’enregistrent rien sans "
    "l’accord de l’hôte. Ils ne transmettent rien à un concurrent de l’hôte."
)
TEXT_EN = (
    "What the host shows and says during the visit, and has not made public, stays among those present until "
    "the embargo ends.\n\nVisitors take no photographs and record nothing without the host’s consent. They "
    "pass nothing on to a competitor of the host."
)
BRIEFING = "Chaussures fermées. Le badge reste visible. Suivez la personne qui vous accueille."
BRIEFING_EN = "Closed shoes. Keep your badge visible. Follow the person who receives you."
WAITING, AGREED, TOLD = 3, 5, 3


def seed(world: World) -> None:
    """With the club: what vendors sell, and three of its four visits begun."""
    if world.size != "club":
        return
    give_markets()
    first, second, third = (Event.objects.get(slug=f"visit-{number}") for number in (1, 2, 3))
    open_visit(world, first)
    closed_visit(world, second)
    begin(world, third)
    propose_visits(world)


def give_markets() -> None:
    """Each vendor sells in a market of its own; a member sells what the first one sells."""
    for (slug, name, name_en), (vendor, _sector) in zip(MARKETS, VENDORS, strict=True):
        market, _made = Market.objects.get_or_create(slug=slug, defaults={"name": name, "name_en": name_en})
        market.companies.add(Company.objects.get(name=vendor))
    rival = Company.objects.filter(memberships__isnull=False).order_by("pk").last()
    if rival:
        rival.markets.add(Market.objects.get(slug=MARKETS[0][0]))


def begin(world: World, event: Event) -> tuple[Visit, list[Application]]:
    """A visit agreed with the host, whose places so far were asked for, in order of time."""
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
    event.substitutions_until = visit.agreed_at
    event.save(update_fields=["substitutions_until"])
    places = Registration.objects.confirmed().filter(event=event, person__isnull=False)
    made = Application.objects.bulk_create(
        Application(
            visit=visit,
            person_id=place.person_id,
            company_id=place.member_of_id,
            registration=place,
            applied_at=place.confirmed_at or world.now,
        )
        for place in places.order_by("confirmed_at", "pk")
    )
    text = NdaText.objects.create(
        visit=visit, number=1, text=TEXT, text_en=TEXT_EN, written_at=world.now - datetime.timedelta(days=41)
    )
    NdaAcceptance.objects.bulk_create(
        NdaAcceptance(
            application=one,
            nda=text,
            hash=text.hash,
            name=one.person.name if one.person else "",
            accepted_at=one.applied_at + datetime.timedelta(hours=5),
        )
        for one in made[:AGREED]
    )
    seed_hosts(world, visit, made[:TOLD], at=world.now)
    return visit, made


def open_visit(world: World, event: Event) -> None:
    """All places are taken: some wait, and somebody of a competitor was refused."""
    visit, made = begin(world, event)
    ticket = Ticket.objects.get(event=event, is_default=True)
    Ticket.objects.filter(pk=ticket.pk).update(capacity=len(made))
    others = Person.objects.exclude(pk__in=[one.person_id for one in made])
    members = others.filter(seats__isnull=False, is_active=True, email__isnull=False).order_by("pk")
    rivals = members.filter(employments__company__markets__slug=MARKETS[0][0])
    for number, person in enumerate(members.exclude(pk__in=rivals).distinct()[:WAITING]):
        wait(world, visit, ticket, person, number)
    if rival := rivals.first():
        Application.objects.create(
            visit=visit,
            person=rival,
            company=company_of(rival),
            applied_at=world.now,
            refused_at=world.now,
            reasons=[Application.Refusal.COMPETITOR],
        )


def company_of(person: Person) -> Company | None:
    """Where somebody works."""
    job = Employment.objects.open().filter(person=person).select_related("company").first()
    return job.company if job else None


def wait(world: World, visit: Visit, ticket: Ticket, person: Person, number: int) -> None:
    """Somebody waits since some hours."""
    company, email = company_of(person), person.email or ""
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
        join_told_at=joined,
    )
    Application.objects.create(visit=visit, person=person, company=company, waiting=entry, applied_at=joined)


def closed_visit(world: World, event: Event) -> None:
    """No more applications are taken; the seat of one who has a place ends before the day."""
    visit, made = begin(world, event)
    visit.closed_at = event.registration_closes_at = world.now
    visit.save(update_fields=["closed_at"])
    event.save(update_fields=["registration_closes_at"])
    if made:
        Seat.objects.filter(person=made[-1].person).update(ends_on=visit.day - ONE_DAY)
