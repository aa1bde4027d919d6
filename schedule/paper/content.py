"""What is printed, read once: plain data in the event's own time."""

import datetime
import itertools
from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from convention.dates import say_days, say_hours, say_time
from convention.events.called_off import printed_title, say_called_off
from convention.events.models import Event
from schedule.days import programme_day, shown_end
from schedule.models import Schedule, Session, SessionSpeaker
from schedule.prose import to_text

from .logos import PrintedLogo, logos_of


@dataclass(frozen=True)
class Item:
    """One session; times are local to the event, both None while it has no time."""

    key: int
    title: str
    subtitle: str
    starts_at: datetime.datetime | None
    ends_at: datetime.datetime | None
    day: datetime.date | None
    room: str
    track: str
    color: str
    language: str
    speakers: tuple[str, ...]
    source: str
    hours: str
    is_cancelled: bool

    @property
    def start(self) -> str:
        """“9 h 30”, or nothing."""
        return say_time(self.starts_at) if self.starts_at else ""

    @property
    def paragraphs(self) -> list[str]:
        """The abstract without markup."""
        return [part for part in to_text(self.source).split("\n") if part.strip()]


@dataclass(frozen=True)
class Programme:
    """All that a printed agenda says; `rooms` in their order, `days` in theirs.

    `called_off` is the sentence that says so; empty for an event that takes place.
    """

    title: str
    dates: str
    place: str
    summary: str
    accent: str
    version: str
    address: str
    changed_at: datetime.datetime
    rooms: tuple[str, ...]
    items: tuple[Item, ...]
    logos: tuple[PrintedLogo, ...] = ()
    called_off: str = ""

    @property
    def days(self) -> list[tuple[datetime.date, list[Item]]]:
        """Scheduled items by day of the programme, by time and then room."""
        order = {room: index for index, room in enumerate(self.rooms)}
        timed = [item for item in self.items if item.day and item.starts_at]
        timed.sort(key=lambda item: (item.day, item.starts_at, order.get(item.room, len(order)), item.title))
        groups = itertools.groupby(timed, key=lambda item: item.day)
        return [(day, list(items)) for day, items in groups if day]

    @property
    def untimed(self) -> list[Item]:
        """What has no time yet."""
        return sorted((item for item in self.items if not item.starts_at), key=lambda item: item.title)


def read_programme(event: Event) -> Programme:
    """Read the event's programme in the language of the moment, with a fixed number of queries."""
    schedule = Schedule.objects.filter(event=event).first() or Schedule(
        event=event, changed_at=event.created_at
    )
    appearances = SessionSpeaker.objects.select_related("speaker")
    sessions = (
        Session.objects.filter(event=event)
        .select_related("room", "track")
        .prefetch_related(Prefetch("appearances", appearances))
    )
    items = with_languages_told(tuple(read_item(session, event, schedule.day_starts) for session in sessions))
    used = {item.room for item in items}
    return Programme(
        title=printed_title(event),
        dates=say_days(event.starts_at, event.ends_at, event.zone),
        place=str(event.venue or ""),
        summary=to_text(event.summary),
        accent=event.accent,
        version=schedule.version,
        address=settings.SITE_URL + reverse("agenda", args=[event.slug]),
        changed_at=schedule.changed_at.astimezone(event.zone),
        rooms=tuple(room.name for room in event.rooms.all() if room.name in used),
        items=items,
        logos=logos_of(event),
        called_off=say_called_off(event),
    )


def with_languages_told(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The language is worth a word only where it is not the same for all."""
    if len({item.language for item in items if item.language}) > 1:
        return items
    return tuple(replace(item, language="") for item in items)


def read_item(session: Session, event: Event, day_starts: datetime.time) -> Item:
    """One session as plain data."""
    starts_at = session.starts_at.astimezone(event.zone) if session.starts_at else None
    ends_at = session.ends_at.astimezone(event.zone) if session.ends_at else None
    day = session.day or (starts_at and programme_day(starts_at, event.zone, day_starts))
    return Item(
        key=session.pk,
        title=" ".join(session.title.split()) or _("Untitled"),
        subtitle=" ".join(session.subtitle.split()),
        starts_at=starts_at,
        ends_at=shown_end(starts_at, ends_at) if starts_at else None,
        day=day,
        room=session.room.name if session.room else "",
        track=session.track.name if session.track else "",
        color=session.track.color if session.track else "",
        language=session.language,
        speakers=tuple(appearance.speaker.name for appearance in session.appearances.all()),
        source=session.abstract or session.description,
        hours=say_hours(starts_at, ends_at) if starts_at else "",
        is_cancelled=session.cancelled_at is not None,
    )
