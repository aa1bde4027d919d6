"""Build the public agenda: which sessions, in what order, under which headings. Independent of requests."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final, NamedTuple

from django.core.cache import cache
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from convention.events.models import Event, Room
from convention.text.dates import format_time, format_time_range
from convention.text.languages import parse_languages
from schedule.models import ProgrammeAudience, Session, SessionSpeaker

from .agenda_filter import ALL_DAYS, AgendaFilter, clean_query_value
from .agenda_grid import AgendaGrid, GridPlace, GridSession, build_grid
from .agenda_jumps import AgendaJump, find_current_start, list_hour_jumps, name_anchors
from .agenda_search import FoundSessions, find_sessions
from .days import Fullness, describe_fullness, get_shown_end
from .own_sessions import OwnSessions
from .programme_version import ProgrammeVersion

# Of a list over all days; a single day is always shown whole.
MAX_SESSIONS_SHOWN: Final = 250
MAX_SPEAKERS_LISTED: Final = 5
AGENDA_CACHE_SECONDS: Final = 600
# No list shows these, and they are most of a session's bytes.
DEFERRED_FIELDS: Final = (
    *("abstract", "abstract_html", "description", "description_html"),
    *("links", "attachments", "extra"),
)


class AgendaFacts(NamedTuple):
    """The values of a scheduled session that filters need."""

    # A named tuple is read from the cache faster than a dataclass, and each page reads those of all sessions.

    pk: int
    day: datetime.date
    starts_at: datetime.datetime
    track: str
    room: str
    languages: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class AgendaIndex:
    """The facts of all sessions in order of time, and the values in use for each filter that has several."""

    facts: list[AgendaFacts]
    filter_options: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One session as shown, with local times."""

    session: Session
    day: datetime.date
    starts_at: datetime.datetime
    ends_at: datetime.datetime | None
    speakers: tuple[str, ...] = ()
    is_chosen: bool = False
    is_booked: bool = False
    grid_place: GridPlace | None = None

    @property
    def hours(self) -> str:
        """Return “9 h – 9 h 50”, “9:00–9:50”."""
        return format_time_range(self.starts_at, self.ends_at, self.starts_at.tzinfo)

    @property
    def is_over(self) -> bool:
        return (self.ends_at or self.starts_at) <= timezone.now()

    @property
    def fullness(self) -> Fullness:
        """Return how full the session is; "" if nobody can book a seat."""
        session = self.session
        if session.cancelled_at or not session.is_bookable or self.is_over:
            return ""
        return describe_fullness(session.reserved, session.capacity)

    @property
    def listed_speakers(self) -> tuple[str, ...]:
        """Return as many speakers as a list shows."""
        return self.speakers[:MAX_SPEAKERS_LISTED]

    @property
    def unlisted_speaker_count(self) -> int:
        return len(self.speakers) - len(self.listed_speakers)

    @property
    def places_left(self) -> int:
        return max((self.session.capacity or 0) - self.session.reserved, 0)


@dataclass(frozen=True, slots=True)
class AgendaGroup:
    """Entries under one heading: a time or a room."""

    heading: str
    entries: list[AgendaEntry]
    anchor: str
    starts_at: datetime.datetime | None = None
    grid_line: int = 0
    grid_end_line: int = 0
    changed_date: datetime.date | None = None  # set where the date changes within the day


@dataclass(frozen=True, slots=True)
class DayBlock:
    day: datetime.date
    groups: list[AgendaGroup]
    grid: AgendaGrid | None = None


@dataclass(slots=True)
class Agenda:
    """Everything that the page shows."""

    agenda_filter: AgendaFilter
    day: datetime.date | None = None
    days: list[datetime.date] = field(default_factory=list)
    # Today, if the programme has sessions today: the target of the link “Now”.
    current_day: datetime.date | None = None
    current_start: datetime.datetime | None = None
    filter_options: dict[str, list[str]] = field(default_factory=dict)
    # Words of the programme that replace words of the query that no session contains.
    similar_words: tuple[str, ...] = ()
    found_count: int = 0
    total_count: int = 0
    shown_ids: list[int] = field(default_factory=list)
    # These need the sessions themselves.
    day_blocks: list[DayBlock] = field(default_factory=list)
    jumps: list[AgendaJump] = field(default_factory=list)
    running_entries: list[AgendaEntry] = field(default_factory=list)
    coming_entries: list[AgendaEntry] = field(default_factory=list)


