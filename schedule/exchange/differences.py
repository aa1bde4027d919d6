"""In which fields a file says something else than the event."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from convention.events.models import Event, Room

from ..days import programme_day
from ..models import Schedule, Session, Speaker, Track
from .programme import Person, Talk
from .stored import appearances_of, talk_of
from .writers.carried import Carried
from .writers.own_pages import address_of

PLAIN = (
    *("title", "subtitle", "kind", "language", "abstract", "description", "slug", "url"),
    *("recording_license", "recording_optout", "links", "attachments"),
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What sessions refer to, found or made for the whole file."""

    event: Event
    schedule: Schedule
    rooms: dict[str, Room]
    tracks: dict[str, Track]
    speakers: dict[Person, Speaker]
    carried: Carried
    daytime: frozenset[datetime.date]


def differences(session: Session, talk: Talk, ground: Ground) -> Iterator[tuple[str, object]]:
    """The fields that differ, with the file's values; `speakers` stands for who appears."""
    own, written = talk_of(session), ground.carried(session)
    for name in PLAIN:
        value = getattr(talk, name) if name != "url" else address_of(talk, ground.event)
        if value is not None and value not in (getattr(own, name), getattr(written, name)):
            yield name, storable(ground.carried.absorbed(name, value, own))
    yield from moved(session, talk, written, ground)
    yield from placed(session, talk, ground)
    if talk.cancelled is not None and talk.cancelled != own.cancelled:
        yield "cancelled_at", timezone.now() if talk.cancelled else None
    extra = {**session.extra, **dict(talk.extra or ())}
    if extra != session.extra and talk.extra != written.extra:
        yield "extra", extra
    if talk.persons is not None:
        speakers = [speaker.pk for speaker in speakers_of(talk, ground)]
        if speakers != [appearance.speaker_id for appearance in appearances_of(session)]:
            yield "speakers", speakers


def moved(session: Session, talk: Talk, written: Talk, ground: Ground) -> Iterator[tuple[str, object]]:
    """Start, end and day, where they differ; a moved session keeps its length if the file has none."""
    other_start = talk.starts_at not in (session.starts_at, written.starts_at)
    if other_start:
        yield "starts_at", talk.starts_at
    ends_at = talk.ends_at or (talk.starts_at + session.duration)
    same_end = ends_at in (session.ends_at or session.starts_at, written.ends_at)
    if other_start or not same_end:
        yield "ends_at", ends_at
    day = talk.day or (day_from(talk, ground) if other_start else session.day)
    if day not in (session.day, written.day if session.day is None else session.day):
        yield "day", day


def placed(session: Session, talk: Talk, ground: Ground) -> Iterator[tuple[str, object]]:
    """Room and track, where they differ."""
    room = ground.rooms.get(talk.room or "")
    if talk.room is not None and (room and room.pk) != session.room_id:
        yield "room", room
    track = ground.tracks.get(talk.track or "")
    if talk.track is not None and (track and track.pk) != session.track_id:
        yield "track", track


def storable(value: object) -> object:
    """Links as the database keeps them, anything else as it is."""
    return [link.stored() for link in value] if isinstance(value, tuple) else value


def day_from(talk: Talk, ground: Ground) -> datetime.date:
    """The day of the programme, for formats without days.

    What begins before the day starts belongs to the day before, if anything takes place then.
    """
    date = talk.starts_at.astimezone(ground.event.zone).date()
    day = programme_day(talk.starts_at, ground.event.zone, ground.schedule.day_starts)
    return day if day in ground.daytime else date


def daytime(talks: Iterable[Talk], event: Event, schedule: Schedule) -> frozenset[datetime.date]:
    """The dates on which something begins after the start of the day."""
    local = (talk.starts_at.astimezone(event.zone) for talk in talks)
    return frozenset(start.date() for start in local if start.time() >= schedule.day_starts)


def speakers_of(talk: Talk, ground: Ground) -> list[Speaker]:
    """The speakers in order, each once."""
    speakers = [ground.speakers[person] for person in talk.persons or ()]
    return list(dict.fromkeys(speakers))
