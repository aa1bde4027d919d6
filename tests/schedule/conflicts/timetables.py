"""Timetables for the tests of conflicts: small ones by hand, large ones at random."""

import datetime
import random
from dataclasses import replace

from schedule.conflicts.timetable import AvailabilityPeriod, Timetable, TimetableRoom, TimetableSession
from schedule.drafts.slot_state import SlotState
from schedule.models import Availability, Session

DAY = datetime.datetime(2026, 6, 17, tzinfo=datetime.UTC)
AULA, LAB = 1, 2
ROOMS = {AULA: TimetableRoom(AULA, "Aula", 400), LAB: TimetableRoom(LAB, "Lab", 30)}
MINUTE = datetime.timedelta(minutes=1)


def at(hour: int, minute: int = 0) -> datetime.datetime:
    return DAY + datetime.timedelta(hours=hour, minutes=minute)


def place(
    start: datetime.datetime, end: datetime.datetime, room: int | None = AULA, **values: object
) -> SlotState:
    return SlotState(room, start, end, **values)  # type: ignore[arg-type]  # any columns


def make_timetable(*entries: tuple[SlotState | None, dict[str, object]], **values: object) -> Timetable:
    """Return a timetable of sessions numbered from 1, each given by its slot and its properties."""
    sessions, placements = {}, {}
    for key, (state, properties) in enumerate(entries, start=1):
        duration = state.ends_at - state.starts_at if state else 30 * MINUTE
        sessions[key] = TimetableSession(
            **{"key": key, "title": f"Session {key}", "duration": duration, "number": key, **properties}
        )
        if state:
            placements[key] = state
    hours = ((at(9), at(18)),)
    return Timetable(
        **{"sessions": sessions, "placements": placements, "rooms": ROOMS, "hours": hours, **values}
    )


def make_random_timetable(
    seed: int, *, sessions: int, rooms: int, attendees: int, days: int = 3
) -> Timetable:
    """Return a timetable with something of every kind of conflict."""
    rng = random.Random(seed)
    zones = ["north", "south", ""]
    features = [frozenset[str](), frozenset({"projector"}), frozenset({"projector", "piano"})]
    room_rows = {
        key: TimetableRoom(
            key,
            f"Room {key}",
            rng.choice([None, 20, 100]),
            rng.choice([0, 10]),
            rng.choice(zones),
            rng.choice(features),
        )
        for key in range(1, rooms + 1)
    }
    starts = [
        DAY + datetime.timedelta(days=day, hours=9, minutes=30 * step)
        for day in range(days)
        for step in range(17)
    ]
    session_rows, placements = {}, {}
    roles = [*[Session.Role.TALK] * 20, Session.Role.PLENARY, Session.Role.BREAK, Session.Role.BLOCKER]
    for key in range(1, sessions + 1):
        role = rng.choice(roles)
        duration = rng.choice([0, 20, 30, 45, 60] if role == Session.Role.TALK else [30, 60]) * MINUTE
        session_rows[key] = TimetableSession(
            key, f"Session {key}", duration, key, role,
            speakers=frozenset(rng.sample(range(1, sessions + 1), rng.choice([0, 1, 1, 2]))),
            chairs=frozenset(rng.sample(range(1, sessions + 1), rng.choice([0, 0, 1]))),
            track=rng.choice([None, 1, 2, 3, 4, 5]),
            expected_attendance=rng.choice([None, None, 50, 150]),
            needed_features=rng.choice(features[:2]),
            follows=rng.choice([None] * 9 + [rng.randrange(1, sessions + 1)]),
        )  # fmt: skip
        room = rng.choice([None, *room_rows]) if role == Session.Role.TALK else rng.choice([None, 1])
        if rng.random() < 0.95:
            start = rng.choice(starts)
            placements[key] = place(start, start + duration, room, is_cancelled=rng.random() < 0.05)
    favourites: dict[int, set[str]] = {}
    bookings: dict[int, set[str]] = {}
    for number in range(attendees):
        for key in rng.sample(range(1, sessions + 1), min(8, sessions)):
            favourites.setdefault(key, set()).add(f"agenda-{number}")
        for key in rng.sample(range(1, sessions + 1), min(2, sessions)):
            bookings.setdefault(key, set()).add(rng.choice(["agenda", "registration"]) + f"-{number}")
    return Timetable(
        sessions=session_rows,
        rooms=room_rows,
        placements=placements,
        speaker_availabilities=make_availabilities(rng, sessions, starts),
        room_availabilities=make_availabilities(rng, rooms, starts),
        walking_minutes={frozenset({"north", "south"}): 15},
        favourites={key: frozenset(found) for key, found in favourites.items()},
        bookings={key: frozenset(found) for key, found in bookings.items()},
        hours=tuple(
            (DAY + datetime.timedelta(days=day, hours=9), DAY + datetime.timedelta(days=day, hours=18))
            for day in range(days)
        ),
    )


def make_availabilities(
    rng: random.Random, keys: int, starts: list[datetime.datetime]
) -> dict[int, tuple[AvailabilityPeriod, ...]]:
    found = {}
    for key in rng.sample(range(1, keys + 1), max(1, keys // 5)):
        begin = rng.choice(starts)
        period = AvailabilityPeriod(begin, begin + 180 * MINUTE, rng.choice([*Availability.Level]))
        later = replace(period, starts_at=period.ends_at, ends_at=period.ends_at + 120 * MINUTE)
        found[key] = (period, later)
    return found
