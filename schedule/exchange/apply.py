"""Write a programme into an event: what is new, what differs, and nothing else."""

import itertools
from dataclasses import dataclass, field

from django.utils import timezone

from convention.events.models import Event

from ..models import Schedule, Session, SessionSpeaker, Speaker
from .differences import PLAIN, Ground, day_from, daytime, differences, speakers_of, storable
from .match import Identified, Known, folded, made_guid, match
from .people import People
from .programme import Programme
from .rooms_and_tracks import rooms_for, tracks_for
from .stored import appearances_of, sessions_of
from .writers.carried import carried_by


@dataclass(slots=True)
class Applied:
    """What was done; `fields` are the names of those that changed."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    gone: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)

    @property
    def anything(self) -> bool:
        """Whether the programme is another one now."""
        return bool(self.added or self.fields)


def apply(programme: Programme, items: list[Identified], *, event: Event, schedule: Schedule) -> Applied:
    """Add, change and leave alone; sessions that the file does not hold stay as they are."""
    sessions = sessions_of(event)
    by_key = {session.pk: session for session in sessions}
    matched = match(items, map(known_of, sessions))
    applied = Applied()
    ground = ground_of(programme, event, schedule, applied)
    new = [item for position, item in enumerate(items) if position not in matched]
    changes = [
        (by_key[matched[position]], item) for position, item in enumerate(items) if position in matched
    ]
    add_all(new, sessions, ground, applied)
    change_all(changes, ground, applied)
    kept = set(matched.values())
    applied.gone = [session.title for session in sessions if session.pk not in kept and is_public(session)]
    settle_head(programme, schedule, ground, applied)
    return applied


def is_public(session: Session) -> bool:
    """Whether a file of the whole programme would hold the session."""
    return session.starts_at is not None and session.cancelled_at is None


def known_of(session: Session) -> Known:
    """What matching needs of a session."""
    aliases = session.extra.get("aliases", [])
    return Known(
        session.pk,
        session.guid,
        bool(session.extra.get("guid_made")),
        frozenset(filter(None, [session.source_id, *aliases])),
        session.title,
        frozenset(folded(appearance.speaker.name) for appearance in appearances_of(session)),
        session.starts_at,
        session.room.name if session.room else "",
    )


def ground_of(programme: Programme, event: Event, schedule: Schedule, applied: Applied) -> Ground:
    """Find or make all rooms, tracks and speakers first."""
    talks = programme.talks
    carried = carried_by(programme.format, event)
    rooms, rooms_changed = rooms_for(event, programme.places, (talk.room or "" for talk in talks))
    tracks, tracks_changed = tracks_for(event, programme.threads, (talk.track or "" for talk in talks))
    people = People(event, (person for talk in talks for person in talk.persons or ()))
    speakers, speakers_changed = people.found()
    changes = {"rooms": rooms_changed, "tracks": tracks_changed, "speakers": speakers_changed}
    applied.fields |= {name for name, changed in changes.items() if changed}
    days = daytime(talks, event, schedule)
    return Ground(event, schedule, rooms, tracks, speakers, carried, days)


def add_all(items: list[Identified], sessions: list[Session], ground: Ground, applied: Applied) -> None:
    """Make the sessions that the event does not have yet."""
    numbers = numbers_for(items, {session.number for session in sessions})
    taken = {session.guid for session in sessions}
    new = [new_session(item, number, ground) for item, number in zip(items, numbers, strict=True)]
    for session in new:
        if session.guid in taken:
            session.guid = made_guid(session.guid, session.starts_at, session.number)
    Session.objects.bulk_create(new, batch_size=200)
    appear([(session, speakers_of(item.talk, ground)) for session, item in zip(new, items, strict=True)])
    applied.added += [session.title for session in new]


def numbers_for(items: list[Identified], used: set[int]) -> list[int]:
    """The file's own numbers where they are free, else the next free ones."""
    used = set(used)
    wanted: list[int | None] = []
    for item in items:
        number = item.talk.number
        wanted.append(number if number and number not in used else None)
        used.add(number or 0)
    free = (number for number in itertools.count(1) if number not in used)
    return [number or next(free) for number in wanted]


def new_session(item: Identified, number: int, ground: Ground) -> Session:
    """A session, not yet saved."""
    talk = item.talk
    extra = dict(talk.extra or ()) | ({"guid_made": True} if item.made else {})
    session = Session(
        event=ground.event,
        guid=item.guid,
        number=number,
        source_id=talk.source_id,
        room=ground.rooms.get(talk.room or ""),
        track=ground.tracks.get(talk.track or ""),
        starts_at=talk.starts_at,
        ends_at=talk.ends_at or talk.starts_at,
        day=talk.day or day_from(talk, ground),
        cancelled_at=timezone.now() if talk.cancelled else None,
        extra=extra,
    )
    for name in PLAIN:
        value = getattr(talk, name)
        if value is not None:
            setattr(session, name, storable(value))
    return session


def appear(pairs: list[tuple[Session, list[Speaker]]]) -> None:
    """Say who speaks in each session, in place of who did."""
    SessionSpeaker.objects.filter(session__in=[session.pk for session, _speakers in pairs]).delete()
    SessionSpeaker.objects.bulk_create(
        (
            SessionSpeaker(session=session, speaker=speaker, position=position)
            for session, speakers in pairs
            for position, speaker in enumerate(speakers)
        ),
        batch_size=300,
    )


def change_all(pairs: list[tuple[Session, Identified]], ground: Ground, applied: Applied) -> None:
    """Change the sessions that differ from the file, in the fields that differ."""
    touched: list[Session] = []
    recast: list[tuple[Session, list[Speaker]]] = []
    fields: set[str] = set()
    for session, item in pairs:
        remembered = remember(session, item)
        changes = dict(differences(session, item.talk, ground))
        if changes.pop("speakers", None):
            recast.append((session, speakers_of(item.talk, ground)))
            applied.fields.add("appearances")
            changes.setdefault("title", session.title)
        for name, value in changes.items():
            setattr(session, name, value)
        if changes or remembered:
            touched.append(session)
            fields |= changes.keys() | ({"extra"} if remembered else set())
        applied.fields |= changes.keys()
        applied.unchanged += not changes
        applied.changed += [session.title] if changes else []
    appear(recast)
    if touched:
        Session.objects.bulk_update(touched, sorted(fields), batch_size=50)


def remember(session: Session, item: Identified) -> bool:
    """Keep other ids that a file has for a session, so that it is known by them next time."""
    aliases = list(session.extra.get("aliases", []))
    known = {str(session.guid), session.source_id, *aliases}
    if item.guid == session.guid:
        return False
    names = [item.talk.source_id, "" if item.made else str(item.guid)]
    added = [name for name in names if name and name not in known]
    if added:
        session.extra = {**session.extra, "aliases": [*aliases, *added]}
    return bool(added)


def settle_head(programme: Programme, schedule: Schedule, ground: Ground, applied: Applied) -> None:
    """Bring the schedule's own fields up to the file."""
    changes = {
        name: value
        for name in ("version", "acronym", "base_url", "slot_minutes")
        if (value := getattr(programme.head, name)) is not None
        and value not in (getattr(schedule, name), getattr(ground.carried.head, name))
    }
    if changes:
        Schedule.objects.filter(pk=schedule.pk).update(**changes)
        applied.fields |= changes.keys()
