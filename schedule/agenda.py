"""The public agenda: which sessions, in what order, under which headings. It knows of no request."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from django.core.cache import cache
from django.db.models import Prefetch, QuerySet

from convention.events.models import Event, Room
from convention.search import fold, matches, words

from .agenda_grid import Grid, Piece, Place, draw
from .days import shown_end
from .fullness import Fullness, fullness
from .languages import tongues
from .models import Session, SessionSpeaker
from .pulse import Pulse
from .wish import EVERY_DAY, Wish, tidy

MOST_SHOWN: Final = 250
MOST_NAMED: Final = 5
KEPT_SECONDS: Final = 600
HEAVY: Final = (
    *("abstract", "abstract_html", "description", "description_html"),
    *("links", "attachments", "extra"),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """What filters need of one scheduled session."""

    pk: int
    day: datetime.date
    track: str
    room: str
    languages: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One session as it is shown, in the event's own time."""

    session: Session
    day: datetime.date
    starts: datetime.datetime
    ends: datetime.datetime | None
    speakers: tuple[str, ...] = ()
    chosen: bool = False
    place: Place | None = None

    @property
    def hours(self) -> str:
        """“09:00–09:50”."""
        return f"{self.starts:%H:%M}–{self.ends:%H:%M}" if self.ends else f"{self.starts:%H:%M}"

    @property
    def fullness(self) -> Fullness:
        """How full, where places are counted."""
        return "" if self.session.cancelled_at else fullness(self.session.taken, self.session.capacity)

    @property
    def named(self) -> tuple[str, ...]:
        """The speakers that a list has room for."""
        return self.speakers[:MOST_NAMED]

    @property
    def unnamed(self) -> int:
        """How many more there are."""
        return len(self.speakers) - len(self.named)

    @property
    def left(self) -> int:
        """How many places are left, where they are counted."""
        return max((self.session.capacity or 0) - self.session.taken, 0)


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading: a time or a room."""

    heading: str
    entries: list[Entry]
    line: int = 0
    next_day: datetime.date | None = None  # named where the date changes within the day


@dataclass(frozen=True, slots=True)
class Block:
    """One day."""

    day: datetime.date
    groups: list[Group]
    grid: Grid | None = None


@dataclass(slots=True)
class Agenda:
    """All that the page shows."""

    wish: Wish
    day: datetime.date | None = None
    days: list[datetime.date] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)
    found: int = 0
    shown: int = 0
    total: int = 0
    now: list[Entry] = field(default_factory=list)
    following: list[Entry] = field(default_factory=list)


def facts_of(event: Event, pulse: Pulse) -> list[Fact]:
    """One fact for each scheduled session, in order of time; kept as long as the programme stays."""
    key = f"agenda-facts-{pulse.key}"
    facts: list[Fact] | None = cache.get(key)
    if facts is None:
        facts = [*read_facts(event, pulse)]
        cache.set(key, facts, KEPT_SECONDS)
    return facts


def read_facts(event: Event, pulse: Pulse) -> Iterable[Fact]:
    """The same, from the database."""
    rows = event.sessions.filter(starts_at__isnull=False).order_by(
        "starts_at", "room__position", "title", "pk"
    )
    columns = ("pk", "day", "starts_at", "track__name", "room__name", "language", "kind")
    for pk, day, starts_at, track, room, language, kind in rows.values_list(*columns):
        when = day or pulse.day(starts_at)
        yield Fact(pk, when, tidy(track or ""), tidy(room or ""), tongues(language), tidy(kind))


def texts_of(event: Event, pulse: Pulse) -> dict[int, str]:
    """The folded words of each scheduled session: title, subtitle, speakers, texts, room and track."""
    key = f"agenda-texts-{pulse.key}"
    texts: dict[int, str] | None = cache.get(key)
    if texts is None:
        columns = ("pk", "title", "subtitle", "abstract", "description", "room__name", "track__name")
        rows = event.sessions.filter(starts_at__isnull=False).values_list(*columns)
        names: dict[int, str] = {}
        speaking = SessionSpeaker.objects.filter(session__event=event)
        for pk, name in speaking.values_list("session_id", "speaker__name"):
            names[pk] = f"{names.get(pk, '')} {name}"
        texts = {pk: fold(" ".join((*filter(None, parts), names.get(pk, "")))) for pk, *parts in rows}
        cache.set(key, texts, KEPT_SECONDS)
    return texts


def sessions_to_show(event: Event) -> QuerySet[Session]:
    """Sessions with room and track, without their long texts: one query."""
    return event.sessions.select_related("room", "track").defer(*HEAVY)


def with_speakers(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """The same with `appearances` and their speakers at hand: one query more."""
    appearances = SessionSpeaker.objects.select_related("speaker").only(
        "session_id", "position", "speaker__name", "speaker__guid", "speaker__event_id"
    )
    return sessions.prefetch_related(Prefetch("appearances", appearances))


def speaker_names(sessions: Iterable[Session]) -> dict[int, tuple[str, ...]]:
    """The names of who speaks in each session, in their order: one query, no rows made."""
    names: dict[int, tuple[str, ...]] = {}
    rows = SessionSpeaker.objects.filter(session__in=[session.pk for session in sessions])
    for pk, name in rows.order_by("position", "pk").values_list("session_id", "speaker__name"):
        names[pk] = (*names.get(pk, ()), name)
    return names


def entries_of(
    event: Event, pulse: Pulse, sessions: Iterable[Session], chosen: Collection[int] = ()
) -> list[Entry]:
    """Sessions that have a start, as entries."""
    zone, rows = event.zone, [session for session in sessions if session.starts_at]
    names = speaker_names(rows)
    return [
        Entry(
            session,
            session.day or pulse.day(session.starts_at),
            session.starts_at.astimezone(zone),
            session.ends_at.astimezone(zone) if session.ends_at else None,
            names.get(session.pk, ()),
            session.pk in chosen,
        )
        for session in rows
        if session.starts_at
    ]


def agenda(
    *, event: Event, wish: Wish, pulse: Pulse, now: datetime.datetime, chosen: Collection[int] = ()
) -> Agenda:
    """What the agenda shows for a wish; `chosen` are the visitor's own sessions."""
    facts = facts_of(event, pulse)
    days = sorted({fact.day for fact in facts})
    page = Agenda(wish, day_of(wish, days, pulse.day(now)), days, total=len(facts))
    page.options = options(facts, event)
    wanted = choose_facts(facts, event, wish, page.day, pulse)
    page.found, page.shown = len(wanted), min(len(wanted), MOST_SHOWN if page.day is None else len(wanted))
    pks = [fact.pk for fact in wanted[: page.shown]]
    sessions = (
        sessions_to_show(event).filter(pk__in=pks).order_by("starts_at", "room__position", "title", "pk")
    )
    page.blocks = blocks(entries_of(event, pulse, sessions, chosen), wish)
    if event.starts_at - datetime.timedelta(hours=3) <= now < event.ends_at and not wish.narrows:
        page.now, page.following = now_and_next(event, pulse, now, chosen)
    return page


