"""The demo's programme: 60 sessions on two days, 200 for the large one."""

import datetime
import uuid
from collections import defaultdict
from itertools import cycle, islice, product

from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.events.models import Event, Room
from convention.seeding import World

from .demo_titles import ABSTRACT, PLENARIES, SLOTS, TALKS, TRACKS
from .models import Schedule, Session, SessionSpeaker, Speaker, Track

SESSIONS = {"small": 20, "club": 60, "large": 200}
WORKSHOP = 24
"""Places in a workshop or a small circle, which are booked."""
LENGTH = datetime.timedelta(minutes=50)


def seed(world: World) -> None:
    """Tracks, speakers and sessions of this size's convention, and of the past one with the club."""
    make_programme(world, Event.objects.get(slug=world.main_event), SESSIONS[world.size])
    world.made.append(format_lazy(_("{count} sessions"), count=SESSIONS[world.size]))
    past = Event.objects.filter(slug__startswith="convention-", starts_at__lt=world.now).first()
    if world.size == "club" and past:
        make_programme(world, past, 20)


def make_programme(world: World, event: Event, count: int) -> None:
    """Plenaries first, then talks over rooms and slots until there are `count`."""
    Schedule.objects.create(event=event, version="1", acronym=event.slug, changed_at=world.now)
    tracks = Track.objects.bulk_create(
        Track(event=event, name=name, slug=slugify(name), color=color, position=index)
        for index, (name, color) in enumerate(TRACKS)
    )
    rooms = list(event.rooms.all())
    sessions = plenaries(event, rooms[0], tracks[-1]) + talks(world, event, rooms, tracks)
    chosen = sorted(sessions[:count], key=start_of)
    for number, session in enumerate(chosen, start=1):
        session.number = number
        session.guid = stable_guid(event, session.title, start_of(session).isoformat())
        session.slug = slugify(session.title)
        session.day = start_of(session).date()
    Session.objects.bulk_create(chosen)
    make_speakers(world, event, [session for session in chosen if session.kind != "plenary"])


def start_of(session: Session) -> datetime.datetime:
    """When a session starts: all of the demo's have a time."""
    assert session.starts_at is not None
    return session.starts_at


def stable_guid(event: Event, *parts: str) -> uuid.UUID:
    """The same guid for the same thing of the same event."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join((event.slug, *parts)))


def moment(event: Event, day: int, hour: int, minute: int) -> datetime.datetime:
    """A time on the event's first or second day, in its zone."""
    date = event.starts_at.astimezone(event.zone).date() + datetime.timedelta(days=day)
    return datetime.datetime.combine(date, datetime.time(hour, minute), event.zone)


def plenaries(event: Event, room: Room, track: Track) -> list[Session]:
    """What everybody attends."""
    return [
        Session(
            event=event,
            title=title,
            kind="plenary",
            language="fr",
            room=room,
            track=track,
            starts_at=(start := moment(event, *when)),
            ends_at=start + datetime.timedelta(minutes=minutes),
        )
        for when, (title, minutes) in PLENARIES.items()
    ]


def talks(world: World, event: Event, rooms: list[Room], tracks: list[Track]) -> list[Session]:
    """Talks in every room at every slot; the large demo uses shorter slots to hold 200."""
    titles = list(TALKS)
    world.rng("titles").shuffle(titles)
    large = world.size == "large"
    places = list(product(large_slots() if large else SLOTS, rooms))
    length = datetime.timedelta(minutes=25) if large else LENGTH
    return [
        Session(
            event=event,
            title=title if index < len(titles) else f"{title} ({index // len(titles) + 1})",
            kind="workshop" if title.startswith("Atelier") else "talk",
            capacity=WORKSHOP if (small := is_small(index, title)) else None,
            is_bookable=small and event.starts_at > world.now,
            language="fr",
            room=room,
            track=tracks[track],
            abstract=ABSTRACT,
            starts_at=(start := moment(event, *slot)),
            ends_at=start + length,
        )
        for index, ((slot, room), (title, track)) in enumerate(
            zip(places, islice(cycle(titles), len(places)), strict=False)
        )
    ]


def is_small(index: int, title: str) -> bool:
    """Whether a session is a workshop, or held in a small circle: a few beside each other, to choose from."""
    return title.startswith("Atelier") or index % 12 in {3, 4}


def large_slots() -> list[tuple[int, int, int]]:
    """Twenty-four half hours between the plenaries of both days."""
    first = [(9, 50), (10, 20), (10, 50), (11, 20), (11, 50)]
    first += [(hour, minute) for hour in (14, 15, 16) for minute in (0, 30)] + [(17, 0)]
    second = [(9, 15), (9, 45), (10, 15), (10, 45), (11, 15), (11, 40), (12, 5)]
    second += [(13, 50), (14, 15), (14, 40), (15, 5), (15, 30)]
    return [(0, *time) for time in first] + [(1, *time) for time in second]


def make_speakers(world: World, event: Event, sessions: list[Session]) -> None:
    """One or two people of the club for each talk."""
    people = list(Person.objects.filter(employments__isnull=False).order_by("pk").distinct()[: world.people])
    rng = world.rng("speakers", event.slug)
    busy: dict[datetime.datetime, set[int]] = defaultdict(set)
    casts = []
    for session in sessions:
        assert session.starts_at is not None
        free = [person for person in people if person.pk not in busy[session.starts_at]]
        casts.append(rng.sample(free, rng.choice((1, 1, 2))))
        busy[session.starts_at] |= {person.pk for person in casts[-1]}
    names = {person.pk: person for cast in casts for person in cast}
    speakers = {
        key: Speaker(
            event=event,
            name=person.name,
            guid=stable_guid(event, "speaker", str(key)),
            biography=biography(person),
        )
        for key, person in names.items()
    }
    Speaker.objects.bulk_create(speakers.values())
    SessionSpeaker.objects.bulk_create(
        SessionSpeaker(session=session, speaker=speakers[person.pk], position=position)
        for session, cast in zip(sessions, casts, strict=True)
        for position, person in enumerate(cast)
    )


def biography(person: Person) -> str:
    """Two sentences."""
    return (
        f"{person.name} travaille dans l’infrastructure depuis quinze ans et partage ici un chantier récent."
    )
