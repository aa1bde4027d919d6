"""Load a timetable from a draft, or from what is published, in a fixed number of queries."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from statistics import median_high, median_low
from typing import Any, Final

from convention import hooks
from convention.events.models import Event, Room
from schedule.drafts.current_draft import find_current_draft, load_slot_states
from schedule.drafts.slot_state import SlotState
from schedule.models import (
    Availability,
    ConflictLevel,
    PersonalAgenda,
    ScheduleDraft,
    Session,
    SessionSpeaker,
    Slot,
    WalkingTime,
)

from .kinds import DEFAULT_RULES, DOUBLE_USE_KINDS, ConflictKind, KindRule
from .timetable import (
    AvailabilityPeriod,
    Period,
    Timetable,
    TimetableRoom,
    TimetableSession,
    split_features,
)

DEFAULT_DURATION: Final = datetime.timedelta(minutes=30)
DEFAULT_HOURS: Final = (datetime.timedelta(hours=9), datetime.timedelta(hours=18))
MAX_DAYS: Final = 31
SESSION_COLUMNS: Final = (
    *("pk", "event_id", "number", "title", "role", "track_id", "track__name", "planned_minutes"),
    *("expected_attendance", "capacity", "needed_features", "follows_id"),
    *("room_id", "starts_at", "ends_at", "day", "cancelled_at"),
)


def load_timetable(draft: ScheduleDraft) -> Timetable:
    """Return the timetable of a draft with all that its conflicts depend on."""
    return _load_timetables([draft.event], {draft.event_id: load_slot_states(draft)})[draft.event_id]


def load_working_timetable(event: Event) -> Timetable:
    """Return the timetable of the event's current draft; of what is published, before there is one."""
    draft = find_current_draft(event)
    return load_timetable(draft) if draft else load_published_timetables([event])[event.pk]


def load_published_timetables(events: Iterable[Event]) -> dict[int, Timetable]:
    """Return the published timetables by event; the number of queries does not depend on that of events."""
    return _load_timetables([*events], {})


def load_working_sessions(events: Iterable[Event]) -> dict[int, Timetable]:
    """Return the timetables of the current drafts, of what is published where there is none.

    In them, only a room or person in two sessions at once is a conflict. Four queries, for pages about many
    events.
    """
    rows = {event.pk: event for event in events}
    drafts = ScheduleDraft.objects.filter(event__in=rows, is_current=True).order_by()
    states: dict[int, dict[int, SlotState]] = {pk: {} for pk in drafts.values_list("event_id", flat=True)}
    for slot in Slot.objects.filter(draft__in=drafts).order_by().select_related("draft"):
        states[slot.draft.event_id][slot.session_id] = SlotState.of_slot(slot)
    rules = {kind: DEFAULT_RULES[kind] for kind in DOUBLE_USE_KINDS}
    timetables = _load_sessions([*rows.values()], states)
    return {pk: replace(bare, rules=rules) for pk, bare in timetables.items()}


