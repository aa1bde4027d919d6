"""Demo data: tickets, registrations, answers and session bookings, the same for the same random seed."""

import base64
import datetime
import random
from collections import Counter, defaultdict
from dataclasses import asdict
from typing import Any

from django.db.models import F, Min, Sum
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from convention.club.models import Employment, Person
from convention.club.seed import make_people_emails, pick_person_name
from convention.club.seed_data import FOREIGN_NAMES, VENDOR_COMPANIES
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.seeding import DemoWorld
from schedule.models import Session
from schedule.programme.neighbours import find_conflicting_sessions

from .billing.receivables import describe_service, list_registration_charges, make_buyer
from .invoices.ledger.charges import build_charge
from .invoices.models import Charge, Payment, Receivable
from .models import (
    Addon,
    CompanyShare,
    Order,
    PriceStep,
    Question,
    QuestionOption,
    Quota,
    Registration,
    SessionBooking,
    Ticket,
    Voucher,
    WaitingEntry,
)
from .models.references import UNAMBIGUOUS_CHARACTERS
from .pricing.reductions import Reduction, serialize_reductions

DIET_OPTIONS = [
    ("vegetarian", "Végétarien", "Vegetarian"),
    ("vegan", "Végétalien", "Vegan"),
    ("halal", "Halal", "Halal"),
    ("kosher", "Casher", "Kosher"),
    ("gluten-free", "Sans gluten", "Gluten-free"),
    ("allergy", "Allergie", "Allergy"),
]

ALLERGY_ANSWERS = ["Arachides", "Noix", "Fruits de mer", "Lactose"]


def create_diet_questions(event: Event) -> None:
    """Ask for diets, and for the kind of an allergy."""
    diet = Question.objects.create(
        event=event, slug="diet", kind=Question.Kind.DIET, text="Régime alimentaire", text_en="Diet",
        help="Seuls les totaux sont transmis au traiteur.",
        help_en="We only pass the totals on to the caterer, never names.", retention_days=30,
    )  # fmt: skip
    for position, (slug, text, text_en) in enumerate(DIET_OPTIONS):
        QuestionOption.objects.create(question=diet, slug=slug, text=text, text_en=text_en, position=position)
    Question.objects.create(
        event=event, slug="allergy", text="Laquelle\u202f?", text_en="Which one?", position=10,
        shown_after_option=diet.options.get(slug="allergy"), retention_days=30,
    )  # fmt: skip


def fill_some_answers(rng: random.Random, rows: list[Registration]) -> None:
    """Let about one in five answer the diet questions; the rows are not saved yet."""
    for row in rows:
        if rng.random() < 0.2:
            diet = rng.choice(DIET_OPTIONS)[0]
            row.answers = {"diet": [diet]}
            if diet == "allergy":
                row.answers["allergy"] = rng.choice(ALLERGY_ANSWERS)


SESSION_FILL_RATES = (1.0, 0.9, 0.5, 0.25)
WAITING_PER_SESSION = 3


def seed_session_bookings(world: DemoWorld, event: Event) -> None:
    """Fill the event's workshops one after the other, without conflicts, with waiting lists for full ones."""
    # A generator for each purpose, so that a change to one part leaves the other data the same.
    rng = world.make_rng("seats", event.slug)
    people = list(Registration.objects.confirmed().filter(event=event).order_by("pk"))
    booked: dict[int, list[Session]] = defaultdict(list)
    for number, session in enumerate(event.sessions.filter(is_bookable=True).order_by("number")):
        available = [person for person in people if not find_conflicting_sessions(session, booked[person.pk])]
        places = min(
            round((session.capacity or 0) * SESSION_FILL_RATES[number % len(SESSION_FILL_RATES)]),
            len(available),
        )
        chosen = rng.sample(available, min(places + WAITING_PER_SESSION, len(available)))
        for person in chosen[:places]:
            booked[person.pk].append(session)
        _write_session_bookings(world, rng, session, chosen, places)


