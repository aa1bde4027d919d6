"""Create the demo's programme: 60 sessions on two days, 200 for the large event."""

import datetime
import uuid
from collections import defaultdict
from itertools import cycle, islice, product

from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.events.models import Event, Room
from convention.seeding import DemoWorld

from .demo_programme import (
    DEMO_ABSTRACT,
    DEMO_BREAKS,
    DEMO_MEMBERS_SESSIONS,
    DEMO_PLENARIES,
    DEMO_SLOTS,
    DEMO_TALKS,
    DEMO_TRACKS,
)
from .drafts.current_draft import get_current_draft
from .drafts.slot_state import SlotState
from .models import (
    Schedule,
    ScheduleDraft,
    ScheduleVersion,
    Session,
    SessionSpeaker,
    Slot,
    Speaker,
    Track,
)
from .seed_proposals import create_demo_call
from .versions.publish import Notify, publish_draft

SESSION_COUNTS = {"small": 20, "club": 60, "large": 200}
# Capacity of the bookable demo workshops.
WORKSHOP_CAPACITY = 24
SESSION_DURATION = datetime.timedelta(minutes=50)


def seed(world: DemoWorld) -> None:
    """Create tracks, speakers and sessions of this size's convention, and of the club's past edition."""
    main_event = Event.objects.get(slug=world.main_event_slug)
    create_programme(world, main_event, SESSION_COUNTS[world.size])
    create_demo_call(world, main_event)
    world.created.append(format_lazy(_("{count} sessions"), count=SESSION_COUNTS[world.size]))
    past = Event.objects.filter(slug__startswith="convention-", starts_at__lt=world.now).first()
    if world.size == "club" and past:
        create_programme(world, past, 20)


def create_programme(world: DemoWorld, event: Event, session_count: int) -> None:
    """Create plenaries first, then talks over rooms and slots until there are `session_count`."""
    Schedule.objects.create(event=event, acronym=event.slug, changed_at=world.now)
    tracks = Track.objects.bulk_create(
        Track(event=event, name=name, slug=slugify(name), color=color, position=index)
        for index, (name, color) in enumerate(DEMO_TRACKS)
    )
    rooms = list(event.rooms.all())
    sessions = make_plenaries(event, rooms[0], tracks[-1]) + make_talks(world, event, rooms, tracks)
    chosen = sorted(sessions[:session_count], key=get_session_start)
    for number, session in enumerate(chosen, start=1):
        session.number = number
        session.guid = make_stable_guid(event, session.title, get_session_start(session).isoformat())
        session.slug = slugify(session.title)
    states = [take_slot(session) for session in chosen]
    Session.objects.bulk_create(chosen)
    publish_first_version(world, event, dict(zip(chosen, states, strict=True)))
    create_speakers(world, event, [session for session in chosen if session.kind != "plénière"])


def take_slot(session: Session) -> SlotState:
    """Return the slot of an unsaved session, and leave the session without a time: publishing sets it."""
    state = SlotState.of_session(session)
    assert state
    session.room = session.starts_at = session.ends_at = None
    return state


def publish_first_version(world: DemoWorld, event: Event, states: dict[Session, SlotState]) -> None:
    """Publish the sessions as the event's first version, at the demo's time; the rows get their columns."""
    # Slots are created without moves, so that the demo's history is empty.
    draft = get_current_draft(event)
    Slot.objects.bulk_create(
        Slot(draft=draft, session=session, **state.to_columns()) for session, state in states.items()
    )
    version = publish_draft(draft=draft, name="initiale", notify=Notify.NOBODY)
    ScheduleVersion.objects.filter(pk=version.pk).update(published_at=world.now)
    ScheduleDraft.objects.filter(pk=draft.pk).update(created_at=world.now)
    Schedule.objects.filter(event=event).update(changed_at=world.now)
    for session in states:
        session.refresh_from_db(fields=[*Session.PUBLISHED_FIELDS])


def get_session_start(session: Session) -> datetime.datetime:
    assert session.starts_at is not None
    return session.starts_at


def make_stable_guid(event: Event, *parts: str) -> uuid.UUID:
    """Return the same guid for the same parts of the same event."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join((event.slug, *parts)))


def make_local_moment(event: Event, day: int, hour: int, minute: int) -> datetime.datetime:
    """Return a time on the event's first or second day, in its time zone."""
    date = event.starts_at.astimezone(event.zone).date() + datetime.timedelta(days=day)
    return datetime.datetime.combine(date, datetime.time(hour, minute), event.zone)


