"""Change what conflicts depend on: levels of kinds, walking times, rooms, and times of rooms and speakers."""

import datetime
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ObjectNotUpdated
from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import NotFound
from convention.events.models import Event, Room
from schedule.models import Availability, ConflictLevel, DayHours, Schedule, Speaker, WalkingTime

from .kinds import AUDIENCE_KINDS, BUFFER_KINDS, DEFAULT_RULES, ConflictKind, KindRule
from .planning_hours import SetHours
from .timetable import AvailabilityPeriod


@transaction.atomic
def save_kind_rules(*, event: Event, rules: Mapping[ConflictKind, KindRule]) -> None:
    """Save how the event treats each kind; a kind as by default needs no row."""
    # Locked, since two who save at once would both add the rows. `no_key`: registrations need not wait.
    Event.objects.select_for_update(no_key=True, of=("self",)).get(pk=event.pk)
    event.conflict_levels.filter(kind__in=rules).delete()
    ConflictLevel.objects.bulk_create(
        ConflictLevel(
            event=event,
            kind=kind,
            level=rule.level,
            minutes=rule.minutes if kind in BUFFER_KINDS else None,
            minimum_people=rule.minimum_people if kind in AUDIENCE_KINDS else None,
        )
        for kind, rule in rules.items()
        if rule != DEFAULT_RULES[kind]
    )
    record_action("conflict_levels.change", event, event=event, fields=["level", "minutes", "minimum_people"])


@transaction.atomic
def save_walking_times(*, event: Event, minutes: Mapping[tuple[str, str], int | None]) -> None:
    """Save the minutes between these pairs of zones; None leaves the default."""
    # Locked as above.
    Event.objects.select_for_update(no_key=True, of=("self",)).get(pk=event.pk)
    zones = {zone for pair in minutes for zone in pair}
    # In either order, since an older row may have the other one.
    event.walking_times.filter(from_zone__in=zones, to_zone__in=zones).delete()
    WalkingTime.objects.bulk_create(
        WalkingTime(event=event, from_zone=first, to_zone=second, minutes=number)
        for (first, second), number in minutes.items()
        if number is not None
    )
    record_action("walking_times.change", event, event=event, fields=["minutes"])


@transaction.atomic
def save_planning_hours(
    *,
    event: Event,
    opens_at: datetime.time | None,
    closes_at: datetime.time | None,
    single_days: Mapping[int, SetHours],
) -> None:
    """Save between which times talks are planned; None for the usual ones.

    `single_days` are the hours of days by number, from 1; days that are not listed stay as they are.
    """
    # Locked as above.
    Event.objects.select_for_update(no_key=True, of=("self",)).get(pk=event.pk)
    # Not a new revision of the programme: nothing that is shown changes.
    Schedule.objects.update_or_create(
        event=event, defaults={"planning_opens_at": opens_at, "planning_closes_at": closes_at}
    )
    event.day_hours.filter(number__in=single_days).delete()
    DayHours.objects.bulk_create(
        DayHours(event=event, number=number, opens_at=hours[0], closes_at=hours[1])
        for number, hours in single_days.items()
        if any(hour is not None for hour in hours)
    )
    fields = ["planning_opens_at", "planning_closes_at", "day_hours"]
    record_action("planning_hours.change", event, event=event, fields=fields)


@transaction.atomic
def save_room_planning(*, room: Room, changed_fields: Iterable[str]) -> None:
    """Save turnover, zone and equipment of a room. Raise NotFound if it was removed."""
    try:
        room.save(update_fields=["turnover_minutes", "zone", "features"])
    except ObjectNotUpdated:
        raise NotFound(_("This room was not found; it may have been deleted.")) from None
    record_action("room.plan", room, event=room.event, fields=sorted(changed_fields))


@transaction.atomic
def save_availabilities(*, owner: Speaker | Room, periods: Sequence[AvailabilityPeriod]) -> None:
    """Replace all times of a speaker or a room."""
    column = "room" if isinstance(owner, Room) else "speaker"
    Availability.objects.filter(**{column: owner}).delete()
    Availability.objects.bulk_create(
        Availability(
            **{column: owner},
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            level=period.level,
        )
        for period in periods
    )
    record_action(f"{column}.set_times", owner, event=owner.event, fields=["availabilities"])
