"""Check the dates of a visit (too long, past, locked at once) and compute its deadlines."""

import datetime
import zoneinfo
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.text.working_days import working_days_before

# Identities are stored until seven days after the end, so a visit must not last for weeks.
MAX_VISIT_DURATION = datetime.timedelta(days=5)


@dataclass(frozen=True)
class VisitDates:
    """Start, end and lock time of a visit; `locked_at` is set if the list was locked already."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime
    locks_at: datetime.datetime
    locked_at: datetime.datetime | None = None


def find_length_problem(starts_at: datetime.datetime, ends_at: datetime.datetime) -> str:
    """Return an error sentence if the visit is longer than `MAX_VISIT_DURATION`, else ""."""
    if ends_at - starts_at <= MAX_VISIT_DURATION:
        return ""
    sentence = _("A visit can last at most %(days)d days. Check its start and end.")
    return sentence % {"days": MAX_VISIT_DURATION.days}


def find_start_problem(starts_at: datetime.datetime, now: datetime.datetime) -> str:
    """Return an error sentence if the start is in the past, else ""."""
    return _("Choose a date in the future.") if starts_at <= now else ""


def find_date_problems(
    old_dates: VisitDates, new_dates: VisitDates, *, now: datetime.datetime
) -> dict[str, list[str]]:
    """Return errors by field if a published visit may not move to the new dates.

    A visit that has begun may still end earlier or later.
    """
    problems: dict[str, str] = {"ends_at": find_length_problem(new_dates.starts_at, new_dates.ends_at)}
    # An unchanged start in the past is no error: the form always sends both dates.
    if new_dates.starts_at != old_dates.starts_at and old_dates.starts_at > now:
        problems["starts_at"] = find_start_problem(new_dates.starts_at, now)
    if new_dates.locked_at and new_dates.ends_at <= new_dates.locked_at:
        problems["ends_at"] = _("The visit must end after the list was locked.")
    if (
        new_dates.locked_at is None
        and new_dates.locks_at <= now < old_dates.locks_at
        and not problems.get("starts_at")
    ):
        problems["starts_at"] = _(
            "The list would be locked immediately. Choose a later date, or fewer working days in the terms."
        )
    return {field: [sentence] for field, sentence in problems.items() if sentence}


# Local time of the event, early enough for the secretary to send the list on the same day.
LOCK_TIME_OF_DAY = datetime.time(9)


def compute_lock_time(
    starts_at: datetime.datetime, zone: zoneinfo.ZoneInfo, working_days: int
) -> datetime.datetime:
    """Return when the list is locked: at `LOCK_TIME_OF_DAY`, `working_days` working days before the visit.

    The host's security needs that long to check the names. Never later than the start. The time is in `zone`.
    """
    visit_day = starts_at.astimezone(zone).date()
    lock_time = datetime.datetime.combine(
        working_days_before(visit_day, working_days), LOCK_TIME_OF_DAY, zone
    )
    # With zero working days, nine o'clock may be later than the start of an early visit.
    return min(lock_time, starts_at)
