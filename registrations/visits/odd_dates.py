"""What is odd about when a visit takes place: too long, over already, or locked at once. Pure."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

LONGEST = datetime.timedelta(days=5)
"""A visit is a day, or a few: identities are kept until seven days after its end, and not longer."""


@dataclass(frozen=True)
class When:
    """When a visit starts and ends, and when its list is to be locked, or was."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime
    locks_at: datetime.datetime
    locked_at: datetime.datetime | None = None


def about_length(starts_at: datetime.datetime, ends_at: datetime.datetime) -> str:
    """What is wrong with how long it lasts; nothing where it is a few days at most."""
    if ends_at - starts_at <= LONGEST:
        return ""
    sentence = _("A visit lasts %(days)d days at most: look at its start and its end again.")
    return sentence % {"days": LONGEST.days}


def about_start(starts_at: datetime.datetime, now: datetime.datetime) -> str:
    """What is wrong with a start that somebody chooses now: it has passed."""
    return _("This moment has passed: a visit is set on a day ahead.") if starts_at <= now else ""


def about_new_dates(was: When, new: When, *, now: datetime.datetime) -> dict[str, list[str]]:
    """What speaks against moving a visit that members know of, by field; what has begun may end earlier."""
    found: dict[str, str] = {"ends_at": about_length(new.starts_at, new.ends_at)}
    if new.starts_at != was.starts_at and was.starts_at > now:
        found["starts_at"] = about_start(new.starts_at, now)
    if new.locked_at and new.ends_at <= new.locked_at:
        found["ends_at"] = _("The list was locked later than that: the visit ends after it.")
    if new.locked_at is None and new.locks_at <= now < was.locks_at and not found.get("starts_at"):
        found["starts_at"] = _(
            "The list would be locked at once: choose a later day, or fewer working days in its facts."
        )
    return {field: [sentence] for field, sentence in found.items() if sentence}
