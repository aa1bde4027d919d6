"""The rules: what is wrong with one session, or with two of them.

Each rule exists here once. There is a function for each combination of what rules depend on (the time, the
room, both, or only the overlap of two sessions), so that `placements.py` need not check every room at every
time.
"""

from collections.abc import Iterator

from schedule.models import Session
from schedule.programme.days import do_spans_overlap

from .facts import MINUTE, Place, SessionFacts, TimetableFacts
from .kinds import ConflictKind
from .timetable import Conflict

CONTENT_ROLES = (Session.Role.TALK, Session.Role.PLENARY)
PAUSE_ROLES = (Session.Role.BREAK, Session.Role.BLOCKER)


def make_conflict(
    facts: TimetableFacts,
    kind: ConflictKind,
    *sessions: SessionFacts,
    attendees: int = 0,
    persons: frozenset[int] = frozenset(),
    room: int | None = None,
    amount: int = 0,
) -> Conflict:
    keys = tuple(sorted(session.key for session in sessions))
    return Conflict(kind, facts.levels[kind], keys, tuple(sorted(persons)), attendees, room, amount)


def count_audience(first: SessionFacts, second: SessionFacts) -> int:
    """Return how many people come to either session, as far as is known."""
    known = (first.wanted | second.wanted).bit_count()
    return max(known, first.audience_size, second.audience_size)


# --- one session ---------------------------------------------------------------------------------------


def find_absent_persons(facts: TimetableFacts, session: SessionFacts, place: Place) -> Iterator[Conflict]:
    """Yield the conflicts with the times of speakers and chairs; the room does not matter."""
    timed = [person for person in session.persons if person in facts.person_periods]
    if not timed or place.start == place.end:
        return
    span = (place.start, place.end)
    absent = frozenset(person for person in timed if facts.person_periods[person].are_absent(*span))
    unwilling = frozenset(person for person in timed if facts.person_periods[person].are_unwanted(*span))
    if absent and ConflictKind.SPEAKER_AVAILABILITY in facts.levels:
        yield make_conflict(
            facts,
            ConflictKind.SPEAKER_AVAILABILITY,
            session,
            persons=absent,
            attendees=session.audience_size,
        )
    if unwilling - absent and ConflictKind.PREFERENCE in facts.levels:
        yield make_conflict(facts, ConflictKind.PREFERENCE, session, persons=unwilling - absent)


def find_room_absence(facts: TimetableFacts, session: SessionFacts, place: Place) -> Iterator[Conflict]:
    """Yield the conflict with the times of the room."""
    if place.room not in facts.room_periods or place.start == place.end:
        return
    periods = facts.room_periods[place.room]
    if periods.are_absent(place.start, place.end):
        kind = ConflictKind.ROOM_AVAILABILITY
    elif periods.are_unwanted(place.start, place.end):
        kind = ConflictKind.PREFERENCE
    else:
        return
    if kind in facts.levels:
        affected = session.audience_size if kind == ConflictKind.ROOM_AVAILABILITY else 0
        yield make_conflict(facts, kind, session, attendees=affected, room=place.room)


def find_room_faults(facts: TimetableFacts, session: SessionFacts, room: int | None) -> Iterator[Conflict]:
    """Yield missing seats and equipment; the time does not matter."""
    found = facts.rooms.get(room) if room is not None else None
    if found is None or session.role in PAUSE_ROLES:
        return
    capacity = found.capacity
    if (
        ConflictKind.CAPACITY in facts.levels
        and capacity is not None
        and (missing := session.needed_seats - capacity) > 0
    ):
        yield make_conflict(
            facts, ConflictKind.CAPACITY, session, attendees=missing, room=room, amount=missing
        )
    missing_features = session.needed_features - found.features
    if missing_features and ConflictKind.EQUIPMENT in facts.levels:
        kind = ConflictKind.EQUIPMENT
        yield Conflict(
            kind,
            facts.levels[kind],
            (session.key,),
            tuple(sorted(session.persons)),
            session.audience_size,
            room,
            missing_features=tuple(sorted(missing_features)),
        )


# --- two sessions that overlap -------------------------------------------------------------------------


def find_shared_people(
    facts: TimetableFacts, first: SessionFacts, second: SessionFacts
) -> Iterator[Conflict]:
    """Yield the speakers, chairs and attendees that two sessions have in common, if these overlap."""
    if shared := first.persons & second.persons:
        speaking = shared & first.speakers & second.speakers
        for kind, persons in ((ConflictKind.SPEAKER, speaking), (ConflictKind.CHAIR, shared - speaking)):
            if persons and kind in facts.levels:
                audience = count_audience(first, second)
                yield make_conflict(facts, kind, first, second, persons=persons, attendees=audience)
    booked, wanted = count_lost(first, second)
    for kind, count in ((ConflictKind.BOOKINGS, booked), (ConflictKind.FAVOURITES, wanted)):
        if count and kind in facts.levels and count >= facts.rules[kind].minimum_people:
            yield make_conflict(facts, kind, first, second, attendees=count)


