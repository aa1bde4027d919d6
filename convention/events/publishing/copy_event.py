"""Copy an event with all its settings, but no personal data except, at most, its team; the result is a draft.

Each app copies its own rows through the hook `event_copiers`, with the tools of `EventCopy`. The next meeting
of a working group is a copy of its last one.
"""

import datetime
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from convention import hooks
from convention.audit.record import record_action
from convention.club.models import Person, WorkingGroup
from convention.events.models import EVENT_TIME_FIELDS, Event, EventPicture, EventRole, Room, Venue
from convention.events.permissions import runs_for_club
from convention.events.roles import save_event_role
from convention.events.slugs import create_event, make_event_slug


class CopiedTeam(enum.Enum):
    """Whether the roles at an event are copied with it: only for those who could give them."""

    INCLUDED = "included"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class EventCopy:
    """A copy in progress: both events, the days between them, and the copy of each row."""

    source: Event
    target: Event
    days: int
    team: CopiedTeam = CopiedTeam.INCLUDED
    copied_rows: dict[tuple[type[models.Model], int], models.Model] = field(default_factory=dict)

    def shift(self, moment: datetime.datetime | None) -> datetime.datetime | None:
        """Move a time by whole days on the event's own clock, so that 9:00 stays 9:00 in winter."""
        return shift_moment(moment, self.days, self.source.zone)

    def find_copy(self, model: type[models.Model], pk: int | None) -> Any:
        """Return the new row of an old one; None if it was not copied."""
        return self.copied_rows.get((model, pk)) if pk else None

    def copy_rows(
        self,
        rows: Iterable[models.Model],
        *,
        moments: Sequence[str] = (),
        links: Mapping[str, type[models.Model]] | None = None,
        **values: Any,
    ) -> None:
        """Copy each row into the new event.

        `moments` are shifted; `links` are foreign keys to rows copied before, by field name; `values` are the
        same for all copies.
        """
        for row in rows:
            columns = copy_fields(row)
            if hasattr(row, "event_id"):
                columns["event_id"] = self.target.pk
            columns |= {name: self.shift(columns[name]) for name in moments}
            for name, model in (links or {}).items():
                columns.pop(f"{name}_id")
                columns[name] = self.find_copy(model, getattr(row, f"{name}_id"))
            new_row = type(row)(**columns | values)
            new_row.save(force_insert=True)
            self.copied_rows[type(row), row.pk] = new_row

    def copy_links(self, rows: Iterable[models.Model], name: str, model: type[models.Model]) -> None:
        """Set the many-to-many field `name` of the copies to the copies of the linked rows."""
        for row in rows:
            targets = [self.find_copy(model, pk) for pk in getattr(row, name).values_list("pk", flat=True)]
            getattr(self.find_copy(type(row), row.pk), name).set([target for target in targets if target])


def copy_fields(row: models.Model) -> dict[str, Any]:
    """Return the values of a row's columns, by attribute, except its key."""
    fields = row._meta.concrete_fields
    return {item.attname: getattr(row, item.attname) for item in fields if not item.primary_key}


def shift_moment(
    moment: datetime.datetime | None, days: int, zone: datetime.tzinfo
) -> datetime.datetime | None:
    """Return the moment some days later, at the same hour of the clock in that zone."""
    if moment is None:
        return None
    local = moment.astimezone(zone).replace(tzinfo=None) + datetime.timedelta(days=days)
    # An hour that the change of clocks skips becomes the one after it.
    return local.replace(tzinfo=zone).astimezone(datetime.UTC)


@transaction.atomic
def copy_event(
    *,
    source: Event,
    name: str,
    name_en: str,
    slug: str,
    starts_on: datetime.date,
    other_values: Mapping[str, Any] | None = None,
    team: CopiedTeam = CopiedTeam.INCLUDED,
) -> Event:
    """Create a draft with the settings of another event, whose first day becomes `starts_on`.

    `other_values` are those of columns that differ from the source. The draft gets another slug if `slug`
    was taken meanwhile.
    """
    days = (starts_on - source.starts_at.astimezone(source.zone).date()).days
    values = copy_fields(source) | {"name": name, "name_en": name_en, "slug": slug, "sequence": 0}
    values |= {moment: shift_moment(values[moment], days, source.zone) for moment in EVENT_TIME_FIELDS}
    values |= {"visibility": Event.Visibility.DRAFT, "cancelled_at": None, "cancellation_reason": ""}
    target = create_event(values | dict(other_values or {}))
    event_copy = EventCopy(source, target, days, team)
    # Apps are set up from the highest layer to the lowest; rows of lower layers are copied first.
    for copy_app_rows in reversed(hooks.event_copiers.providers()):
        copy_app_rows(event_copy)
    record_action("event.copy", target, event=target, fields=["name", "slug", "starts_at"])
    return target


def copy_rooms_and_team(event_copy: EventCopy) -> None:
    """Copy the rooms and pictures, and the roles that the club gave and that are open today.

    Roles begin today, and their ends move with the event; those of closed accounts are left out.
    """
    event_copy.copy_rows(Room.objects.filter(event=event_copy.source), guid="")
    event_copy.copy_rows(EventPicture.objects.filter(event=event_copy.source))
    if event_copy.team == CopiedTeam.INCLUDED:
        _copy_team(event_copy)


def _copy_team(event_copy: EventCopy) -> None:
    today = timezone.localdate()
    # Roles under a contract are for one event.
    roles = EventRole.objects.open(at=today).filter(
        event=event_copy.source, delegation=None, person__is_active=True
    )
    for role in roles.select_related("person").order_by("pk"):
        # The copy may be earlier than its source: the role must not end before it begins today.
        ends_on = role.ends_on and max(role.ends_on + datetime.timedelta(days=event_copy.days), today)
        save_event_role(event=event_copy.target, person=role.person, role=role.role, days=(today, ends_on))


def find_last_meeting(group: WorkingGroup) -> Event | None:
    """Return the group's latest meeting that was not cancelled, also one that is still to come, or None."""
    meetings = Event.objects.filter(group=group, kind=Event.Kind.GROUP_MEETING, cancelled_at=None)
    return meetings.order_by("-starts_at", "-pk").first()


@transaction.atomic
def copy_meeting(
    *,
    source: Event,
    actor: Person,
    name: str,
    name_en: str,
    starts_on: datetime.date,
    venue: Venue | None,
) -> Event:
    """Create a draft with the settings of the group's last meeting, on another day and at this venue.

    A new venue is saved first. The team is copied only if the actor may appoint it (`runs_for_club`).
    """
    if venue and venue.pk is None:
        venue.save()
    return copy_event(
        source=source,
        name=name,
        name_en=name_en,
        slug=make_event_slug(name),
        starts_on=starts_on,
        other_values={"venue_id": venue and venue.pk},
        team=CopiedTeam.INCLUDED if runs_for_club(actor, source) else CopiedTeam.LEFT_OUT,
    )
