"""The demo's events: a convention of the size asked for; with the club also a past one, visits, meetings."""

import datetime
import zoneinfo

from allauth.account.models import EmailAddress

from convention.club.demo_accounts import OUTSIDE_ORGANIZER, initial_password_hash
from convention.club.demo_names import VENDORS
from convention.club.models import Company, CompanyRole, Employment, Person, WorkingGroup
from convention.seeding import World
from convention.working_days import ONE_DAY, is_working_day

from .models import Delegation, Event, EventRole, Room, Venue

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
NAMES = {
    "small": ("Petite Convention", "Small Convention"),
    "club": ("La Convention", "The Convention"),
    "large": ("Grande Convention", "Large Convention"),
}
ABOUT = (
    "Deux jours entre responsables d’infrastructures et de production\u202f: retours d’expérience, ateliers, "
    "rencontres, et l’assemblée générale du club."
)
ABOUT_EN = (
    "Two days among those who run infrastructure and production: case studies, workshops, encounters, "
    "and the club’s general assembly."
)
VISIT = (
    "Le fournisseur ouvre le capot\u202f: visite guidée, échanges avec les équipes, "
    "sans démarche commerciale."
)
VISIT_EN = "The vendor opens the hood: a guided tour and talks with its teams, no sales pitch."
ROOMS = [
    ("Auditorium", 600),
    ("Salle Garnier", 140),
    ("Salle Eiffel", 140),
    ("Salle Curie", 80),
    ("Atelier Ampère", 40),
]
MORE_ROOMS = [("Salle Lumière", 120), ("Salle Pascal", 90), ("Atelier Jacquard", 40)]
TOPICS = [
    "la salle blanche",
    "le laboratoire de stockage",
    "le centre de supervision",
    "la plateforme de sauvegarde",
]


def seed(world: World) -> None:
    """Events with venue, rooms and roles."""
    venue, _created = Venue.objects.get_or_create(
        name="Palais des Congrès des Lacs",
        defaults={
            "street": "1 quai de la Convention",
            "postcode": "74000",
            "city": "Annecy",
            "access": "Gare à 8 minutes à pied.",
        },
    )
    name, name_en = NAMES[world.size]
    day = world.convention_day()
    event = make_convention(
        world, venue, slug=world.main_event, day=day, names=(f"{name} {day.year}", f"{name_en} {day.year}")
    )
    delegate_to_a_firm(world, event)
    if world.size == "club":
        make_past_edition(world, venue)
        for number in range(1, len(TOPICS) + 1):
            make_visit(world, number)
        make_meetings(world, venue)
    verify_addresses()


def at(day: datetime.date, hour: int, minute: int = 0) -> datetime.datetime:
    """A time in Paris."""
    return datetime.datetime.combine(day, datetime.time(hour, minute), PARIS)


def make_convention(
    world: World, venue: Venue, *, slug: str, day: datetime.date, names: tuple[str, str]
) -> Event:
    """Two days in June, registration open from three months before to the eve."""
    event = Event.objects.create(
        slug=slug,
        kind=Event.Kind.CONVENTION,
        visibility=Event.Visibility.PUBLIC,
        name=names[0],
        name_en=names[1],
        description=ABOUT,
        description_en=ABOUT_EN,
        starts_at=at(day, 8, 30),
        ends_at=at(day + datetime.timedelta(days=1), 18),
        venue=venue,
        contact_email="convention@club.example",
        registration_opens_at=min(world.now, at(day, 9)) - datetime.timedelta(days=30),
        registration_closes_at=at(day - datetime.timedelta(days=1), 18),
    )
    rooms = ROOMS + (MORE_ROOMS if world.size == "large" else [])
    Room.objects.bulk_create(
        Room(event=event, name=name, capacity=capacity, position=index)
        for index, (name, capacity) in enumerate(rooms)
    )
    give_roles(world, event)
    return event


def make_past_edition(world: World, venue: Venue) -> Event:
    """Last June's convention, over and attended."""
    day = world.past_convention_day()
    names = (f"La Convention {day.year}", f"The Convention {day.year}")
    return make_convention(world, venue, slug=f"convention-{day.year}", day=day, names=names)