def count_lost(first: SessionFacts, second: SessionFacts) -> tuple[int, int]:
    """Return how many people booked both sessions, and how many others booked or starred both."""
    booked = (first.booked & second.booked).bit_count()
    return booked, (first.wanted & second.wanted).bit_count() - booked


def find_parallel_faults(
    facts: TimetableFacts, first: SessionFacts, second: SessionFacts
) -> Iterator[Conflict]:
    """Yield one track twice at a time; rooms do not matter."""
    if (
        ConflictKind.TRACK in facts.levels
        and first.track is not None
        and first.track == second.track
        and first.role == second.role == Session.Role.TALK
    ):
        shared = (first.wanted & second.wanted).bit_count()
        yield make_conflict(facts, ConflictKind.TRACK, first, second, attendees=shared)


def find_place_overlap(
    facts: TimetableFacts,
    first: SessionFacts,
    first_room: int | None,
    second: SessionFacts,
    second_room: int | None,
) -> Iterator[Conflict]:
    """Yield one room needed twice, or a session during a break or plenary that is for everybody."""
    if first_room is not None and first_room == second_room:
        kind: ConflictKind | None = ConflictKind.ROOM
    else:
        kind = get_general_kind(first, first_room, second) or get_general_kind(second, second_room, first)
    if kind in facts.levels:
        assert kind
        shared_room = first_room if kind == ConflictKind.ROOM else None
        # The attendees of the talk miss the break or the plenary.
        talks = [session for session in (first, second) if session.role == Session.Role.TALK]
        affected = count_audience(first, second) if kind == ConflictKind.ROOM else count_attendees(talks)
        persons = first.persons | second.persons
        yield make_conflict(facts, kind, first, second, persons=persons, attendees=affected, room=shared_room)


def count_attendees(talks: list[SessionFacts]) -> int:
    return max((talk.audience_size for talk in talks), default=0)


def get_general_kind(
    general: SessionFacts, general_room: int | None, other: SessionFacts
) -> ConflictKind | None:
    """Return the kind of conflict if the first session is for everybody and the other is a talk or plenary.

    A break is for everybody even if it has a room: the room says where lunch is served. A blocked time in a
    room concerns that room only, so it is a conflict of rooms.
    """
    if other.role not in CONTENT_ROLES:
        return None
    if general.role == Session.Role.PLENARY:
        return ConflictKind.PLENARY
    is_blocked_everywhere = general.role == Session.Role.BLOCKER and general_room is None
    if general.role == Session.Role.BREAK or is_blocked_everywhere:
        return ConflictKind.BREAK
    return None


# --- two sessions, one after the other -----------------------------------------------------------------


def find_short_gap(
    facts: TimetableFacts, earlier: SessionFacts, place: Place, later: SessionFacts, later_place: Place
) -> Iterator[Conflict]:
    """Yield what is too short between the end of one session and the start of another."""
    if place.room is None or later_place.room is None:
        return
    gap = later_place.start - place.end
    if place.room == later_place.room:
        yield from find_short_turnover(facts, earlier, later, place.room, gap)
    elif ConflictKind.WALKING in facts.levels and (persons := earlier.persons & later.persons):
        missing = facts.get_walking_time(place.room, later_place.room) - gap
        if missing > 0:
            minutes = -(-missing // MINUTE)
            yield make_conflict(facts, ConflictKind.WALKING, earlier, later, persons=persons, amount=minutes)


def find_short_turnover(
    facts: TimetableFacts, earlier: SessionFacts, later: SessionFacts, room: int, gap: int
) -> Iterator[Conflict]:
    """Yield too short a gap to prepare a room; a break before or after leaves enough time."""
    if ConflictKind.TURNOVER not in facts.levels or earlier.role in PAUSE_ROLES or later.role in PAUSE_ROLES:
        return
    missing = facts.get_turnover(room) - gap
    if missing > 0:
        yield make_conflict(
            facts,
            ConflictKind.TURNOVER,
            earlier,
            later,
            attendees=later.audience_size,
            room=room,
            amount=-(-missing // MINUTE),
        )


def find_wrong_order(
    facts: TimetableFacts, follower: SessionFacts, follower_start: int, followed_end: int
) -> Iterator[Conflict]:
    """Yield a session that starts before the one that it follows has ended."""
    assert follower.follows is not None
    if follower_start < followed_end and ConflictKind.ORDER in facts.levels:
        followed = facts.sessions[follower.follows]
        yield make_conflict(facts, ConflictKind.ORDER, follower, followed, attendees=follower.audience_size)


def find_pair_conflicts(
    facts: TimetableFacts, first: SessionFacts, place: Place, second: SessionFacts, second_place: Place
) -> Iterator[Conflict]:
    """Yield all conflicts of two placed sessions but their order. Sessions of no length have none."""
    if place.start == place.end or second_place.start == second_place.end:
        return
    if do_spans_overlap(place.start, place.end, second_place.start, second_place.end):
        yield from find_place_overlap(facts, first, place.room, second, second_place.room)
        yield from find_shared_people(facts, first, second)
        yield from find_parallel_faults(facts, first, second)
    elif place.end <= second_place.start:
        yield from find_short_gap(facts, first, place, second, second_place)
    else:
        yield from find_short_gap(facts, second, second_place, first, place)
