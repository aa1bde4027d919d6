"""The demo's companies, people and groups."""

import datetime
from collections import defaultdict
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils.text import slugify

from convention.seeding import COMPANIES_OF_ALL, World

from .demo_accounts import DEMO_ACCOUNTS, initial_password_hash
from .demo_names import COMPANIES, FIRST_NAMES, LAST_NAMES, TITLES, VENDORS
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

NO_PASSWORD = make_password(None)
PLANS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("essentiel", "Essentiel", "Essential", {"dues": 250_000, "seats": 5, "passes": 2, "votes": 1}),
    (
        *("entreprise", "Entreprise", "Enterprise"),
        {"dues": 480_000, "seats": 12, "passes": 6, "votes": 1, "extra_seat_price": 30_000},
    ),
    (
        *("grand-compte", "Grand compte", "Corporate"),
        {"dues": 900_000, "seats": 25, "passes": 15, "votes": 1, "extra_seat_price": 25_000},
    ),
]
GROUPS = [
    ("cloud", "Cloud et souveraineté", "thematic"),
    ("metiers", "Métiers et compétences", "thematic"),
    ("reseaux", "Réseaux et sécurité", "technical"),
    ("observabilite", "Observabilité", "technical"),
    ("sobriete", "Sobriété numérique", "thematic"),
    ("apero", "Les rendez-vous du jeudi", "informal"),
]


def seed(world: World) -> None:
    """Companies with roles, people with employments, the demo's accounts, working groups."""
    companies = [make_company(world, index) for index in range(world.companies)]
    for index in range(len(VENDORS)):
        make_vendor(world, index)
    make_people(world, companies)
    make_accounts(world)
    make_groups(world)


def make_company(world: World, index: int) -> Company:
    """A member company, the same for each size."""
    name, sector = COMPANIES[index]
    return _company(world, name, sector, CompanyRole.Role.MEMBER, number=index)


def make_vendor(world: World, index: int) -> Company:
    """A vendor that hosts visits."""
    name, sector = VENDORS[index]
    return _company(world, name, sector, CompanyRole.Role.VENDOR, number=500 + index)


def _company(world: World, name: str, sector: str, role: str, *, number: int) -> Company:
    siren = luhn_number(world.rng("siren", number).randrange(10**7, 10**8))
    company, created = Company.objects.get_or_create(
        slug=company_slug(name),
        defaults={
            "name": name,
            "sector": sector,
            "siren": siren,
            "city": "Paris",
            "postcode": f"750{number % 20 + 1:02}",
            "street": f"{number % 90 + 1} rue de l’Invention",
            "vat_number": vat_number(siren),
        },
    )
    if created:
        years = world.rng("since", number).randrange(1, 5)
        starts_on = datetime.date(world.today.year - years, 1, 1)
        CompanyRole.objects.create(company=company, role=role, starts_on=starts_on)
    return company


def luhn_number(first_eight: int) -> str:
    """A nine-digit number whose last digit is its Luhn check, as a SIREN's is."""
    digits = [int(digit) for digit in f"{first_eight:08}"]
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(digits)]
    return f"{first_eight:08}{-sum(doubled) % 10}"


def vat_number(siren: str) -> str:
    """The French VAT number of a SIREN: key = (12 + 3 × (SIREN mod 97)) mod 97."""
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"


def person_name(world: World, index: int) -> tuple[str, str]:
    """An invented first and last name."""
    rng = world.rng("person", index)
    return rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)


def address(first: str, last: str, index: int, domain: str) -> str:
    """An address beneath .example, which no mail ever reaches."""
    return f"{slugify(first)}.{slugify(last)}{index}@{domain}.example"


def addresses(world: World) -> dict[int, str]:
    """The addresses of this demo's people by their numbers, the same in every size."""
    found = {}
    for index in world.people_numbers:
        name, _sector = COMPANIES[index % COMPANIES_OF_ALL]
        found[index] = address(*person_name(world, index), index, company_slug(name))
    return found


def company_slug(name: str) -> str:
    """A company's address from its name."""
    return slugify(name.replace("’", "-"))


def make_people(world: World, companies: list[Company]) -> None:
    """People spread over the companies; the first of each company registers colleagues, each holds a seat."""
    there = set(Person.objects.values_list("email", flat=True))
    people, jobs, contacts = [], [], []
    for index, email in addresses(world).items():
        company = companies[index % COMPANIES_OF_ALL]
        first, last = person_name(world, index)
        if email in there:
            continue
        title, level = world.rng("job", index).choice(TITLES)
        people.append(Person(first_name=first, last_name=last, email=email, password=NO_PASSWORD))
        jobs.append({"company": company, "title": title, "level": level})
        if index < COMPANIES_OF_ALL:
            contacts.append(email)
    made = Person.objects.bulk_create(people)
    since = datetime.date(world.today.year - 1, 1, 1)
    held = Employment.objects.bulk_create(
        Employment(person=person, starts_on=since, **job) for person, job in zip(made, jobs, strict=True)
    )
    CompanyContact.objects.bulk_create(
        CompanyContact(company=job.company, person=job.person, starts_on=since)
        for job in held
        if job.person.email in contacts
    )
    make_seats(world, held)


def make_plans() -> list[Plan]:
    """What the demo's companies subscribe to, from small to large."""
    for position, (slug, name, name_en, terms) in enumerate(PLANS):
        values = {"name": name, "name_en": name_en, "position": position, **terms}
        Plan.objects.get_or_create(slug=slug, defaults=values)
    return list(Plan.objects.filter(slug__in=[slug for slug, *_rest in PLANS]).order_by("seats"))


def make_seats(world: World, jobs: list[Employment]) -> None:
    """A membership for each company, large enough for its people, and a seat for each of them."""
    plans = make_plans()
    by_company = defaultdict[Company, list[Employment]](list)
    for job in jobs:
        by_company[job.company].append(job)
    first, last = datetime.date(world.today.year, 1, 1), datetime.date(world.today.year + 1, 12, 31)
    for company, held in by_company.items():
        membership = Membership.objects.filter(company=company).first() or _membership(
            company, plans, held, (first, last)
        )
        seated = membership.given_seats.count() + len(held)
        membership.extra_seats = max(membership.extra_seats, seated - membership.seats)
        membership.save(update_fields=["extra_seats"])
        Seat.objects.bulk_create(
            Seat(membership=membership, person=job.person, starts_on=first) for job in held
        )


def _membership(
    company: Company, plans: list[Plan], held: list[Employment], span: tuple[datetime.date, datetime.date]
) -> Membership:
    plan = next((plan for plan in plans if plan.seats >= len(held)), plans[-1])
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
        billing_contact=held[0].person,
        representative=held[0].person,
        **plan.terms,
    )


def make_accounts(world: World) -> None:
    """The accounts that `make run` prints; they sign in by password or by a mailed code."""
    password = initial_password_hash()
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


def make_groups(world: World) -> None:
    """Working groups, each with a lead and a deputy."""
    people = list(Person.objects.filter(employments__isnull=False).order_by("pk")[: 2 * len(GROUPS)])
    for index, (slug, name, kind) in enumerate(GROUPS):
        group, created = WorkingGroup.objects.get_or_create(slug=slug, defaults={"name": name, "kind": kind})
        if created:
            for person, role in zip(people[2 * index :], ("lead", "deputy"), strict=False):
                Mandate.objects.create(group=group, person=person, role=role, starts_on=world.today)
