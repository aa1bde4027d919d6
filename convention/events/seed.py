"""Demo data: events with venues, rooms and roles."""

import datetime

from allauth.account.models import EmailAddress

from convention.club.demo_accounts import OUTSIDE_ORGANIZER, make_initial_password_hash
from convention.club.models import Company, CompanyRole, Employment, Person, WorkingGroup
from convention.club.seed_data import VENDOR_COMPANIES
from convention.seeding import DemoWorld
from convention.text.working_days import ONE_DAY, is_working_day

from .models import DEFAULT_ZONE, Delegation, Event, EventRole, Room, Venue
from .pictures.seed import create_pictures

CONVENTION_NAMES = {
    "small": ("Petite Convention", "Small Convention"),
    "club": ("La Convention", "The Convention"),
    "large": ("Grande Convention", "Large Convention"),
}
CONVENTION_TEXT = (
    "Deux jours entre responsables d’infrastructures et de production\u202f: retours d’expérience, ateliers, "
    "rencontres, et l’assemblée générale du club."
)
CONVENTION_TEXT_EN = (
    "Two days for infrastructure and operations leaders: case studies, workshops, networking and the club’s "
    "general meeting."
)
VISIT_TEXT = (
    "Le fournisseur ouvre le capot\u202f: visite guidée, échanges avec les équipes, "
    "sans démarche commerciale."
)
VISIT_TEXT_EN = (
    "See behind the scenes: a guided tour and conversations with the vendor’s teams, with no sales pitch."
)
ROOM_CAPACITIES = [
    ("Auditorium", 600),
    ("Salle Garnier", 140),
    ("Salle Eiffel", 140),
    ("Salle Curie", 80),
    ("Atelier Ampère", 40),
]
EXTRA_ROOM_CAPACITIES = [("Salle Lumière", 120), ("Salle Pascal", 90), ("Atelier Jacquard", 40)]
VISIT_TOPICS = [
    "la salle blanche",
    "le laboratoire de stockage",
    "le centre de supervision",
    "la plateforme de sauvegarde",
]


def seed(world: DemoWorld) -> None:
    """Create the convention of this size; with the club also a past one, visits and meetings."""
    venue, _created = Venue.objects.get_or_create(
        name="Palais des Congrès des Lacs",
        defaults={
            "street": "1 quai de la Convention",
            "postcode": "74000",
            "city": "Annecy",
            "directions": "Gare à 8 minutes à pied.",
            "directions_en": "The station is an 8-minute walk away.",
        },
    )
    name, name_en = CONVENTION_NAMES[world.size]
    day = world.convention_day()
    event = create_convention(
        world,
        venue,
        slug=world.main_event_slug,
        day=day,
        names=(f"{name} {day.year}", f"{name_en} {day.year}"),
    )
    create_delegation(world, event)
    create_pictures(event)
    if world.size == "club":
        create_past_edition(world, venue)
        for number in range(1, len(VISIT_TOPICS) + 1):
            create_visit(world, number)
        create_meetings(world, venue)
    verify_addresses()


def make_paris_time(day: datetime.date, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(hour, minute), DEFAULT_ZONE)


def create_convention(
    world: DemoWorld, venue: Venue, *, slug: str, day: datetime.date, names: tuple[str, str]
) -> Event:
    """Create a convention of two days; registration opened at least 30 days ago and closes the day before."""
    event = Event.objects.create(
        slug=slug,
        kind=Event.Kind.CONVENTION,
        visibility=Event.Visibility.PUBLIC,
        name=names[0],
        name_en=names[1],
        description=CONVENTION_TEXT,
        description_en=CONVENTION_TEXT_EN,
        starts_at=make_paris_time(day, 8, 30),
        ends_at=make_paris_time(day + datetime.timedelta(days=1), 18),
        venue=venue,
        contact_email="convention@club.example",
        registration_opens_at=min(world.now, make_paris_time(day, 9)) - datetime.timedelta(days=30),
        registration_closes_at=make_paris_time(day - datetime.timedelta(days=1), 18),
    )
    rooms = ROOM_CAPACITIES + (EXTRA_ROOM_CAPACITIES if world.size == "large" else [])
    Room.objects.bulk_create(
        Room(event=event, name=name, capacity=capacity, position=index)
        for index, (name, capacity) in enumerate(rooms)
    )
    create_desk_role(world, event)
    return event