def load_agenda_index(event: Event, programme_version: ProgrammeVersion) -> AgendaIndex:
    """Return the index of all sessions that the version's audience sees, cached while the programme is
    unchanged.
    """
    # With the names of the fields: a stored tuple of an earlier version would have them in other places.
    key = f"agenda-index-{'-'.join(AgendaFacts._fields)}-{programme_version.cache_key}"
    index: AgendaIndex | None = cache.get(key)
    if index is None:
        facts = [*query_agenda_facts(event, programme_version)]
        index = AgendaIndex(facts, list_filter_options(facts, event))
        cache.set(key, index, AGENDA_CACHE_SECONDS)
    return index


def query_agenda_facts(event: Event, programme_version: ProgrammeVersion) -> Iterable[AgendaFacts]:
    # The same order as the database's ordering of sessions, so that pages and filters agree.
    published = event.sessions.published(audience=programme_version.audience)
    rows = published.order_by("starts_at", "room__position", "title", "pk")
    # Names are cleaned as the query string is, since the filters compare both.
    columns = ("pk", "day", "starts_at", "track__name", "room__name", "language", "kind")
    for pk, day, starts_at, track, room, language, kind in rows.values_list(*columns):
        programme_day = day or programme_version.get_programme_day(starts_at)
        yield AgendaFacts(
            pk,
            programme_day,
            starts_at,
            clean_query_value(track or ""),
            clean_query_value(room or ""),
            parse_languages(language),
            clean_query_value(kind),
        )


def query_sessions(event: Event) -> QuerySet[Session]:
    """Return sessions with room and track, without their long texts: one query."""
    return event.sessions.select_related("room", "track").defer(*DEFERRED_FIELDS)


def query_published_sessions(event: Event, *, audience: ProgrammeAudience) -> QuerySet[Session]:
    """Return the sessions of `query_sessions` that are published for an audience."""
    sessions: Any = query_sessions(event)  # our own queryset, which the stub does not know
    rows: QuerySet[Session] = sessions.published(audience=audience)
    return rows


def load_sessions_in_order(event: Event, pks: Collection[int]) -> list[Session]:
    """Load sessions in the order of their keys: the facts, which come from the cache, are sorted already."""
    rows = {session.pk: session for session in query_sessions(event).filter(pk__in=pks).order_by()}
    return [rows[pk] for pk in pks if pk in rows]


