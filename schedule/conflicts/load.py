"""Load a timetable from a draft, or from what is published, in a fixed number of queries."""

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from django.db.models import Q

from convention import hooks
from convention.events.models import Event, Room
from schedule.drafts.current_draft import find_current_draft, load_slot_states, load_working_states
from schedule.drafts.slot_state import SlotState
from schedule.models import (
    Availability,
    ConflictLevel,
    ScheduleDraft,
    Session,
    SessionSpeaker,
    Slot,
    WalkingTime,
)

from .facts import TimetableFacts
from .kinds import DEFAULT_RULES, DOUBLE_USE_KINDS, ConflictKind, KindRule
from .planning_hours import compute_all_hours, load_day_settings
from .timetable import (
    AvailabilityPeriod,
    Timetable,
    TimetableRoom,
    TimetableSession,
    split_features,
)

DEFAULT_DURATION: Final = datetime.timedelta(minutes=30)
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


def load_neighbourhood(session: Session) -> Timetable:
    """Return the working timetable of one session and of all sessions that can conflict with it.

    These are the sessions at its time or within the longest buffer, those that follow it, and the one that it
    follows: for a page about one session, a fraction of what `load_working_timetable` reads.
    """
    event = session.event
    states = load_working_states(event)
    shared = _load_event_data([event.pk])
    frame = Timetable({}, rooms=shared["rooms"][event.pk], rules=shared["rules"][event.pk])
    frame = replace(frame, walking_minutes=shared["walking"][event.pk])
    buffer = datetime.timedelta(seconds=TimetableFacts(frame).longest_buffer)
    followers = Session.objects.filter(follows=session.pk).values_list("pk", flat=True)
    keys = {session.pk, session.follows_id or session.pk, *followers, *list_near(states, session.pk, buffer)}
    near = {event.pk: _pick(states, keys)}
    return _load_timetables([event], near, shared=shared, session_ids=keys)[event.pk]


def list_near(states: Mapping[int, SlotState], session: int, buffer: datetime.timedelta) -> list[int]:
    """Return the sessions that are less than `buffer` away from one; none if it has no time."""
    if session not in states:
        return []
    first, last = states[session].starts_at - buffer, states[session].ends_at + buffer
    return [key for key, state in states.items() if state.ends_at >= first and state.starts_at <= last]


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
    return {pk: replace(timetable, rules=rules) for pk, timetable in timetables.items()}


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
    events: list[Event],
    states_by_event: Mapping[int, Mapping[int, SlotState]],
    *,
    shared: Mapping[str, Any] | None = None,
    session_ids: Collection[int] | None = None,
) -> dict[int, Timetable]:
    """Return timetables by event; published ones where no states are given.

    With `session_ids`, only of these sessions; `shared` is the event data, if it is loaded already.
    """
    timetables = _load_sessions(events, states_by_event, session_ids)
    shared = shared or _load_event_data([*timetables])
    favourites = _load_audiences("favourites", [*timetables], session_ids)
    bookings = _load_audiences("bookings", [*timetables], session_ids)
    hours = {
        event.pk: compute_all_hours(event, timetables[event.pk], days=shared["days"][event.pk])
        for event in events
    }
    return {
        event.pk: replace(
            timetables[event.pk],
            hours=hours[event.pk][0],
            general_hours=hours[event.pk][1],
            has_set_hours=shared["days"][event.pk].has_set_hours,
            favourites=_pick(favourites, timetables[event.pk].sessions),
            bookings=_pick(bookings, timetables[event.pk].sessions),
            rooms=shared["rooms"][event.pk],
            rules=shared["rules"][event.pk],
            walking_minutes=shared["walking"][event.pk],
            room_availabilities=_pick(shared["room_periods"], shared["rooms"][event.pk]),
            speaker_availabilities=_pick(shared["speaker_periods"], timetables[event.pk].speaker_names),
        )
        for event in events
    }


def _load_sessions(
    events: list[Event],
    states_by_event: Mapping[int, Mapping[int, SlotState]],
    session_ids: Collection[int] | None = None,
) -> dict[int, Timetable]:
    """Return timetables by event with sessions, speakers and placements only."""
    ids = [event.pk for event in events]
    appearances, names = _load_appearances(ids, session_ids)
    sessions: dict[int, dict[int, TimetableSession]] = {pk: {} for pk in ids}
    tracks: dict[int, dict[int, str]] = {pk: {} for pk in ids}
    states: dict[int, dict[int, SlotState]] = {pk: dict(states_by_event.get(pk, {})) for pk in ids}
    chosen = Session.objects.filter(event__in=ids).order_by()
    if session_ids is not None:
        chosen = chosen.filter(pk__in=session_ids)
    for row in chosen.values_list(*SESSION_COLUMNS, named=True).iterator(chunk_size=2000):
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
    event_ids: list[int], session_ids: Collection[int] | None
) -> tuple[dict[int, dict[str, set[int]]], dict[int, dict[int, str]]]:
    """Return the speakers of sessions by part, and the names of the speakers of each event."""
    appearances: dict[int, dict[str, set[int]]] = {}
    names: dict[int, dict[int, str]] = {pk: {} for pk in event_ids}
    rows = SessionSpeaker.objects.filter(session__event__in=event_ids).order_by()
    if session_ids is not None:
        rows = rows.filter(session__in=session_ids)
    columns = ("session__event_id", "session_id", "speaker_id", "speaker__name", "part")
    for event, session, speaker, name, part in rows.values_list(*columns):
        appearances.setdefault(session, {}).setdefault(part, set()).add(speaker)
        names[event][speaker] = name
    return appearances, names


def _load_event_data(event_ids: list[int]) -> dict[str, Any]:
    """Return rooms, rules, walking times and start of days by event, and availabilities by their owner."""
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
    of_event = Q(room__event__in=event_ids) | Q(speaker__event__in=event_ids)
    for row in Availability.objects.filter(of_event).order_by("starts_at", "pk"):
        period = AvailabilityPeriod(row.starts_at, row.ends_at, Availability.Level(row.level))
        column = "room_id" if row.room_id else "speaker_id"
        periods[column].setdefault(getattr(row, column), []).append(period)
    return {
        "rooms": rooms,
        "days": load_day_settings(event_ids),
        "walking": walking,
        "rules": load_rules(event_ids),
        "room_periods": {key: tuple(value) for key, value in periods["room_id"].items()},
        "speaker_periods": {key: tuple(value) for key, value in periods["speaker_id"].items()},
    }


def _load_audiences(
    kind: str, event_ids: list[int], session_ids: Collection[int] | None
) -> dict[int, frozenset[str]]:
    found = hooks.session_audiences.provider(kind)(event_ids, session_ids)
    return {session: frozenset(attendees) for session, attendees in found.items()}