def day_of(wish: Wish, days: list[datetime.date], today: datetime.date) -> datetime.date | None:
    """The day to show: the one asked for, else today while the event runs, else the first; None is all."""
    if wish.day == EVERY_DAY or (wish.narrows and not wish.date):
        return None
    if wish.date:
        return wish.date
    return today if today in days else next(iter(days), None)


def options(facts: list[Fact], event: Event) -> dict[str, list[str]]:
    """The values worth offering for each filter: those in use, where there is more than one."""
    tracks = event.tracks.values_list("name", flat=True)
    rooms = event.rooms.values_list("name", flat=True)
    speakers = event.speakers.filter(sessions__starts_at__isnull=False).values_list("name", flat=True)
    used_tracks, used_rooms = {fact.track for fact in facts}, {fact.room for fact in facts}
    offered = {
        "track": [name for name in map(tidy, tracks) if name in used_tracks],
        "room": [name for name in map(tidy, rooms) if name in used_rooms],
        "language": sorted({language for fact in facts for language in fact.languages}),
        "kind": sorted({fact.kind for fact in facts} - {""}),
        "speaker": sorted({tidy(name) for name in speakers}, key=fold),
    }
    return {name: values for name, values in offered.items() if len(values) > 1}


def choose_facts(
    facts: list[Fact], event: Event, wish: Wish, day: datetime.date | None, pulse: Pulse
) -> list[Fact]:
    """The facts that fit the wish, in order."""
    found = [fact for fact in facts if (day is None or fact.day == day) and fits(fact, wish)]
    if wish.speaker:
        theirs = speaker_sessions(event, wish.speaker)
        found = [fact for fact in found if fact.pk in theirs]
    if wanted := words(wish.q):
        texts = texts_of(event, pulse)
        found = [fact for fact in found if matches(wanted, texts.get(fact.pk, ""))]
    return found if wanted or not wish.q else []