def prefetch_speakers(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Prefetch `appearances` with their speakers: one more query."""
    appearances = SessionSpeaker.objects.select_related("speaker").only(
        "session_id", "position", "speaker__name", "speaker__guid", "speaker__event_id"
    )
    return sessions.prefetch_related(Prefetch("appearances", appearances))


def load_speaker_names(sessions: Iterable[Session]) -> dict[int, tuple[str, ...]]:
    """Return the names of each session's speakers in order: one query, without model instances."""
    names: dict[int, tuple[str, ...]] = {}
    rows = SessionSpeaker.objects.filter(session__in=[session.pk for session in sessions])
    for pk, name in rows.order_by("position", "pk").values_list("session_id", "speaker__name"):
        names[pk] = (*names.get(pk, ()), name)
    return names


def build_agenda_entries(
    event: Event,
    programme_version: ProgrammeVersion,
    sessions: Iterable[Session],
    chosen_ids: Collection[int] = (),
    booked_ids: Collection[int] = (),
) -> list[AgendaEntry]:
    """Return the sessions that have a start, as entries."""
    zone, rows = event.zone, [session for session in sessions if session.starts_at]
    names = load_speaker_names(rows)
    return [
        AgendaEntry(
            session,
            session.day or programme_version.get_programme_day(session.starts_at),
            session.starts_at.astimezone(zone),
            session.ends_at.astimezone(zone) if session.ends_at else None,
            names.get(session.pk, ()),
            session.pk in chosen_ids,
            session.pk in booked_ids,
        )
        for session in rows
        if session.starts_at
    ]


def outline_agenda(
    *, event: Event, agenda_filter: AgendaFilter, programme_version: ProgrammeVersion, now: datetime.datetime
) -> Agenda:
    """Choose the sessions to show without loading them: from the index, and a search's from its own."""
    index = load_agenda_index(event, programme_version)
    days, today = sorted({facts.day for facts in index.facts}), programme_version.get_programme_day(now)
    agenda = Agenda(
        agenda_filter,
        choose_shown_day(agenda_filter, days, today),
        days,
        current_day=today if today in days else None,
        filter_options=index.filter_options,
        total_count=len(index.facts),
    )
    found = find_sessions(event, programme_version, agenda_filter.q) if agenda_filter.q else None
    agenda.similar_words = found.similar_words if found else ()
    wanted = filter_agenda_facts(index.facts, event, agenda_filter, agenda.day, found)
    shown = wanted[:MAX_SESSIONS_SHOWN] if agenda.day is None else wanted
    agenda.found_count, agenda.shown_ids = len(wanted), [facts.pk for facts in shown]
    if not agenda_filter.by and {facts.day for facts in shown} == {today}:
        agenda.current_start = find_current_start([facts.starts_at for facts in shown], now)
    return agenda


def load_day_blocks(
    agenda: Agenda,
    event: Event,
    programme_version: ProgrammeVersion,
    own_sessions: OwnSessions,
) -> None:
    """Load the sessions to show and group them by day, with the visitor's own sessions marked."""
    sessions = load_sessions_in_order(event, agenda.shown_ids)
    entries = build_agenda_entries(
        event, programme_version, sessions, own_sessions.chosen_guids, own_sessions.booked_ids
    )
    agenda.day_blocks = group_by_day(entries, agenda.agenda_filter)
    # A page of several days has no links within it.
    if len(agenda.day_blocks) == 1:
        agenda.jumps = list_jumps(agenda.day_blocks[0].groups, agenda.agenda_filter)


def list_jumps(groups: list[AgendaGroup], agenda_filter: AgendaFilter) -> list[AgendaJump]:
    if agenda_filter.by:
        return [AgendaJump(group.anchor, group.heading) for group in groups if group.heading]
    starts = [group.starts_at for group in groups if group.starts_at]
    return list_hour_jumps(starts, [group.anchor for group in groups])


def choose_shown_day(
    agenda_filter: AgendaFilter, days: list[datetime.date], today: datetime.date
) -> datetime.date | None:
    """Return the day to show: the chosen one, else today during the event, else the first; None is all."""
    if agenda_filter.day == ALL_DAYS or (agenda_filter.is_narrowed and not agenda_filter.selected_date):
        return None
    if agenda_filter.selected_date:
        return agenda_filter.selected_date
    return today if today in days else next(iter(days), None)


def list_filter_options(agenda_facts: list[AgendaFacts], event: Event) -> dict[str, list[str]]:
    """Return the values in use for each filter that has more than one."""
    tracks = event.tracks.values_list("name", flat=True)
    rooms = event.rooms.values_list("name", flat=True)
    used_tracks, used_rooms = (
        {facts.track for facts in agenda_facts},
        {facts.room for facts in agenda_facts},
    )
    offered = {
        "track": [name for name in map(clean_query_value, tracks) if name in used_tracks],
        "room": [name for name in map(clean_query_value, rooms) if name in used_rooms],
        "language": sorted({language for facts in agenda_facts for language in facts.languages}),
        "kind": sorted({facts.kind for facts in agenda_facts} - {""}),
    }
    return {name: values for name, values in offered.items() if len(values) > 1}


def filter_agenda_facts(
    agenda_facts: list[AgendaFacts],
    event: Event,
    agenda_filter: AgendaFilter,
    day: datetime.date | None,
    found: FoundSessions | None,
) -> list[AgendaFacts]:
    """Return the facts that match the filter, in order; `found` are its words' hits, None without words."""
    matching = [
        facts
        for facts in agenda_facts
        if (day is None or facts.day == day) and matches_agenda_filter(facts, agenda_filter)
    ]
    if agenda_filter.speaker:
        speaker_session_ids = find_speaker_session_ids(event, agenda_filter.speaker)
        matching = [facts for facts in matching if facts.pk in speaker_session_ids]
    if found is not None:
        matching = [facts for facts in matching if facts.pk in found.session_ids]
    return matching


def matches_agenda_filter(agenda_facts: AgendaFacts, agenda_filter: AgendaFilter) -> bool:
    """Return whether a session matches the filters on its own columns."""
    return (
        (not agenda_filter.track or agenda_facts.track in agenda_filter.track)
        and (not agenda_filter.room or agenda_facts.room in agenda_filter.room)
        and (not agenda_filter.kind or agenda_facts.kind in agenda_filter.kind)
        and (not agenda_filter.language or not {*agenda_filter.language}.isdisjoint(agenda_facts.languages))
    )


def find_speaker_session_ids(event: Event, speaker_names: Collection[str]) -> set[int]:
    """Return the sessions of all speakers of these names."""
    rows = SessionSpeaker.objects.filter(session__event=event).values_list("session_id", "speaker__name")
    # Compared in Python, since the address has the name as clean_query_value leaves it.
    return {pk for pk, known in rows if clean_query_value(known) in speaker_names}


def group_by_day(entries: list[AgendaEntry], agenda_filter: AgendaFilter) -> list[DayBlock]:
    """Group entries by day, and within each day by time or by room."""
    days = sorted({entry.day for entry in entries})
    by_day = [[entry for entry in entries if entry.day == day] for day in days]
    if agenda_filter.by == "room":
        return [DayBlock(day, group_by_room(rows)) for day, rows in zip(days, by_day, strict=True)]
    has_grid = len(days) == 1 and can_have_grid(agenda_filter)
    return [
        group_by_time(day, rows, build_day_grid(rows) if has_grid else None)
        for day, rows in zip(days, by_day, strict=True)
    ]


def can_have_grid(agenda_filter: AgendaFilter) -> bool:
    """Return whether a grid reads well: for a whole day, and for chosen rooms of it.

    Several grids on one page, or a grid of the few sessions that other filters leave, are hard to read.
    """
    return not agenda_filter.q and not agenda_filter.active_filters.keys() - {"room"}


def group_by_room(entries: list[AgendaEntry]) -> list[AgendaGroup]:
    """Group entries by room, in the rooms' order; entries without a room come last."""
    groups: dict[Room | None, list[AgendaEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.session.room, []).append(entry)
    return [
        AgendaGroup(room.name if room else "", groups[room], f"r{room.pk if room else 0}")
        for room in sorted(groups, key=get_room_sort_key)
    ]


def get_room_sort_key(room: Room | None) -> tuple[bool, int, str]:
    return (False, room.position, room.name) if room else (True, 0, "")


def group_by_time(day: datetime.date, entries: list[AgendaEntry], grid: AgendaGrid | None) -> DayBlock:
    """Group entries by start, each with its place in the grid if there is one."""
    groups, date = [], day
    by_start = [(starts, [*rows]) for starts, rows in groupby(entries, key=lambda entry: entry.starts_at)]
    anchors = name_anchors([starts for starts, _rows in by_start])
    lines = [grid.rows_by_moment[starts] for starts, _rows in by_start] if grid else [0] * len(by_start)
    # A heading reaches to the next one, so that the hours cover the sessions that scroll below them.
    end_lines = [*lines[1:], len(grid.rows_by_moment) + 1 if grid else 0]
    for (starts, rows), anchor, line, end_line in zip(by_start, anchors, lines, end_lines, strict=True):
        placed = [place_in_grid(entry, grid) for entry in rows]
        # A programme day may run past midnight, so a heading says when the date changes.
        new_date = starts.date() if starts.date() != date else None
        heading = format_time(starts, starts.tzinfo)
        groups.append(AgendaGroup(heading, placed, anchor, starts, line, end_line, new_date))
        date = starts.date()
    return DayBlock(day, groups, grid)


def place_in_grid(entry: AgendaEntry, grid: AgendaGrid | None) -> AgendaEntry:
    if grid is None:
        return entry
    place = grid.places_by_key[entry.session.pk]
    return replace(entry, grid_place=place)


def build_day_grid(entries: list[AgendaEntry]) -> AgendaGrid | None:
    """Return the grid of a day; None if a list reads better: a single room or too many."""
    rooms = [group.entries[0].session.room for group in group_by_room(entries)]
    if len(rooms) < 2:
        return None
    grid_sessions = [
        GridSession(
            entry.session.pk,
            entry.starts_at,
            get_shown_end(entry.starts_at, entry.ends_at),
            entry.session.room,
        )
        for entry in entries
    ]
    return build_grid(grid_sessions, rooms)


def load_running_and_coming(
    agenda: Agenda,
    event: Event,
    programme_version: ProgrammeVersion,
    now: datetime.datetime,
) -> None:
    """Load the sessions that run at this moment, and those that begin next within twelve hours."""
    published = query_published_sessions(event, audience=programme_version.audience)
    sessions = published.filter(cancelled_at__isnull=True)
    running = sessions.filter(starts_at__lte=now, ends_at__gt=now).order_by("starts_at", "room__position")
    upcoming = sessions.filter(starts_at__gt=now, starts_at__lte=now + datetime.timedelta(hours=12))
    first = upcoming.order_by("starts_at").values_list("starts_at", flat=True).first()
    following = upcoming.filter(starts_at=first).order_by("room__position") if first else []
    agenda.running_entries = build_agenda_entries(event, programme_version, running)
    agenda.coming_entries = build_agenda_entries(event, programme_version, following)
