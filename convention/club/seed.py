"""Demo data: companies, people, memberships, accounts and working groups."""

import datetime
from collections import defaultdict
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils.text import slugify

from convention.seeding import CLUB_COMPANY_COUNT, DemoWorld

from .demo_accounts import DEMO_ACCOUNTS, make_initial_password_hash
from .models import (
    ClubRole,
    Company,
    CompanyContact,
    CompanyRole,
    Employment,
    Mandate,
    Membership,
    Person,
    Plan,
    Seat,
    WorkingGroup,
)
from .seed_data import FIRST_NAMES, JOB_TITLES, LAST_NAMES, MEMBER_COMPANIES, VENDOR_COMPANIES

UNUSABLE_PASSWORD_HASH = make_password(None)
SEED_PLANS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("essentiel", "Essentiel", "Essential", {"dues_cents": 250_000, "seats": 5, "passes": 2, "votes": 1}),
    (
        *("entreprise", "Entreprise", "Enterprise"),
        {"dues_cents": 480_000, "seats": 12, "passes": 6, "votes": 1, "extra_seat_price_cents": 30_000},
    ),
    (
        *("grand-compte", "Grand compte", "Corporate"),
        {"dues_cents": 900_000, "seats": 25, "passes": 15, "votes": 1, "extra_seat_price_cents": 25_000},
    ),
]
SEED_GROUPS = [
    ("cloud", "Cloud et souveraineté", "thematic"),
    ("metiers", "Métiers et compétences", "thematic"),
    ("reseaux", "Réseaux et sécurité", "technical"),
    ("observabilite", "Observabilité", "technical"),
    ("sobriete", "Sobriété numérique", "thematic"),
    ("apero", "Les rendez-vous du jeudi", "informal"),
]


def seed(world: DemoWorld) -> None:
    companies = [create_member_company(world, index) for index in range(world.company_count)]
    for index in range(len(VENDOR_COMPANIES)):
        create_vendor(world, index)
    create_people(world, companies)
    create_demo_accounts(world)
    create_working_groups(world)


def create_member_company(world: DemoWorld, index: int) -> Company:
    """Create a member company, the same for each size of the demo."""
    name, sector = MEMBER_COMPANIES[index]
    return _create_company(world, name, sector, CompanyRole.Role.MEMBER, number=index)


def create_vendor(world: DemoWorld, index: int) -> Company:
    """Create a vendor, which hosts visits."""
    name, sector = VENDOR_COMPANIES[index]
    return _create_company(world, name, sector, CompanyRole.Role.VENDOR, number=500 + index)


def _create_company(world: DemoWorld, name: str, sector: str, role: str, *, number: int) -> Company:
    siren = append_luhn_digit(world.make_rng("siren", number).randrange(10**7, 10**8))
    company, created = Company.objects.get_or_create(
        slug=make_company_slug(name),
        defaults={
            "name": name,
            "sector": sector,
            "siren": siren,
            "city": "Paris",
            "postcode": f"750{number % 20 + 1:02}",
            "street": f"{number % 90 + 1} rue de l’Invention",
            "vat_number": make_vat_number(siren),
            # Numbers that the regulator reserves for fiction.
            "phone": f"01 99 00 {number // 100:02} {number % 100:02}",
        },
    )
    if created:
        years = world.make_rng("since", number).randrange(1, 5)
        starts_on = datetime.date(world.today.year - years, 1, 1)
        CompanyRole.objects.create(company=company, role=role, starts_on=starts_on)
    return company


def append_luhn_digit(first_eight: int) -> str:
    """Return the digits with their Luhn check digit, as in a SIREN."""
    digits = [int(digit) for digit in f"{first_eight:08}"]
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(digits)]
    return f"{first_eight:08}{-sum(doubled) % 10}"


def make_vat_number(siren: str) -> str:
    """Return the French VAT number of a SIREN: key = (12 + 3 × (SIREN mod 97)) mod 97."""
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"


def pick_person_name(world: DemoWorld, index: int) -> tuple[str, str]:
    rng = world.make_rng("person", index)
    return rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)


def make_email(first: str, last: str, index: int, domain: str) -> str:
    """Return an address under .example, which no mail ever reaches."""
    return f"{slugify(first)}.{slugify(last)}{index}@{domain}.example"


def make_people_emails(world: DemoWorld) -> dict[int, str]:
    """Return the addresses of this demo's people by number, the same for every size."""
    emails = {}
    for index in world.person_numbers:
        name, _sector = MEMBER_COMPANIES[index % CLUB_COMPANY_COUNT]
        emails[index] = make_email(*pick_person_name(world, index), index, make_company_slug(name))
    return emails


def make_company_slug(name: str) -> str:
    return slugify(name.replace("’", "-"))


