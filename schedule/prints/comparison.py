"""Compare the published programme with the version that is on paper."""

import datetime

from django.utils.translation import gettext as _

from convention.errors import NotFound
from convention.events.models import Event
from schedule.models import ProgrammeAudience, Schedule, ScheduleVersion
from schedule.paper.comparison import Comparison, PrintedChange
from schedule.programme.days import get_programme_day
from schedule.versions.differences import SlotDifference, TimetableDifferences, compare_timetables
from schedule.versions.sentences import KIND_LABELS, describe_change, describe_version
from schedule.versions.timetables import (
    load_published_timetable,
    load_version_timetable,
    select_visible_changes,
)


def get_version(event: Event, number: int) -> ScheduleVersion:
    """Return the version of that number. Raise NotFound."""
    version: ScheduleVersion | None = event.schedule_versions.filter(number=number).first()
    if version is None:
        raise NotFound(_("This version does not exist."))
    return version


def load_differences(version: ScheduleVersion) -> TimetableDifferences:
    """Return the differences between a version and what is published now."""
    return compare_timetables(load_version_timetable(version), load_published_timetable(version.event))


def load_comparison(event: Event, number: int, *, audience: ProgrammeAudience) -> Comparison:
    """Return the changes since a version that an audience sees, in the active language. Raise NotFound."""
    version = get_version(event, number)
    differences = select_visible_changes(load_differences(version), event, audience)
    schedule = Schedule.load(event)
    changed = {
        place
        for change in differences.changes
        for place in list_changed_places(change, event, schedule.day_starts_at)
    }
    changes = [
        PrintedChange(
            get_day(change.slot.starts_at, change.slot.day, event, schedule.day_starts_at),
            change.slot.title,
            tuple(str(KIND_LABELS[kind]) for kind in change.kinds),
            describe_change(change, event.zone),
        )
        for change in differences.changes
    ]
    changes.sort(key=lambda change: change.day)
    return Comparison(describe_version(version.number, version.name), tuple(changes), frozenset(changed))


def list_changed_places(
    change: SlotDifference, event: Event, day_starts_at: datetime.time
) -> list[tuple[datetime.date, str]]:
    """Return the days and rooms whose door signs show the session, before or now."""
    return [
        (get_day(slot.starts_at, slot.day, event, day_starts_at), slot.room_name)
        for slot in (change.before, change.after)
        if slot
    ]


def get_day(
    starts_at: datetime.datetime, day: datetime.date | None, event: Event, day_starts_at: datetime.time
) -> datetime.date:
    """Return the day of the programme; versions do not store it."""
    return day or get_programme_day(starts_at, event.zone, day_starts_at)