def _write_session_bookings(
    world: DemoWorld, rng: random.Random, session: Session, chosen: list[Registration], places: int
) -> None:
    """Save the bookings of one session, and waiting entries if they fill it."""
    SessionBooking.objects.bulk_create(
        SessionBooking(
            registration=person,
            session=session,
            booked_at=world.now,
            notified_starts_at=session.starts_at,
            notified_room_id=session.room_id,
        )
        for person in chosen[:places]
    )
    Session.objects.filter(pk=session.pk).update(reserved=places)
    if places == session.capacity:
        WaitingEntry.objects.bulk_create(
            WaitingEntry(
                event_id=session.event_id,
                session=session,
                registration=person,
                joined_at=world.now - datetime.timedelta(minutes=rng.randrange(1, 600)),
                join_notified_at=world.now,
            )
            for person in chosen[places:]
        )


REGISTRATION_COUNTS = {"small": 40, "club": 600, "large": 10_000}

TICKET_ROWS = [
    # slug, French and English name, cents, places, public
    ("member", "Adhérent", "Member", 0, 700, True),
    ("guest", "Invité", "Guest", 12_000, 900, True),
    ("vendor", "Fournisseur", "Vendor", 45_000, 300, True),
    ("speaker", "Intervenant", "Speaker", 0, None, False),
    ("press", "Presse", "Press", 0, 60, False),
    ("staff", "Équipe", "Staff", 0, None, False),
]

MEMBER_TICKET_SLUGS = {"member", "speaker", "staff"}

TICKET_MIX = (
    ["member"] * 70 + ["guest"] * 12 + ["vendor"] * 9 + ["speaker"] * 5 + ["press"] * 2 + ["staff"] * 2
)


def seed(world: DemoWorld) -> None:
    """Create tickets for each event, and registrations for conventions and visits."""
    main = Event.objects.get(slug=world.main_event_slug)
    seed_tickets(world, main)
    create_diet_questions(main)
    seed_sale_extras(world, main)
    seed_registrations(world, main, REGISTRATION_COUNTS[world.size])
    record_receivables(world, main)
    recount_quotas(main)
    seed_session_bookings(world, main)
    world.created.append(format_lazy(_("{count} registrations"), count=REGISTRATION_COUNTS[world.size]))
    if world.size == "club":
        for event in Event.objects.filter(tickets__isnull=True).exclude(slug__in=("small", "large")):
            if event.kind == Event.Kind.CONVENTION:
                seed_tickets(world, event)
                seed_registrations(world, event, 480)
                record_receivables(world, event)
            else:
                seed_members_ticket(event)
                seed_registrations(world, event, 8, only="member")


def seed_tickets(world: DemoWorld, event: Event) -> None:
    """Create six tickets; the large demo adds `scarce` with 500 free places, none of them taken."""
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
        for index, (slug, name, name_en, price, places, public) in enumerate(TICKET_ROWS)
    )
    if world.size == "large":
        Ticket.objects.create(
            event=event, slug="scarce", name="Place rare", name_en="Limited place", capacity=500, position=10
        )


def seed_sale_extras(world: DemoWorld, event: Event) -> None:
    """Add a price step, a dinner, two vouchers, and a quota that all tickets share.

    Of these, the demo's registrations use the price step only.
    """
    guest = event.tickets.get(slug="guest")
    until = min(world.now + datetime.timedelta(days=45), event.starts_at - datetime.timedelta(days=7))
    day_ends = until.astimezone(event.zone).replace(hour=23, minute=59, second=0, microsecond=0)
    PriceStep.objects.create(ticket=guest, price=9_000, ends_at=day_ends)
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
    # Not in the large demo, which measures a rush of orders for the ticket `scarce`.
    if world.size != "large":
        quota = Quota.objects.create(event=event, name="Salle plénière", capacity=2_000)
        event.tickets.update(quota=quota)


def recount_quotas(event: Event) -> None:
    """Set each quota's counter to the sum of its tickets."""
    for quota in event.quotas.all():
        reserved = quota.tickets.aggregate(taken=Sum("reserved"))["taken"]
        Quota.objects.filter(pk=quota.pk).update(reserved=reserved or 0)


