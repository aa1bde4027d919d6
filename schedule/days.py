"""Conference days: what runs past midnight belongs to the day before."""

import datetime
import zoneinfo

SHORTEST = datetime.timedelta(minutes=5)


def programme_day(
    moment: datetime.datetime, zone: zoneinfo.ZoneInfo, day_starts: datetime.time
) -> datetime.date:
    """The day of the programme that a moment belongs to, when days begin at `day_starts`, local time."""
    local = moment.astimezone(zone)
    day = local.date()
    return day if local.time() >= day_starts else day - datetime.timedelta(days=1)


def shown_end(starts_at: datetime.datetime, ends_at: datetime.datetime | None) -> datetime.datetime:
    """An end that can be drawn: at least five minutes after the start."""
    return max(ends_at or starts_at, starts_at + SHORTEST)


def is_outside(
    starts_at: datetime.datetime | None,
    ends_at: datetime.datetime | None,
    hours: tuple[datetime.datetime, datetime.datetime],
) -> bool:
    """Whether a session begins before its event does, or ends after it; one without a time does neither."""
    begins, ends = hours
    return starts_at is not None and (starts_at < begins or (ends_at or starts_at) > ends)