def load_favourites(event_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return the personal agendas by session that is in them, each as one anonymous attendee: one query."""
    links = PersonalAgenda.sessions.through.objects.filter(session__event__in=list(event_ids))
    starred: dict[int, set[str]] = defaultdict(set)
    # One text for each agenda, not one for each of its stars: equal texts are compared and hashed faster.
    keys: dict[int, str] = {}
    for session, agenda in links.order_by().values_list("session_id", "personalagenda_id"):
        starred[session].add(keys.get(agenda) or keys.setdefault(agenda, f"agenda-{agenda}"))
    return starred


def load_rules(event_ids: Iterable[int]) -> dict[int, dict[ConflictKind, KindRule]]:
    """Return how each event treats each kind of conflict."""
    rules = {pk: dict(DEFAULT_RULES) for pk in event_ids}
    for row in ConflictLevel.objects.filter(event__in=rules).exclude(kind="").order_by():
        # A row of a kind that a later version removed is ignored.
        if row.kind in DEFAULT_RULES:
            kind = ConflictKind(row.kind)
            default = DEFAULT_RULES[kind]
            rules[row.event_id][kind] = KindRule(
                ConflictLevel.Level(row.level),
                default.minutes if row.minutes is None else row.minutes,
                default.minimum_people if row.minimum_people is None else row.minimum_people,
            )
    return rules


def _load_timetables(
    events: list[Event], states_by_event: Mapping[int, Mapping[int, SlotState]]
) -> dict[int, Timetable]:
    """Return timetables by event; published ones where no states are given."""
    bare = _load_sessions(events, states_by_event)
    shared = _load_surroundings([*bare])
    return {
        event.pk: replace(
            bare[event.pk],
            hours=compute_hours(event, bare[event.pk].placements.values()),
            favourites=_pick(shared["favourites"], bare[event.pk].sessions),
            bookings=_pick(shared["bookings"], bare[event.pk].sessions),
            rooms=shared["rooms"][event.pk],
            rules=shared["rules"][event.pk],
            walking_minutes=shared["walking"][event.pk],
            room_availabilities=_pick(shared["room_periods"], shared["rooms"][event.pk]),
            speaker_availabilities=_pick(shared["speaker_periods"], bare[event.pk].speaker_names),
        )
        for event in events
    }


def _load_sessions(
    events: list[Event], states_by_event: Mapping[int, Mapping[int, SlotState]]
) -> dict[int, Timetable]:
    """Return timetables by event that know sessions, speakers and places only."""
    ids = [event.pk for event in events]
    appearances, names = _load_appearances(ids)
    sessions: dict[int, dict[int, TimetableSession]] = {pk: {} for pk in ids}
    tracks: dict[int, dict[int, str]] = {pk: {} for pk in ids}
    states: dict[int, dict[int, SlotState]] = {pk: dict(states_by_event.get(pk, {})) for pk in ids}
    rows = Session.objects.filter(event__in=ids).order_by().values_list(*SESSION_COLUMNS, named=True)
    for row in rows.iterator(chunk_size=2000):
        published = _get_published_state(row)
        if published and row.event_id not in states_by_event:
            states[row.event_id][row.pk] = published
        if row.track_id:
            tracks[row.event_id][row.track_id] = row.track__name
        state = states[row.event_id].get(row.pk) or published
        sessions[row.event_id][row.pk] = _make_session(row, appearances.get(row.pk, {}), state)
    return {
        pk: Timetable(
            sessions=sessions[pk],
            placements=states[pk],
            track_names=tracks[pk],
            speaker_names=names[pk],
        )
        for pk in ids
    }


def _pick[V](values: Mapping[int, V], keys: Iterable[int]) -> dict[int, V]:
    return {key: values[key] for key in keys if key in values}


def _get_published_state(row: Any) -> SlotState | None:
    if row.starts_at is None:
        return None
    ends_at = row.ends_at or row.starts_at
    return SlotState(row.room_id, row.starts_at, ends_at, row.day, row.cancelled_at is not None)


def _make_session(row: Any, parts: Mapping[str, set[int]], state: SlotState | None) -> TimetableSession:
    duration = state.ends_at - state.starts_at if state else DEFAULT_DURATION
    if row.planned_minutes is not None:
        duration = datetime.timedelta(minutes=row.planned_minutes)
    return TimetableSession(
        key=row.pk,
        number=row.number,
        title=row.title,
        role=Session.Role(row.role),
        duration=duration,
        speakers=frozenset(parts.get(SessionSpeaker.Part.SPEAKER, ())),
        chairs=frozenset(parts.get(SessionSpeaker.Part.CHAIR, ())),
        track=row.track_id,
        expected_attendance=row.expected_attendance,
        places=row.capacity,
        needed_features=split_features(row.needed_features),
        follows=row.follows_id,
    )


def _load_appearances(
    event_ids: list[int],
) -> tuple[dict[int, dict[str, set[int]]], dict[int, dict[int, str]]]:
    """Return the speakers of sessions by part, and the names of the speakers of each event."""
    appearances: dict[int, dict[str, set[int]]] = {}
    names: dict[int, dict[int, str]] = {pk: {} for pk in event_ids}
    rows = SessionSpeaker.objects.filter(session__event__in=event_ids).order_by()
    columns = ("session__event_id", "session_id", "speaker_id", "speaker__name", "part")
    for event, session, speaker, name, part in rows.values_list(*columns):
        appearances.setdefault(session, {}).setdefault(part, set()).add(speaker)
        names[event][speaker] = name
    return appearances, names


def _load_surroundings(event_ids: list[int]) -> dict[str, Any]:
    """Return rooms, rules and walking times by event; availabilities and audiences by what they belong to."""
    rooms: dict[int, dict[int, TimetableRoom]] = {pk: {} for pk in event_ids}
    for room in Room.objects.filter(event__in=event_ids):
        rooms[room.event_id][room.pk] = TimetableRoom(
            room.pk,
            room.name,
            room.capacity,
            room.turnover_minutes,
            room.zone,
            split_features(room.features),
        )
    walking: dict[int, dict[frozenset[str], int]] = {pk: {} for pk in event_ids}
    for walk in WalkingTime.objects.filter(event__in=event_ids).order_by("pk"):
        walking[walk.event_id][frozenset({walk.from_zone, walk.to_zone})] = walk.minutes
    periods: dict[str, dict[int, list[AvailabilityPeriod]]] = {"room_id": {}, "speaker_id": {}}
    of_rooms = Availability.objects.filter(room__event__in=event_ids)
    of_speakers = Availability.objects.filter(speaker__event__in=event_ids)
    for column, rows in (("room_id", of_rooms), ("speaker_id", of_speakers)):
        for row in rows.order_by("starts_at", "pk"):
            period = AvailabilityPeriod(row.starts_at, row.ends_at, Availability.Level(row.level))
            periods[column].setdefault(getattr(row, column), []).append(period)
    return {
        "rooms": rooms,
        "walking": walking,
        "rules": load_rules(event_ids),
        "room_periods": {key: tuple(value) for key, value in periods["room_id"].items()},
        "speaker_periods": {key: tuple(value) for key, value in periods["speaker_id"].items()},
        "favourites": _load_audiences("favourites", event_ids),
        "bookings": _load_audiences("bookings", event_ids),
    }


def _load_audiences(kind: str, event_ids: list[int]) -> dict[int, frozenset[str]]:
    found = hooks.session_audiences.provider(kind)(event_ids)
    return {session: frozenset(attendees) for session, attendees in found.items()}


def compute_hours(event: Event, states: Iterable[SlotState]) -> tuple[Period, ...]:
    """Return when sessions may be placed on each day, by the clock of the event.

    That is nine to six, or from the usual first start to the usual last end if these are wider, within the
    event; a day with earlier or later sessions includes them.
    """
    used: dict[datetime.date, list[SlotState]] = defaultdict(list)
    for state in states:
        used[state.day or state.starts_at.astimezone(event.zone).date()].append(state)
    own_hours = {day: _get_own_hours(day, slots, event) for day, slots in used.items()}
    opens, closes = DEFAULT_HOURS
    if own_hours:
        opens = min(opens, median_low(first for first, _last in own_hours.values()))
        closes = max(closes, median_high(last for _first, last in own_hours.values()))
    hours = []
    for day in sorted({*_list_days(event), *used}):
        opens_at = max(_at_wall_time(day, opens, event), event.starts_at)
        closes_at = min(_at_wall_time(day, closes, event), event.ends_at)
        if day in own_hours:
            first, last = (_at_wall_time(day, hour, event) for hour in own_hours[day])
            opens_at, closes_at = min(opens_at, first), max(closes_at, last)
        if opens_at < closes_at:
            hours.append((opens_at.astimezone(datetime.UTC), closes_at.astimezone(datetime.UTC)))
    return tuple(hours)


def _list_days(event: Event) -> list[datetime.date]:
    first = event.starts_at.astimezone(event.zone).date()
    last = event.ends_at.astimezone(event.zone).date()
    length = min((last - first).days + 1, MAX_DAYS)
    return [first + datetime.timedelta(days=number) for number in range(length)]


def _get_own_hours(
    day: datetime.date, states: list[SlotState], event: Event
) -> tuple[datetime.timedelta, datetime.timedelta]:
    """Return the first start and the last end of a day."""
    first = min(_get_wall_time(state.starts_at, day, event) for state in states)
    return first, max(_get_wall_time(state.ends_at, day, event) for state in states)


def _get_wall_time(moment: datetime.datetime, day: datetime.date, event: Event) -> datetime.timedelta:
    """Return what the clock of the event shows, counted from the midnight at which that day begins."""
    return moment.astimezone(event.zone).replace(tzinfo=None) - datetime.datetime.combine(
        day, datetime.time()
    )


def _at_wall_time(day: datetime.date, hour: datetime.timedelta, event: Event) -> datetime.datetime:
    local = datetime.datetime.combine(day, datetime.time()) + hour
    return local.replace(tzinfo=event.zone).astimezone(datetime.UTC)