def make_plenaries(event: Event, room: Room, track: Track) -> list[Session]:
    return [
        Session(
            event=event,
            title=title,
            role=Session.Role.BREAK if title in DEMO_BREAKS else Session.Role.PLENARY,
            is_for_members=title in DEMO_MEMBERS_SESSIONS,
            kind="plénière",
            language="fr",
            room=room,
            track=track,
            starts_at=(start := make_local_moment(event, *when)),
            ends_at=start + datetime.timedelta(minutes=minutes),
        )
        for when, (title, minutes) in DEMO_PLENARIES.items()
    ]


def make_talks(world: DemoWorld, event: Event, rooms: list[Room], tracks: list[Track]) -> list[Session]:
    """Make talks in every room and slot, shorter ones in the large demo; titles are used again, numbered."""
    titles = list(DEMO_TALKS)
    world.make_rng("titles").shuffle(titles)
    is_large = world.size == "large"
    places = list(product(list_large_slots() if is_large else DEMO_SLOTS, rooms))
    length = datetime.timedelta(minutes=25) if is_large else SESSION_DURATION
    return [
        Session(
            event=event,
            title=title if index < len(titles) else f"{title} ({index // len(titles) + 1})",
            kind="atelier" if title.startswith("Atelier") else "conférence",
            capacity=WORKSHOP_CAPACITY if (is_small_session := is_workshop(index, title)) else None,
            is_bookable=is_small_session and event.starts_at > world.now,
            language="fr",
            room=room,
            track=tracks[track],
            abstract=DEMO_ABSTRACT,
            starts_at=(start := make_local_moment(event, *slot)),
            ends_at=start + length,
        )
        for index, ((slot, room), (title, track)) in enumerate(
            zip(places, islice(cycle(titles), len(places)), strict=False)
        )
    ]


def is_workshop(index: int, title: str) -> bool:
    """Return whether a session is a workshop: some run in parallel, to choose from."""
    return title.startswith("Atelier") or index % 12 in {3, 4}


def list_large_slots() -> list[tuple[int, int, int]]:
    """Return twenty-four half hours between the plenaries of both days."""
    first = [(9, 50), (10, 20), (10, 50), (11, 20), (11, 50)]
    first += [(hour, minute) for hour in (14, 15, 16) for minute in (0, 30)] + [(17, 0)]
    second = [(9, 15), (9, 45), (10, 15), (10, 45), (11, 15), (11, 40), (12, 5)]
    second += [(13, 50), (14, 15), (14, 40), (15, 5), (15, 30)]
    return [(0, *time) for time in first] + [(1, *time) for time in second]


def create_speakers(world: DemoWorld, event: Event, sessions: list[Session]) -> None:
    """Create one or two speakers for each talk."""
    people = list(
        Person.objects.filter(employments__isnull=False).order_by("pk").distinct()[: world.person_count]
    )
    rng = world.make_rng("speakers", event.slug)
    busy: dict[datetime.datetime, set[int]] = defaultdict(set)
    speaker_groups = []
    for session in sessions:
        assert session.starts_at is not None
        # The demo must not show conflicts: nobody speaks in two sessions at once.
        free = [person for person in people if person.pk not in busy[session.starts_at]]
        speaker_groups.append(rng.sample(free, rng.choice((1, 1, 2))))
        busy[session.starts_at] |= {person.pk for person in speaker_groups[-1]}
    persons = {person.pk: person for group in speaker_groups for person in group}
    speakers = {
        key: Speaker(
            event=event,
            name=person.name,
            guid=make_stable_guid(event, "speaker", str(key)),
            biography=write_biography(person),
        )
        for key, person in persons.items()
    }
    Speaker.objects.bulk_create(speakers.values())
    SessionSpeaker.objects.bulk_create(
        SessionSpeaker(session=session, speaker=speakers[person.pk], position=position)
        for session, group in zip(sessions, speaker_groups, strict=True)
        for position, person in enumerate(group)
    )


def write_biography(person: Person) -> str:
    return (
        f"{person.name} travaille dans l’infrastructure depuis quinze ans et partage ici un chantier récent."
    )
