"""Describe a draft as plain data for the board: days, rooms, tracks and sessions with their slots."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from convention.events.models import Event
from convention.text.normalize import search_text
from schedule.conflicts.planning_hours import SetHours, load_day_settings
from schedule.drafts.current_draft import load_slot_states
from schedule.drafts.slot_state import SlotState, to_json
from schedule.models import Schedule, ScheduleDraft, Session, SessionSpeaker
from schedule.programme.days import get_programme_day, list_programme_days

DEFAULT_MINUTES: Final = 30
# Hours that a day shows even if nothing is placed there, unless the organizers set others; sessions outside
# of them extend the day.
OPENS_AT: Final = datetime.time(8)
CLOSES_AT: Final = datetime.time(19)
DAY: Final = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BoardDay:
    """A day of the programme, and the moments between which the board shows it at least."""

    date: datetime.date
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    opens_at: datetime.datetime
    closes_at: datetime.datetime

    def to_json(self) -> dict[str, str]:
        return {
            "date": self.date.isoformat(),
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "opens_at": self.opens_at.isoformat(),
            "closes_at": self.closes_at.isoformat(),
        }


def get_slot_day(state: SlotState, event: Event, schedule: Schedule) -> datetime.date:
    """Return the programme day of a slot, also of one without an own day."""
    return state.day or get_programme_day(state.starts_at, event.zone, schedule.day_starts_at)


def list_board_days(event: Event, schedule: Schedule, states: Iterable[SlotState]) -> list[BoardDay]:
    """Return the event's days, and those on which something is placed."""
    event_dates = list_programme_days(event, schedule.day_starts_at)
    dates = {*event_dates, *(get_slot_day(state, event, schedule) for state in states)}
    single_days = load_day_settings([event.pk])[event.pk].single_days
    return [
        make_board_day(date, event, schedule, single_days.get((date - event_dates[0]).days + 1, (None, None)))
        for date in sorted(dates)
    ]


def make_board_day(date: datetime.date, event: Event, schedule: Schedule, own_hours: SetHours) -> BoardDay:
    def at(day: datetime.date, time: datetime.time) -> datetime.datetime:
        return datetime.datetime.combine(day, time, event.zone).astimezone(datetime.UTC)

    starts_at, ends_at = at(date, schedule.day_starts_at), at(date + DAY, schedule.day_starts_at)
    opens = own_hours[0] or schedule.planning_opens_at or OPENS_AT
    closes = own_hours[1] or schedule.planning_closes_at or CLOSES_AT
    # The board draws whole hours.
    opens_at = min(max(at(date, opens.replace(minute=0, second=0)), starts_at), ends_at)
    last_hour_ends_at = at(date, closes) + datetime.timedelta(minutes=-closes.minute % 60)
    closes_at = min(max(last_hour_ends_at, opens_at), ends_at)
    return BoardDay(date, starts_at, ends_at, opens_at, closes_at)


def build_board(draft: ScheduleDraft) -> dict[str, Any]:
    """Return the board as JSON; the number of queries does not depend on the number of sessions."""
    event = draft.event
    schedule = Schedule.load(event)
    states = load_slot_states(draft)
    speakers = load_speakers(event)
    sessions = event.sessions.order_by("pk").only(
        *("number", "title", "role", "track", "starts_at", "ends_at", "planned_minutes", "cancelled_at"),
        "is_for_members",
    )
    return {
        "revision": draft.revision,
        "programme": schedule.revision,
        "zone": event.timezone,
        "days": [day.to_json() for day in list_board_days(event, schedule, states.values())],
        "rooms": [
            {"id": room.pk, "name": room.name, "capacity": room.capacity} for room in event.rooms.all()
        ],
        "tracks": [
            {"id": track.pk, "name": track.name, "color": track.shown_color} for track in event.tracks.all()
        ],
        "sessions": [
            {
                "id": session.pk,
                "number": session.number,
                "title": session.title,
                "speakers": speakers[session.pk],
                "track": session.track_id,
                "role": session.role,
                "is_for_members": session.is_for_members,
                "minutes": get_planned_minutes(session),
                "slot": to_json(states.get(session.pk)),
            }
            for session in sorted(sessions, key=lambda session: search_text(session.title))
        ],
    }


def get_planned_minutes(session: Session) -> int:
    """Return how long the session is when it is placed: as planned, else as published."""
    published = int(session.duration.total_seconds() // 60)
    return session.planned_minutes or published or DEFAULT_MINUTES


def load_speakers(event: Event) -> defaultdict[int, list[str]]:
    """Return the names of each session's speakers, by its key: one query."""
    names = defaultdict[int, list[str]](list)
    rows = SessionSpeaker.objects.filter(session__event=event).order_by("position", "pk")
    for session, name in rows.values_list("session_id", "speaker__name"):
        names[session].append(name)
    return names
