"""When a badge was read: by the device's clock, set right by what it measured of the server's."""

import datetime

from .reading import Reading

LATE = datetime.timedelta(seconds=20)
SKEW = datetime.timedelta(minutes=2)
MILLISECOND = datetime.timedelta(milliseconds=1)


def effective(reading: Reading, now: datetime.datetime) -> datetime.datetime:
    """When the badge was read by the server's clock; never after it was received."""
    return min(reading.at + MILLISECOND * (reading.clock_offset_ms or 0), now)


def is_late(reading: Reading, now: datetime.datetime) -> bool:
    """Whether the person has long passed when the server hears of it."""
    return now - effective(reading, now) > LATE


def is_uncertain(reading: Reading, now: datetime.datetime) -> bool:
    """Whether the device's clock cannot be trusted to two minutes."""
    offset = reading.clock_offset_ms
    if offset is None or abs(offset) * MILLISECOND > SKEW:
        return True
    return reading.at + offset * MILLISECOND > now + SKEW


def stamp(moment: datetime.datetime | None) -> int | None:
    """Milliseconds since 1970."""
    return None if moment is None else int(moment.timestamp() * 1000)
