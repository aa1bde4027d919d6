"""The demo's tickets and registrations."""

import base64
import datetime
import random
from collections import Counter

from django.db.models import F, Min, Sum
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from convention.club.demo_names import ABROAD, VENDORS
from convention.club.models import Employment, Person
from convention.club.seed import addresses, person_name
from convention.events.models import Event
from convention.events.sequence import next_sequence
from convention.seeding import World

from .demo_questions import answer_some, ask_questions
from .models import Addon, CompanyShare, Order, PriceStep, Quota, Registration, Ticket, Voucher
from .references import UNAMBIGUOUS
from .seed_seats import make_seats

REGISTRATIONS = {"small": 40, "club": 600, "large": 10_000}
TICKETS = [
    # slug, French, English, cents, places, offered to all
    ("member", "Adhérent", "Member", 0, 700, True),
    ("guest", "Invité", "Guest", 12_000, 900, True),
    ("vendor", "Fournisseur", "Vendor", 45_000, 300, True),
    ("speaker", "Intervenant", "Speaker", 0, None, False),
    ("press", "Presse", "Press", 0, 60, False),
    ("staff", "Équipe", "Staff", 0, None, False),
]
OF_MEMBERS = {"member", "speaker", "staff"}
MIX = ["member"] * 70 + ["guest"] * 12 + ["vendor"] * 9 + ["speaker"] * 5 + ["press"] * 2 + ["staff"] * 2


def seed(world: World) -> None:
    """Tickets for each event, registrations for conventions and visits."""
    main = Event.objects.get(slug=world.main_event)
    make_tickets(world, main)
    ask_questions(main)
    make_offers(world, main)
    make_registrations(world, main, REGISTRATIONS[world.size])
    count_shared(main)
    make_seats(world, main)
    world.made.append(format_lazy(_("{count} registrations"), count=REGISTRATIONS[world.size]))
    if world.size == "club":
        for event in Event.objects.filter(tickets__isnull=True).exclude(slug__in=("small", "large")):
            if event.kind == Event.Kind.CONVENTION:
                make_tickets(world, event)
                make_registrations(world, event, 480)
            else:
                make_members_ticket(event)
                make_registrations(world, event, 8, only="member")


def make_tickets(world: World, event: Event) -> None:
    """Six ways to come; the large demo adds `scarce`, 500 free places, none taken."""
    factor = 20 if world.size == "large" else 1
    Ticket.objects.bulk_create(
        Ticket(
            event=event,
            slug=slug,
            name=name,
            name_en=name_en,
            audience=slug,
            price=price,
            capacity=places * factor if places else None,
            is_public=public,
            is_default=slug == "guest",
            position=index,
        )
        for index, (slug, name, name_en, price, places, public) in enumerate(TICKETS)
    )
    if world.size == "large":
        Ticket.objects.create(
            event=event, slug="scarce", name="Place rare", name_en="Scarce place", capacity=500, position=10
        )


def make_offers(world: World, event: Event) -> None:
    """An early price, a dinner, a code and the room that all tickets share.

    What the registrations of the demo cost and count is as it was: they came without any of it.
    """
    guest = event.tickets.get(slug="guest")
    until = min(world.now + datetime.timedelta(days=45), event.starts_at - datetime.timedelta(days=7))
    day_ends = until.astimezone(event.zone).replace(hour=23, minute=59, second=0, microsecond=0)
    PriceStep.objects.create(ticket=guest, price=9_000, until=day_ends)
    dinner = Addon.objects.create(
        event=event,
        slug="dinner",
        name="Dîner",
        name_en="Dinner",
        description="Le premier soir, sur place.",
        description_en="On the first evening, on site.",
        kind=Addon.Kind.MEAL,
        price=6_500,
        vat_rate=1000,
        capacity=300,
    )
    dinner.tickets.set(event.tickets.filter(is_public=True))
    press = Voucher.objects.create(
        event=event, code="PRESSE", label="Journalistes", kind=Voucher.Kind.ACCESS, capacity=20
    )
    press.tickets.set(event.tickets.filter(slug="press"))
    friends = Voucher.objects.create(
        event=event, code="BIENVENUE", label="Premiers invités", value=20, capacity=50
    )
    friends.tickets.set([guest])
    if world.size != "large":  # there the rush is measured on a ticket of its own
        room = Quota.objects.create(event=event, name="Salle plénière", capacity=2_000)
        event.tickets.update(quota=room)


def count_shared(event: Event) -> None:
    """What the tickets of each quota have taken."""
    for quota in event.quotas.all():
        taken = quota.tickets.aggregate(taken=Sum("taken"))["taken"]
        Quota.objects.filter(pk=quota.pk).update(taken=taken or 0)


