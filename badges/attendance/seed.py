"""The demo's doors, and the scans of the edition that is over."""

import datetime
import random
import uuid
from collections.abc import Iterator

from convention.events.models import Event
from convention.seeding import World
from registrations.models import Registration
from schedule.models import Session

from .models import Checkpoint, Device, Scan
from .pair import entrance_of
from .rebuild import rebuild_presence

SHOW_UP = 0.87
STAY_FOR_DAY_TWO = 0.8
MINUTE = datetime.timedelta(minutes=1)


def seed(world: World) -> None:
    """An entrance without time window for each event; for the past edition, what its doors saw."""
    for event in Event.objects.filter(checkpoints__isnull=True):
        entrance_of(event)
    if world.size == "club":
        past = Event.objects.filter(kind=Event.Kind.CONVENTION, ends_at__lt=world.now).first()
        if past:
            attend(world, past)


def attend(world: World, event: Event) -> None:
    """People arrive at two phones, leave in the evening, and sit in sessions."""
    rng = world.rng("scans", event.slug)
    phones = [make_device(world, event, entrance_of(event), number) for number in (1, 2)]
    doors = [make_door(world, event, session) for session in event.sessions.exclude(kind="plenary")[:6]]
    scans: list[Scan] = []
    for registration in event.registrations.confirmed():
        if rng.random() < SHOW_UP:
            scans += days_of(rng, event, registration, phones)
            scans += [sit(rng, registration, door) for door in doors if rng.random() < 0.2]
    Scan.objects.bulk_create(scans, batch_size=500)
    rebuild_presence(event=event)


def make_device(world: World, event: Event, door: Checkpoint, number: int) -> Device:
    """A phone that was used, and is revoked once the event is over; nobody has what it signs with."""
    last = min(event.ends_at, world.now)
    return Device.objects.create(
        event=event,
        checkpoint=door,
        name=f"{door.name} {number}",
        token_hash=f"{world.rng('device', event.slug, door.name, number).getrandbits(256):064x}",
        expires_at=event.ends_at,
        revoked_at=last if last == event.ends_at else None,
        seen_at=last,
    )


def make_door(world: World, event: Event, session: Session) -> Device:
    """A session's door and its phone."""
    door = Checkpoint.objects.create(
        event=event,
        session=session,
        name=session.title[:200],
        kind=Checkpoint.Kind.SESSION,
        opens_at=session.starts_at - 20 * MINUTE if session.starts_at else None,
        closes_at=session.ends_at,
        position=1,
    )
    return make_device(world, event, door, 1)


def days_of(
    rng: random.Random, event: Event, registration: Registration, phones: list[Device]
) -> Iterator[Scan]:
    """In with the morning's crowd, out in the evening, on one day or both."""
    days = (0, 1) if rng.random() < STAY_FOR_DAY_TWO else (0,)
    for day in days:
        opening = event.starts_at + datetime.timedelta(days=day)
        arrival = opening + rng.gauss(25, 22) * MINUTE
        leaving = opening + datetime.timedelta(hours=9) + rng.gauss(10, 20) * MINUTE
        yield make_scan(rng, registration, rng.choice(phones), (max(opening, arrival), Scan.Direction.IN))
        yield make_scan(rng, registration, rng.choice(phones), (leaving, Scan.Direction.OUT))


def sit(rng: random.Random, registration: Registration, door: Device) -> Scan:
    """In at a session's door, around its start."""
    starts_at = door.checkpoint.session.starts_at if door.checkpoint.session else None
    at = (starts_at or door.event.starts_at) + rng.uniform(-10, 6) * MINUTE
    return make_scan(rng, registration, door, (at, Scan.Direction.IN))


def make_scan(
    rng: random.Random, registration: Registration, device: Device, passage: tuple[datetime.datetime, str]
) -> Scan:
    """One scan as a phone would have sent it."""
    at, direction = passage
    return Scan(
        uid=uuid.UUID(int=rng.getrandbits(128), version=4),
        device=device,
        event_id=device.event_id,
        checkpoint_id=device.checkpoint_id,
        registration=registration,
        payload_hash=f"{rng.getrandbits(256):064x}",
        direction=direction,
        scanned_at=at,
        received_at=at,
        effective_at=at,
        verdict="admitted",
    )
