"""The demo's seats in workshops, one of them full with a few people who wait."""

import datetime
import random
from collections import defaultdict

from convention.events.models import Event
from convention.seeding import World
from schedule.around import clashing
from schedule.models import Session

from .models import Registration, SessionSeat, WaitingEntry

FILLED = (1.0, 0.9, 0.5, 0.25)
WAITING = 3


def make_seats(world: World, event: Event) -> None:
    """Fill the workshops of an event one after the other, nobody in two at once."""
    rng = world.rng("seats", event.slug)
    people = list(Registration.objects.confirmed().filter(event=event).order_by("pk"))
    booked: dict[int, list[Session]] = defaultdict(list)
    for number, session in enumerate(event.sessions.filter(is_bookable=True).order_by("number")):
        free = [person for person in people if not clashing(session, booked[person.pk])]
        places = min(round((session.capacity or 0) * FILLED[number % len(FILLED)]), len(free))
        chosen = rng.sample(free, min(places + WAITING, len(free)))
        for person in chosen[:places]:
            booked[person.pk].append(session)
        _write(world, rng, session, chosen, places)


def _write(
    world: World, rng: random.Random, session: Session, chosen: list[Registration], places: int
) -> None:
    """The seats of one session, and who waits where it is full."""
    SessionSeat.objects.bulk_create(
        SessionSeat(
            registration=person, session=session, booked_at=world.now, known_starts_at=session.starts_at
        )
        for person in chosen[:places]
    )
    Session.objects.filter(pk=session.pk).update(taken=places)
    if places == session.capacity:
        WaitingEntry.objects.bulk_create(
            WaitingEntry(
                event_id=session.event_id,
                session=session,
                registration=person,
                joined_at=world.now - datetime.timedelta(minutes=rng.randrange(1, 600)),
                join_told_at=world.now,
            )
            for person in chosen[places:]
        )