def make_members_ticket(event: Event) -> None:
    """A visit or meeting: members only, a few places for each company."""
    visit = event.kind == Event.Kind.SITE_VISIT
    Ticket.objects.create(
        event=event,
        slug="member",
        name="Adhérent",
        name_en="Member",
        audience=Ticket.Audience.MEMBER,
        capacity=20 if visit else 40,
        company_cap=2 if visit else None,
        is_default=True,
    )


def make_registrations(world: World, event: Event, count: int, *, only: str = "") -> None:
    """One order for each registration, all confirmed, in the weeks before."""
    rng = world.rng("registrations", event.slug)
    tickets = {ticket.slug: ticket for ticket in event.tickets.all()}
    jobs = keen_first(world, event)
    slugs = [only or rng.choice(MIX) for _index in range(count)]
    orders = [make_order(rng, event, tickets[slug], world) for slug in slugs]
    Order.objects.bulk_create(orders)
    sequence = next_sequence(event.pk)
    rows = [
        make_registration(
            world, rng, order, tickets[slug], jobs.pop() if jobs and slug in OF_MEMBERS else index
        )
        for index, (order, slug) in enumerate(zip(orders, slugs, strict=True))
    ]
    for row in rows:
        row.sequence = sequence
    if event.questions.exists():
        answer_some(world.rng("answers", event.slug), rows)
    Registration.objects.bulk_create(rows)
    Registration.objects.filter(event=event).update(created_at=F("confirmed_at"))
    count_taken(tickets, rows)


def keen_first(world: World, event: Event) -> list[Employment]:
    """The members' people, to be taken from the end: some companies send many, some few."""
    rng = world.rng("keen", event.slug)
    there = Employment.objects.select_related("person", "company").filter(person__email__isnull=False)
    by_address = {job.person.email: job for job in there}
    jobs = [by_address[email] for email in addresses(world).values()]
    keen = {company: rng.random() for company in sorted({job.company_id for job in jobs})}
    ordered = sorted(jobs, key=lambda job: (rng.random() ** (0.3 + keen[job.company_id]), job.pk))
    cap = event.tickets.aggregate(cap=Min("company_cap"))["cap"]
    return ordered if cap is None else within_cap(ordered, cap)


def within_cap(jobs: list[Employment], cap: int) -> list[Employment]:
    """At most so many of each company."""
    seen: Counter[int] = Counter()
    kept = []
    for job in jobs:
        seen[job.company_id] += 1
        if seen[job.company_id] <= cap:
            kept.append(job)
    return kept


def base32(rng: random.Random) -> str:
    """A registration's reference, the same for the same seed."""
    return base64.b32encode(rng.randbytes(8)).decode().rstrip("=")


def make_order(rng: random.Random, event: Event, ticket: Ticket, world: World) -> Order:
    """An order as the web page would make it."""
    return Order(
        event=event,
        reference="".join(rng.choices(UNAMBIGUOUS, k=8)),
        language="fr",
        total=ticket.price,
        payment=Order.Payment.INVOICE if ticket.price else Order.Payment.FREE,
        source="seed",
    )


def make_registration(
    world: World, rng: random.Random, order: Order, ticket: Ticket, job: Employment | int
) -> Registration:
    """A registration of somebody of the club, or of an invented guest."""
    latest = min(world.now, order.event.starts_at - datetime.timedelta(days=1))
    when = latest - datetime.timedelta(minutes=rng.randrange(30 * 24 * 60))
    row = Registration(
        reference=base32(rng),
        event=order.event,
        order=order,
        ticket=ticket,
        price=ticket.price,
        no_photo=rng.random() < 0.06,
        confirmed_at=when,
    )
    if isinstance(job, Employment):
        fill_from_person(row, job.person)
        row.company, row.member_of = job.company.name, job.company
    else:
        row.first_name, row.last_name = (
            ABROAD[job % 100] if job % 100 < len(ABROAD) else person_name(world, job)
        )
        row.email = f"invite{job}@{order.event.slug}.example"
        row.company = VENDORS[job % len(VENDORS)][0] if ticket.slug == "vendor" else ""
    order.email, order.company = row.email, row.company
    return row


def fill_from_person(row: Registration, person: Person) -> None:
    """The snapshot of a person that a registration keeps."""
    row.person, row.email = person, person.email or ""
    row.first_name, row.last_name = person.first_name, person.last_name


def count_taken(tickets: dict[str, Ticket], rows: list[Registration]) -> None:
    """The counters that registering would have raised one by one."""
    for ticket in tickets.values():
        mine = [row for row in rows if row.ticket_id == ticket.pk]
        Ticket.objects.filter(pk=ticket.pk).update(taken=len(mine))
        shares = Counter(row.member_of_id for row in mine if row.member_of_id) if ticket.company_cap else {}
        CompanyShare.objects.bulk_create(
            CompanyShare(ticket=ticket, company_id=company, taken=taken) for company, taken in shares.items()
        )
