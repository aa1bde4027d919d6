"""The programme of an event as plain data."""

import datetime
from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Prefetch

from convention.events.called_off import called_off_at, off_title
from convention.events.models import Event

from ..models import Schedule, Session, SessionSpeaker
from . import clean
from .programme import Format, Head, Link, Person, Place, Programme, Talk, Thread
from .raw import KEPT_EXTRA

NEVER = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)


def programme_of(event: Event, fmt: Format) -> Programme:
    """What is public of an event's programme: sessions that have a time and were not cancelled.

    A calendar keeps the cancelled ones, since it can say so; of an event that was called off all are.
    """
    sessions, off = sessions_of(event), called_off_at(event)
    kept = (session for session in sessions if session.starts_at)
    if fmt is not Format.ICALENDAR:
        kept = (session for session in kept if not session.cancelled_at)
    talks = tuple(sorted(map(talk_of, kept), key=in_order))
    if off and fmt is Format.ICALENDAR:
        talks = tuple(replace(talk, cancelled=True) for talk in talks)
    used = {talk.room for talk in talks}
    threads = {talk.track for talk in talks}
    return Programme(
        fmt,
        head_of(event, called_off=off),
        talks,
        tuple(Place(room.name, room.guid, room.capacity) for room in event.rooms.all() if room.name in used),
        tuple(
            Thread(track.name, track.slug, track.color)
            for track in event.tracks.all()
            if track.name in threads
        ),
    )


def in_order(talk: Talk) -> tuple[datetime.datetime, str, str, int]:
    """The order of everything that we write: by time, room, title."""
    return talk.starts_at, talk.room or "", talk.title, talk.number or 0


def sessions_of(event: Event) -> list[Session]:
    """All sessions with what belongs to them, in two queries; `appearances_of` gives who speaks."""
    appearances = SessionSpeaker.objects.select_related("speaker").order_by("position", "pk")
    return list(
        Session.objects.filter(event=event)
        .select_related("room", "track")
        .prefetch_related(Prefetch("appearances", queryset=appearances, to_attr="in_order"))
        .order_by("number")
    )


def appearances_of(session: Session) -> list[SessionSpeaker]:
    """Who speaks, in order, of a session that `sessions_of` read."""
    found: list[SessionSpeaker] = vars(session)["in_order"]
    return found


def head_of(event: Event, *, called_off: datetime.datetime | None = None) -> Head:
    """What holds for the whole programme; the title says where none of it takes place."""
    schedule = Schedule.objects.filter(event=event).first() or Schedule(event=event)
    return Head(
        title=off_title(event.name) if called_off else event.name,
        acronym=schedule.acronym,
        version=schedule.version,
        base_url=schedule.base_url,
        zone=event.timezone,
        day_starts=schedule.day_starts,
        slot_minutes=schedule.slot_minutes,
        first_day=event.starts_at.astimezone(event.zone).date(),
        last_day=event.ends_at.astimezone(event.zone).date(),
        revision=schedule.revision,
        changed_at=schedule.changed_at,
    )


def talk_of(session: Session) -> Talk:
    """One session as plain data; without a start, it lies at the beginning of time."""
    starts_at = session.starts_at or NEVER
    return Talk(
        title=session.title,
        starts_at=starts_at.astimezone(datetime.UTC),
        ends_at=(session.ends_at or starts_at).astimezone(datetime.UTC),
        day=session.day,
        guid=session.guid,
        source_id=session.source_id,
        number=session.number,
        room=session.room.name if session.room else "",
        track=session.track.name if session.track else "",
        subtitle=session.subtitle,
        kind=session.kind,
        language=session.language,
        abstract=session.abstract,
        description=session.description,
        slug=session.slug,
        url=session.url,
        persons=persons_of(session),
        links=links_of(session.links),
        attachments=links_of(session.attachments),
        recording_license=session.recording_license,
        recording_optout=session.recording_optout,
        cancelled=session.cancelled_at is not None,
        extra=tuple((name, str(session.extra[name])) for name in KEPT_EXTRA if session.extra.get(name)),
    )


def persons_of(session: Session) -> tuple[Person, ...]:
    """The speakers in order."""
    speakers = [appearance.speaker for appearance in appearances_of(session)]
    return tuple(
        Person(speaker.name, speaker.guid, speaker.source_id, speaker.biography, speaker.url)
        for speaker in speakers
    )


def links_of(stored: Iterable[object]) -> tuple[Link, ...]:
    """Links from their shape in the database; what has no address is left out."""
    found = (item for item in stored if isinstance(item, dict) and item.get("url"))
    return tuple(
        Link(*(clean.said(item.get(name)) or "" for name in ("url", "title", "type", "service")))
        for item in found
    )