def create_people(world: DemoWorld, companies: list[Company]) -> None:
    """Create people spread over the companies, each with a seat; the first of each is the contact."""
    known_emails = set(Person.objects.values_list("email", flat=True))
    people, positions, contacts = [], [], []
    for index, email in make_people_emails(world).items():
        company = companies[index % CLUB_COMPANY_COUNT]
        first, last = pick_person_name(world, index)
        if email in known_emails:
            continue
        title, level = world.make_rng("job", index).choice(JOB_TITLES)
        # The contacts' numbers: the regulator reserves these for fiction.
        phone = f"06 39 98 {index // 100:02} {index % 100:02}" if index < CLUB_COMPANY_COUNT else ""
        names = {"first_name": first, "last_name": last, "email": email, "phone": phone}
        people.append(Person(**names, password=UNUSABLE_PASSWORD_HASH))
        positions.append({"company": company, "title": title, "level": level})
        if index < CLUB_COMPANY_COUNT:
            contacts.append(email)
    created = Person.objects.bulk_create(people)
    since = datetime.date(world.today.year - 1, 1, 1)
    employments = Employment.objects.bulk_create(
        Employment(person=person, starts_on=since, **employment)
        for person, employment in zip(created, positions, strict=True)
    )
    CompanyContact.objects.bulk_create(
        CompanyContact(company=employment.company, person=employment.person, starts_on=since)
        for employment in employments
        if employment.person.email in contacts
    )
    create_seats(world, employments)


def create_plans() -> list[Plan]:
    for position, (slug, name, name_en, terms) in enumerate(SEED_PLANS):
        values = {"name": name, "name_en": name_en, "position": position, **terms}
        Plan.objects.get_or_create(slug=slug, defaults=values)
    return list(Plan.objects.filter(slug__in=[slug for slug, *_rest in SEED_PLANS]).order_by("seats"))


def create_seats(world: DemoWorld, employments: list[Employment]) -> None:
    """Create a membership for each company, large enough for its people, and a seat for each of them."""
    plans = create_plans()
    by_company = defaultdict[Company, list[Employment]](list)
    for employment in employments:
        by_company[employment.company].append(employment)
    first, last = datetime.date(world.today.year, 1, 1), datetime.date(world.today.year + 1, 12, 31)
    for company, employees in by_company.items():
        membership = Membership.objects.filter(company=company).first() or _create_membership(
            company, plans, employees, (first, last)
        )
        seat_count = membership.given_seats.count() + len(employees)
        membership.extra_seats = max(membership.extra_seats, seat_count - membership.seats)
        membership.save(update_fields=["extra_seats"])
        Seat.objects.bulk_create(
            Seat(membership=membership, person=employment.person, starts_on=first) for employment in employees
        )


def _create_membership(
    company: Company,
    plans: list[Plan],
    employees: list[Employment],
    span: tuple[datetime.date, datetime.date],
) -> Membership:
    plan = next((plan for plan in plans if plan.seats >= len(employees)), plans[-1])
    first, last = span
    return Membership.objects.create(
        company=company,
        plan=plan,
        plan_name=plan.name,
        plan_name_en=plan.name_en,
        starts_on=first,
        ends_on=last,
        grace_until=last + datetime.timedelta(days=60),
        submitted_on=first,
        confirmed_on=first,
        billing_contact=employees[0].person,
        representative=employees[0].person,
        **plan.terms,
    )


def create_demo_accounts(world: DemoWorld) -> None:
    """Create the accounts that `make run` prints."""
    password = make_initial_password_hash()
    for account in DEMO_ACCOUNTS:
        names = {"first_name": account.first_name, "last_name": account.last_name}
        person, created = Person.objects.get_or_create(
            email=account.email, defaults={**names, "password": password}
        )
        if created and account.role in ClubRole.Role.values:
            ClubRole.objects.create(person=person, role=account.role, starts_on=world.today)
        if created and account.role == "company contact":
            company = Company.objects.filter(memberships__isnull=False).order_by("pk")[0]
            CompanyContact.objects.create(company=company, person=person, starts_on=world.today)
        if account.role == ClubRole.Role.ADMINISTRATOR:
            Person.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)


def create_working_groups(world: DemoWorld) -> None:
    """Create working groups, each with a lead and a deputy."""
    people = list(Person.objects.filter(employments__isnull=False).order_by("pk")[: 2 * len(SEED_GROUPS)])
    for index, (slug, name, kind) in enumerate(SEED_GROUPS):
        group, created = WorkingGroup.objects.get_or_create(slug=slug, defaults={"name": name, "kind": kind})
        if created:
            for person, role in zip(people[2 * index :], ("lead", "deputy"), strict=False):
                Mandate.objects.create(group=group, person=person, role=role, starts_on=world.today)
