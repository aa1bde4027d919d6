"""A conference to be planned, and a timetable for it, as plain data that refers to items by position."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

# In the order of the weights in the library's sheet "parameters".
PENALTY_NAMES: Final = (
    "tracks_sessions",
    "tracks_rooms",
    "sessions_rooms",
    "similar_tracks",
    "rooms_per_track",
    "parallel_tracks",
    "consecutive_tracks",
    "timezones",
    "order",
    "submissions_sessions",
    "submissions_rooms",
    "presenters",
    "attendees",
    "chairs",
    "presenters_by_slot",
    "attendees_by_slot",
)

type Name = str | int | float
type Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """A talk; `length` in time slots, `order` its position in its track (0: any)."""

    name: Name
    track: int
    length: int
    order: int
    session_penalties: tuple[int, ...]
    room_penalties: tuple[int, ...]
    timezone_penalties: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConferenceSession:
    """A period of the conference with this many time slots, in all rooms at once."""

    name: Name
    length: int


@dataclass(frozen=True, slots=True)
class Conference:
    """The problem. Conflicts are pairs of submissions or of tracks, in both directions."""

    submissions: tuple[Submission, ...]
    tracks: tuple[Name, ...]
    sessions: tuple[ConferenceSession, ...]
    rooms: tuple[Name, ...]
    track_session_penalties: Matrix
    track_room_penalties: Matrix
    similar_tracks: Matrix
    session_room_penalties: Matrix
    presenter_conflicts: tuple[frozenset[int], ...]
    attendee_conflicts: tuple[frozenset[int], ...]
    chair_conflicts: tuple[frozenset[int], ...]
    weights: dict[str, int]


@dataclass(frozen=True, slots=True)
class Timetable:
    """For each block (session by session, room by room) its track and the submission in each time slot."""

    tracks: tuple[int | None, ...]
    slots: tuple[tuple[int | None, ...], ...]


def make_timetable(conference: Conference, contents: Sequence[Sequence[int]]) -> Timetable:
    """Return the timetable in which each block holds these submissions in this order, without gaps."""
    tracks, slots = [], []
    for block, submissions in enumerate(contents):
        filled: list[int | None] = [
            number for number in submissions for _slot in range(conference.submissions[number].length)
        ]
        length = conference.sessions[block // len(conference.rooms)].length
        slots.append(tuple(filled + [None] * (length - len(filled))))
        tracks.append(conference.submissions[submissions[0]].track if submissions else None)
    return Timetable(tuple(tracks), tuple(slots))


def has_gap(sessions: Sequence[int]) -> bool:
    """Return whether a sorted list of sessions has a gap."""
    return any(later - earlier > 1 for earlier, later in pairwise(sessions))