def seed_members_ticket(event: Event) -> None:
    """Create the only ticket of a visit or meeting: members only, a few places per company."""
    is_visit = event.kind == Event.Kind.SITE_VISIT
    Ticket.objects.create(
        event=event,
        slug="member",
        name="Adhérent",
        name_en="Member",
        audience=Ticket.Audience.MEMBER,
        capacity=20 if is_visit else 40,
        company_cap=2 if is_visit else None,
        is_default=True,
    )


def seed_registrations(world: DemoWorld, event: Event, count: int, *, only: str = "") -> None:
    """Create confirmed orders of one registration each, in the weeks before the event."""
    rng = world.make_rng("registrations", event.slug)
    tickets = {ticket.slug: ticket for ticket in event.tickets.all()}
    jobs = sort_jobs_by_interest(world, event)
    slugs = [only or rng.choice(TICKET_MIX) for _index in range(count)]
    orders = [build_seed_order(rng, event, tickets[slug], world) for slug in slugs]
    Order.objects.bulk_create(orders)
    sequence = advance_sequence(event.pk)
    rows = [
        build_seed_registration(
            world, rng, order, tickets[slug], jobs.pop() if jobs and slug in MEMBER_TICKET_SLUGS else index
        )
        for index, (order, slug) in enumerate(zip(orders, slugs, strict=True))
    ]
    # Each attendee is the buyer of their own order.
    Order.objects.bulk_update(orders, ["email", "company"], batch_size=500)
    for row in rows:
        row.sequence = sequence
    apply_early_prices(event, rows)
    if event.questions.exists():
        fill_some_answers(world.make_rng("answers", event.slug), rows)
    Registration.objects.bulk_create(rows)
    # `auto_now_add` overwrites what the rows were given.
    Registration.objects.filter(event=event).update(created_at=F("confirmed_at"))
    set_reserved_counts(tickets, rows)


PAYMENT_DELAY = datetime.timedelta(days=12)


def record_receivables(world: DemoWorld, event: Event) -> None:
    """Bill the priced orders on the day of the order; those of a past event were paid by transfer.

    As `sync_receivable` does for one order, but in three queries for all.
    """
    # Billed already if a demo was seeded before and its events were deleted since.
    billed = Receivable.objects.values("reference")
    rows = Registration.objects.filter(event=event, order__total__gt=0).exclude(order__reference__in=billed)
    registrations = list(
        rows.order_by("pk").select_related("order", "ticket").prefetch_related("addons__addon")
    )
    service = describe_service(event)
    receivables = [build_seed_receivable(registration, service) for registration in registrations]
    Receivable.objects.bulk_create(receivables)
    pairs = list(zip(receivables, registrations, strict=True))
    charges = [
        build_charge(receivable, item)
        for receivable, registration in pairs
        for item in list_registration_charges(registration)
    ]
    for charge in charges:
        charge.added_at = charge.receivable.created_at
    Charge.objects.bulk_create(charges)
    if event.ends_at < world.now:
        Payment.objects.bulk_create(
            Payment(
                receivable=receivable,
                method=Payment.Method.TRANSFER,
                amount=registration.full_price,
                received_on=timezone.localdate(receivable.created_at + PAYMENT_DELAY),
            )
            for receivable, registration in pairs
        )


def build_seed_receivable(registration: Registration, service: dict[str, Any]) -> Receivable:
    order = registration.order
    buyer = make_buyer(order, order.company or registration.name)
    receivable = Receivable(
        reference=order.reference,
        created_at=registration.confirmed_at or order.created_at,
        **asdict(buyer),
        **service,
    )
    receivable.update_search_text()
    return receivable


def apply_early_prices(event: Event, rows: list[Registration]) -> None:
    """Give unsaved registrations the price step that applied when they were ordered; save their orders."""
    steps = list(PriceStep.objects.filter(ticket__event=event).select_related("ticket").order_by("-ends_at"))
    early_orders = []
    # The step that ends next applies, so it comes last.
    for step in steps:
        reduction = Reduction("early", step.ticket.price - step.price, until=step.ends_at)
        for row in rows:
            if row.ticket_id == step.ticket_id and row.confirmed_at and row.confirmed_at < step.ends_at:
                row.price = row.order.total = step.price
                row.reductions = serialize_reductions([reduction])
                early_orders.append(row.order)
    Order.objects.bulk_update(early_orders, ["total"])


