"""Bring a schedule file into an event."""

import datetime
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record
from convention.errors import ConventionError, Unreadable
from convention.events.models import Event

from ..clashes import Placed, clashes
from ..models import Schedule, Session
from ..revision import raise_revision
from .apply import Applied, apply
from .match import identify
from .notes import Notes, Reason
from .programme import Programme
from .read import read
from .report import Report
from .settle import main_span

MARGIN = ONE_DAY = datetime.timedelta(days=1)
NEAR = datetime.timedelta(days=7)
LATE = datetime.time(23, 59)
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,80}")


def import_schedule(*, slug: str, data: bytes) -> Report:
    """Bring the sessions of a file into the event with that address, made where there is none.

    Known sessions are updated, in the fields that the file carries; what the file no longer holds is
    kept and reported. The same file a second time changes nothing. Raises Unreadable for a file of
    which nothing can be made, before anything is changed.

    It is read in this process, for commands; pages call `read_upload` and `import_programme`.
    """
    return import_programme(slug=slug, programme=read(data, event_zone=zone_of(slug)))


def preview_schedule(*, slug: str, data: bytes) -> Report:
    """What `import_schedule` would do; nothing is kept."""
    return preview_programme(slug=slug, programme=read(data, event_zone=zone_of(slug)))


def zone_of(slug: str) -> zoneinfo.ZoneInfo | None:
    """The zone of the event with that address. Raises ConventionError where none can have it."""
    if not SLUG.fullmatch(slug):
        raise ConventionError(
            _("“%(slug)s” cannot be an event's address: use letters without accents, digits and hyphens.")
            % {"slug": slug[:100]}
        )
    event = Event.objects.filter(slug=slug).first()
    return event.zone if event else None


@transaction.atomic
def import_programme(*, slug: str, programme: Programme) -> Report:
    """Bring a programme that was read into the event with that address, as `import_schedule` does."""
    event = Event.objects.select_for_update().filter(slug=slug).first()
    if event:
        return bring_in(programme, event=event)
    return replace(bring_in(programme, event=create_event(slug, programme)), created=True)


@transaction.atomic
def preview_programme(*, slug: str, programme: Programme) -> Report:
    """What `import_programme` would do; nothing is kept."""
    report = import_programme(slug=slug, programme=programme)
    transaction.set_rollback(True)
    return report


def create_event(slug: str, programme: Programme) -> Event:
    """A public convention on the days of the file's head, if its sessions take place then.

    Otherwise it lasts from the first session to the last. Raises Unreadable without any.
    """
    if not programme.talks:
        raise Unreadable(_("This file holds no session with a title and a start: no event was made."))
    starts_at, ends_at = dates_of(programme)
    return Event.objects.create(
        slug=slug,
        name=programme.head.title or slug,
        visibility=Event.Visibility.PUBLIC,
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=programme.head.zone,
    )


def dates_of(programme: Programme) -> tuple[datetime.datetime, datetime.datetime]:
    """When an event made of the file starts and ends; a day more that its head names counts."""
    head, zone = programme.head, zoneinfo.ZoneInfo(programme.head.zone)
    first, last = main_span(programme.talks)
    ends = [talk.ends_at or talk.starts_at for talk in programme.talks if first <= talk.starts_at <= last]
    final = max(*ends, first + datetime.timedelta(minutes=1))
    if head.first_day and ONE_DAY <= first.astimezone(zone).date() - head.first_day <= NEAR:
        first = datetime.datetime.combine(head.first_day, datetime.time(), zone)
    if head.last_day and ONE_DAY <= head.last_day - final.astimezone(zone).date() <= NEAR:
        final = datetime.datetime.combine(head.last_day, LATE, zone)
    return first, final


def bring_in(programme: Programme, *, event: Event) -> Report:
    """Write a programme that was read into its event, and tell."""
    notes = Notes()
    schedule, _made = Schedule.objects.get_or_create(event=event, defaults=first_settings(programme))
    items = identify(programme.talks, slug=event.slug, notes=notes)
    applied = apply(programme, items, event=event, schedule=schedule)
    if applied.anything:
        raise_revision(event=event)
        reason = f"{programme.format}: +{len(applied.added)} ~{len(applied.changed)}"
        record("schedule.import", event, event=event, fields=sorted(applied.fields), reason=reason)
    tell(programme, event, applied, notes)
    return Report(
        event=event,
        created=False,
        format=programme.format,
        added=tuple(applied.added),
        changed=tuple(applied.changed),
        unchanged=applied.unchanged,
        gone=tuple(applied.gone),
        notes=(*programme.notes, *notes.all),
    )


def first_settings(programme: Programme) -> dict[str, object]:
    """What a new schedule takes from the file."""
    head = programme.head
    values = {"day_starts": head.day_starts, "slot_minutes": head.slot_minutes}
    return {name: value for name, value in values.items() if value}


def tell(programme: Programme, event: Event, applied: Applied, notes: Notes) -> None:
    """Note what an organizer should know of the event now."""
    for title in applied.gone:
        notes.add(Reason.GONE, title)
    if programme.head.zone != event.timezone:
        notes.add(Reason.FOREIGN_ZONE, f"{programme.head.zone} – {event.timezone}")
    if programme.talks:
        early, late = event.starts_at - MARGIN, event.ends_at + MARGIN
        first, last = main_span(programme.talks)
        for talk in programme.talks:
            if first <= talk.starts_at <= last and not early <= talk.starts_at <= late:
                notes.add(Reason.OUTSIDE_EVENT, f"{talk.title}, {talk.starts_at:%Y-%m-%d}")
    for first_title, second_title, room in room_clashes(event):
        notes.add(Reason.CLASH, f"{room}: {first_title} / {second_title}")


def room_clashes(event: Event) -> Iterator[tuple[str, str, str]]:
    """The pairs of sessions that want one room at the same time, with its name."""
    timed = Session.objects.filter(event=event, starts_at__isnull=False, ends_at__isnull=False)
    rows = timed.filter(room__isnull=False, cancelled_at=None).select_related("room")
    by_key = {session.pk: session for session in rows}
    placed = [
        Placed(session.pk, session.starts_at, session.ends_at, session.room)
        for session in by_key.values()
        if session.starts_at and session.ends_at
    ]
    for clash in clashes(placed):
        first, second = (by_key[int(str(key))].title[:40] for key in (clash.first, clash.second))
        yield first, second, str(clash.shared)