def make_visit(world: World, number: int) -> Event:
    """A day with a vendor, for members."""
    host = Company.objects.get(name=VENDORS[number - 1][0])
    day = quiet_day(world.today + datetime.timedelta(weeks=4 * number + 1))
    venue, _created = Venue.objects.get_or_create(
        name=f"Site {host.name}",
        defaults={"street": f"{number} allée des Serveurs", "postcode": "91120", "city": "Palaiseau"},
    )
    topic = TOPICS[number - 1]
    event = Event.objects.create(
        slug=f"visit-{number}",
        kind=Event.Kind.SITE_VISIT,
        visibility=Event.Visibility.MEMBERS,
        name=f"Visite chez {host.name}\u202f: {topic}",
        name_en=f"Visit to {host.name}",
        description=VISIT,
        description_en=VISIT_EN,
        starts_at=at(day, 9, 30),
        ends_at=at(day, 16, 30),
        venue=venue,
        host=host,
        accent="#7a4b00",
        registration_closes_at=at(day - datetime.timedelta(days=7), 18),
        contact_email="visites@club.example",
    )
    give_roles(world, event)
    return event


def make_meetings(world: World, venue: Venue) -> None:
    """The next meeting of each group."""
    for index, group in enumerate(WorkingGroup.objects.order_by("pk")):
        day = quiet_day(world.today + datetime.timedelta(days=12 + 9 * index))
        event = Event.objects.create(
            slug=f"group-{group.slug}-{day:%Y-%m}",
            kind=Event.Kind.GROUP_MEETING,
            visibility=Event.Visibility.MEMBERS,
            name=f"Réunion du groupe {group.name}",
            name_en=f"Meeting of the group {group.name}",
            starts_at=at(day, 14),
            ends_at=at(day, 17),
            venue=venue,
            group=group,
            accent="#2f6b3a",
        )
        give_roles(world, event)


def quiet_day(day: datetime.date) -> datetime.date:
    """That day, or the next on which nothing else is and people meet: not from Christmas to New Year."""
    while (
        not is_working_day(day)
        or (day.month == 12 and day.day >= 24)
        or Event.objects.filter(starts_at__date=day).exists()
    ):
        day += ONE_DAY
    return day


def give_roles(world: World, event: Event) -> None:
    """The desk's account works at each event."""
    person = Person.objects.get(email="accueil@club.example")
    EventRole.objects.create(event=event, person=person, role=EventRole.Role.DESK, starts_on=world.today)


def delegate_to_a_firm(world: World, event: Event) -> None:
    """An outside firm runs the convention until two weeks after; one of its people is named."""
    firm, _created = Company.objects.get_or_create(
        slug="agence-des-lacs", defaults={"name": "Agence des Lacs", "city": "Annecy", "postcode": "74000"}
    )
    since = datetime.date(world.today.year, 1, 1)
    CompanyRole.objects.get_or_create(
        company=firm, role=CompanyRole.Role.ORGANIZER, defaults={"starts_on": since}
    )
    account = OUTSIDE_ORGANIZER
    names = {"first_name": account.first_name, "last_name": account.last_name}
    person, _made = Person.objects.get_or_create(
        email=account.email, defaults={**names, "password": initial_password_hash()}
    )
    Employment.objects.get_or_create(person=person, company=firm, defaults={"starts_on": since})
    last = event.ends_at.date() + datetime.timedelta(days=14)
    contract = Delegation.objects.create(event=event, company=firm, starts_on=world.today, ends_on=last)
    role = EventRole.Role.ORGANIZER
    EventRole.objects.create(
        event=event, person=person, role=role, starts_on=world.today, delegation=contract
    )


def verify_addresses() -> None:
    """The demo's accounts may sign in by code: their addresses count as proven."""
    known = set(EmailAddress.objects.values_list("user_id", flat=True))
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email or "", verified=True, primary=True)
        for person in Person.objects.exclude(pk__in=known).exclude(email=None)
    )
