"""Create the demo's checkpoints, and the scans of its past edition."""

import datetime
import random
import uuid
from collections.abc import Iterator

from convention.events.models import Event
from convention.seeding import DemoWorld
from registrations.models import Registration
from schedule.models import Session

from .devices.pairing import get_or_create_entrance
from .models import Checkpoint, Device, Scan
from .scanning.presence_store import rebuild_presence

SHOW_UP_RATE = 0.87
SECOND_DAY_RATE = 0.8
MINUTE = datetime.timedelta(minutes=1)


def seed(world: DemoWorld) -> None:
    """Create an entrance without opening hours for each event, and the scans of the past edition."""
    for event in Event.objects.filter(checkpoints__isnull=True):
        get_or_create_entrance(event)
    if world.size == "club":
        past = Event.objects.filter(kind=Event.Kind.CONVENTION, ends_at__lt=world.now).first()
        if past:
            seed_attendance(world, past)


def seed_attendance(world: DemoWorld, event: Event) -> None:
    """Create scans: attendees arrive at two devices, leave in the evening and attend sessions."""
    rng = world.make_rng("scans", event.slug)
    phones = [create_seed_device(world, event, get_or_create_entrance(event), number) for number in (1, 2)]
    checkpoints = [
        create_session_device(world, event, session)
        for session in event.sessions.filter(role=Session.Role.TALK)[:6]
    ]
    scans: list[Scan] = []
    for registration in event.registrations.confirmed():
        if rng.random() < SHOW_UP_RATE:
            scans += make_entrance_scans(rng, event, registration, phones)
            scans += [
                make_session_scan(rng, registration, checkpoint)
                for checkpoint in checkpoints
                if rng.random() < 0.2
            ]
    # Not through record_scans, which takes its time from the clock: these scans lie in the past.
    Scan.objects.bulk_create(scans, batch_size=500)
    rebuild_presence(event=event)


def create_seed_device(world: DemoWorld, event: Event, checkpoint: Checkpoint, number: int) -> Device:
    """Create a device that is revoked after the event; nobody knows its token."""
    is_over = event.ends_at <= world.now
    return Device.objects.create(
        event=event,
        checkpoint=checkpoint,
        name=f"{checkpoint.name} {number}",
        # From the seed, so that two demos are equal; no token has this hash.
        token_hash=f"{world.make_rng('device', event.slug, checkpoint.name, number).getrandbits(256):064x}",
        expires_at=event.ends_at,
        revoked_at=event.ends_at if is_over else None,
        # Nobody holds these phones: seen once, they would be reported as silent two minutes later.
        seen_at=event.ends_at if is_over else None,
    )


def create_session_device(world: DemoWorld, event: Event, session: Session) -> Device:
    checkpoint = Checkpoint.objects.create(
        event=event,
        session=session,
        name=session.title[:200],
        kind=Checkpoint.Kind.SESSION,
        opens_at=session.starts_at - 20 * MINUTE if session.starts_at else None,
        closes_at=session.ends_at,
        position=1,
    )
    return create_seed_device(world, event, checkpoint, 1)


def make_entrance_scans(
    rng: random.Random, event: Event, registration: Registration, phones: list[Device]
) -> Iterator[Scan]:
    """Make one attendee's scans at the entrance, on one day or both."""
    days = (0, 1) if rng.random() < SECOND_DAY_RATE else (0,)
    for day in days:
        opening = event.starts_at + datetime.timedelta(days=day)
        arrival = opening + rng.gauss(25, 22) * MINUTE
        leaving = opening + datetime.timedelta(hours=9) + rng.gauss(10, 20) * MINUTE
        yield make_scan(rng, registration, rng.choice(phones), (max(opening, arrival), Scan.Direction.IN))
        yield make_scan(rng, registration, rng.choice(phones), (leaving, Scan.Direction.OUT))


def make_session_scan(rng: random.Random, registration: Registration, device: Device) -> Scan:
    starts_at = device.checkpoint.session.starts_at if device.checkpoint.session else None
    at = (starts_at or device.event.starts_at) + rng.uniform(-10, 6) * MINUTE
    return make_scan(rng, registration, device, (at, Scan.Direction.IN))


def make_scan(
    rng: random.Random, registration: Registration, device: Device, passage: tuple[datetime.datetime, str]
) -> Scan:
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
        let_in=True,
    )