def sort_jobs_by_interest(world: DemoWorld, event: Event) -> list[Employment]:
    """Return members' employments in random order, to `pop`; some companies send many people, some few."""
    rng = world.make_rng("keen", event.slug)
    employments = Employment.objects.select_related("person", "company").filter(person__email__isnull=False)
    by_address = {job.person.email: job for job in employments}
    # In the order of the demo's people, whatever order the query has.
    jobs = [by_address[email] for email in make_people_emails(world).values()]
    interest = {company: rng.random() for company in sorted({job.company_id for job in jobs})}
    # An exponent that differs by company spreads members unevenly, as at a real event.
    ordered = sorted(jobs, key=lambda job: (rng.random() ** (0.3 + interest[job.company_id]), job.pk))
    cap = event.tickets.aggregate(cap=Min("company_cap"))["cap"]
    return ordered if cap is None else limit_per_company(ordered, cap)


def limit_per_company(jobs: list[Employment], cap: int) -> list[Employment]:
    seen: Counter[int] = Counter()
    limited = []
    for job in jobs:
        seen[job.company_id] += 1
        if seen[job.company_id] <= cap:
            limited.append(job)
    return limited


def make_seed_reference(rng: random.Random) -> str:
    """Return a registration's reference from the seeded generator."""
    return base64.b32encode(rng.randbytes(8)).decode().rstrip("=")


def build_seed_order(rng: random.Random, event: Event, ticket: Ticket, world: DemoWorld) -> Order:
    return Order(
        event=event,
        reference="".join(rng.choices(UNAMBIGUOUS_CHARACTERS, k=8)),
        language="fr",
        total=ticket.price,
        payment=Order.Payment.INVOICE if ticket.price else Order.Payment.FREE,
        source=Order.Source.SEED,
    )


def build_seed_registration(
    world: DemoWorld, rng: random.Random, order: Order, ticket: Ticket, job: Employment | int
) -> Registration:
    """Return a registration for a member's job, or for the invented guest of that number."""
    latest = min(world.now, order.event.starts_at - datetime.timedelta(days=1))
    ordered_at = latest - datetime.timedelta(minutes=rng.randrange(30 * 24 * 60))
    row = Registration(
        reference=make_seed_reference(rng),
        event=order.event,
        order=order,
        ticket=ticket,
        price=ticket.price,
        no_photo=rng.random() < 0.06,
        confirmed_at=ordered_at,
        confirmation_sent_at=ordered_at,
    )
    if isinstance(job, Employment):
        copy_person_details(row, job.person)
        row.company, row.member_of = job.company.name, job.company
    else:
        row.first_name, row.last_name = (
            FOREIGN_NAMES[job % 100] if job % 100 < len(FOREIGN_NAMES) else pick_person_name(world, job)
        )
        row.email = f"invite{job}@{order.event.slug}.example"
        row.company = VENDOR_COMPANIES[job % len(VENDOR_COMPANIES)][0] if ticket.slug == "vendor" else ""
    order.email, order.company = row.email, row.company
    return row


def copy_person_details(row: Registration, person: Person) -> None:
    row.person, row.email = person, person.email or ""
    row.first_name, row.last_name = person.first_name, person.last_name


def set_reserved_counts(tickets: dict[str, Ticket], rows: list[Registration]) -> None:
    """Set the counters that booking would have raised one by one."""
    for ticket in tickets.values():
        ticket_rows = [row for row in rows if row.ticket_id == ticket.pk]
        Ticket.objects.filter(pk=ticket.pk).update(reserved=len(ticket_rows))
        shares = (
            Counter(row.member_of_id for row in ticket_rows if row.member_of_id) if ticket.company_cap else {}
        )
        CompanyShare.objects.bulk_create(
            CompanyShare(ticket=ticket, company_id=company, reserved=reserved)
            for company, reserved in shares.items()
        )