def create_past_edition(world: DemoWorld, venue: Venue) -> Event:
    """Create last June's convention."""
    day = world.past_convention_day()
    names = (f"La Convention {day.year}", f"The Convention {day.year}")
    return create_convention(world, venue, slug=f"convention-{day.year}", day=day, names=names)


def create_visit(world: DemoWorld, number: int) -> Event:
    """Create a day at a vendor's site, for members."""
    host = Company.objects.get(name=VENDOR_COMPANIES[number - 1][0])
    day = find_quiet_day(world.today + datetime.timedelta(weeks=4 * number + 1))
    venue, _created = Venue.objects.get_or_create(
        name=f"Site {host.name}",
        defaults={"street": f"{number} allée des Serveurs", "postcode": "91120", "city": "Palaiseau"},
    )
    topic = VISIT_TOPICS[number - 1]
    event = Event.objects.create(
        slug=f"visit-{number}",
        kind=Event.Kind.SITE_VISIT,
        visibility=Event.Visibility.MEMBERS,
        name=f"Visite chez {host.name}\u202f: {topic}",
        name_en=f"Visit to {host.name}",
        description=VISIT_TEXT,
        description_en=VISIT_TEXT_EN,
        starts_at=make_paris_time(day, 9, 30),
        ends_at=make_paris_time(day, 16, 30),
        venue=venue,
        host=host,
        accent="#7a4b00",
        registration_closes_at=make_paris_time(day - datetime.timedelta(days=7), 18),
        contact_email="visites@club.example",
    )
    create_desk_role(world, event)
    return event


def create_meetings(world: DemoWorld, venue: Venue) -> None:
    """Create the next meeting of each working group."""
    for index, group in enumerate(WorkingGroup.objects.order_by("pk")):
        day = find_quiet_day(world.today + datetime.timedelta(days=12 + 9 * index))
        event = Event.objects.create(
            slug=f"group-{group.slug}-{day:%Y-%m}",
            kind=Event.Kind.GROUP_MEETING,
            visibility=Event.Visibility.MEMBERS,
            name=f"Réunion du groupe {group.name}",
            name_en=f"{group.name} group meeting",
            starts_at=make_paris_time(day, 14),
            ends_at=make_paris_time(day, 17),
            venue=venue,
            group=group,
            accent="#2f6b3a",
        )
        create_desk_role(world, event)


def find_quiet_day(day: datetime.date) -> datetime.date:
    """Return that day, or the next one without another event and outside the end of the year."""
    while (
        not is_working_day(day)
        or (day.month == 12 and day.day >= 24)
        or Event.objects.filter(starts_at__date=day).exists()
    ):
        day += ONE_DAY
    return day


def create_desk_role(world: DemoWorld, event: Event) -> None:
    """Give the desk's demo account its role at each event."""
    person = Person.objects.get(email="accueil@club.example")
    EventRole.objects.create(event=event, person=person, role=EventRole.Role.DESK, starts_on=world.today)


def create_delegation(world: DemoWorld, event: Event) -> None:
    """Let an outside firm run the convention until two weeks after it, with one delegate."""
    firm, _created = Company.objects.get_or_create(
        slug="agence-des-lacs", defaults={"name": "Agence des Lacs", "city": "Annecy", "postcode": "74000"}
    )
    since = datetime.date(world.today.year, 1, 1)
    CompanyRole.objects.get_or_create(
        company=firm, role=CompanyRole.Role.ORGANIZER, defaults={"starts_on": since}
    )
    account = OUTSIDE_ORGANIZER
    names = {"first_name": account.first_name, "last_name": account.last_name}
    person, _created = Person.objects.get_or_create(
        email=account.email, defaults={**names, "password": make_initial_password_hash()}
    )
    Employment.objects.get_or_create(person=person, company=firm, defaults={"starts_on": since})
    last = event.ends_at.date() + datetime.timedelta(days=14)
    contract = Delegation.objects.create(event=event, company=firm, starts_on=world.today, ends_on=last)
    role = EventRole.Role.ORGANIZER
    EventRole.objects.create(
        event=event, person=person, role=role, starts_on=world.today, delegation=contract
    )


def verify_addresses() -> None:
    """Mark the addresses of all people as verified, so that they can sign in by code."""
    known_ids = set(EmailAddress.objects.values_list("user_id", flat=True))
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email or "", verified=True, primary=True)
        for person in Person.objects.exclude(pk__in=known_ids).exclude(email=None)
    )