def fits(fact: Fact, wish: Wish) -> bool:
    """Whether a session passes the filters on its own columns."""
    return (
        wish.track in {"", fact.track}
        and wish.room in {"", fact.room}
        and wish.kind in {"", fact.kind}
        and (not wish.language or wish.language in fact.languages)
    )


def speaker_sessions(event: Event, name: str) -> set[int]:
    """The sessions of every speaker of that name."""
    rows = SessionSpeaker.objects.filter(session__event=event).values_list("session_id", "speaker__name")
    return {pk for pk, known in rows if tidy(known) == name}


def blocks(entries: list[Entry], wish: Wish) -> list[Block]:
    """Entries by day, and within each day by time or by room."""
    days = sorted({entry.day for entry in entries})
    by_day = [[entry for entry in entries if entry.day == day] for day in days]
    if wish.by == "room":
        return [Block(day, by_room(rows)) for day, rows in zip(days, by_day, strict=True)]
    alone = len(days) == 1 and not wish.narrows  # several grids, or one of a few sessions, read badly
    return [
        by_time(day, rows, grid_of(rows) if alone else None) for day, rows in zip(days, by_day, strict=True)
    ]


def by_room(entries: list[Entry]) -> list[Group]:
    """One group for each room, rooms in their order, sessions without a room last."""
    groups: dict[Room | None, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.session.room, []).append(entry)
    return [Group(room.name if room else "", groups[room]) for room in sorted(groups, key=room_order)]


def room_order(room: Room | None) -> tuple[bool, int, str]:
    """By position and name; no room comes last."""
    return (False, room.position, room.name) if room else (True, 0, "")


def by_time(day: datetime.date, entries: list[Entry], grid: Grid | None) -> Block:
    """One group for each start, each entry with its place in the grid where there is one."""
    groups, date = [], day
    for starts, rows in groupby(entries, key=lambda entry: entry.starts):
        placed = [place(entry, grid) for entry in rows]
        night = starts.date() if starts.date() != date else None
        groups.append(Group(f"{starts:%H:%M}", placed, grid.lines[starts] if grid else 0, night))
        date = starts.date()
    return Block(day, groups, grid)


def place(entry: Entry, grid: Grid | None) -> Entry:
    """The entry with its place in the grid."""
    if grid is None:
        return entry
    found = grid.places[entry.session.pk]
    return replace(entry, place=found)


def grid_of(entries: list[Entry]) -> Grid | None:
    """The grid of one day; None where a list reads better: a single room or too many."""
    rooms = [group.entries[0].session.room for group in by_room(entries)]
    if len(rooms) < 2:
        return None
    pieces = [
        Piece(entry.session.pk, entry.starts, shown_end(entry.starts, entry.ends), entry.session.room)
        for entry in entries
    ]
    return draw(pieces, rooms)


def now_and_next(
    event: Event, pulse: Pulse, now: datetime.datetime, chosen: Collection[int]
) -> tuple[list[Entry], list[Entry]]:
    """What runs at this moment, and what begins next within twelve hours."""
    sessions = sessions_to_show(event).filter(cancelled_at__isnull=True)
    running = sessions.filter(starts_at__lte=now, ends_at__gt=now).order_by("starts_at", "room__position")
    soon = sessions.filter(starts_at__gt=now, starts_at__lte=now + datetime.timedelta(hours=12))
    first = soon.order_by("starts_at").values_list("starts_at", flat=True).first()
    following = soon.filter(starts_at=first).order_by("room__position") if first else []
    return entries_of(event, pulse, running, chosen), entries_of(event, pulse, following, chosen)
