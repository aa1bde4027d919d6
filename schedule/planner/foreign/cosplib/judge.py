"""The library's penalties in plain code; equal to what its checker prints, see the bench module.

The search computes most of them incrementally; a test compares both.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from .conference import Conference, Timetable, has_gap

# The checker's penalties for a submission that is torn apart, or missing though longer than a slot.
TORN_PENALTY: Final = 10_000_000
SCATTERED_PENALTY: Final = 1_000_000_000

type Row = list[tuple[int, int]]
"""The occupied blocks of a session: room and track."""


def judge_timetable(conference: Conference, timetable: Timetable) -> dict[str, int]:
    """Return the weighted penalties by name, without those that are 0."""
    counted = {
        **judge_tracks(conference, timetable),
        **judge_submissions(conference, timetable),
        **judge_conflicts(conference, timetable),
    }
    weighted = {name: conference.weights[name] * number for name, number in counted.items()}
    weighted["torn_submissions"] = judge_long_submissions(conference, timetable)
    return {name: penalty for name, penalty in weighted.items() if penalty}


def count_presenter_conflicts(conference: Conference, timetable: Timetable) -> int:
    """Return how many pairs of submissions need a presenter in two places.

    That is in two rooms of a session, or in the same time slot if the conference counts by slot.
    """
    level = "presenters_by_slot" if conference.weights["presenters_by_slot"] else "presenters"
    return judge_conflicts(conference, timetable)[level]


def is_complete(conference: Conference, timetable: Timetable) -> bool:
    """Return whether each submission has all its slots, in blocks of its own track."""
    counts = Counter(number for slots in timetable.slots for number in slots if number is not None)
    return all(
        counts[number] == submission.length for number, submission in enumerate(conference.submissions)
    ) and all(
        number is None or conference.submissions[number].track == track
        for track, slots in zip(timetable.tracks, timetable.slots, strict=True)
        for number in slots
    )


def list_rows(conference: Conference, timetable: Timetable) -> list[Row]:
    """Return for each session its rooms with a track."""
    rooms = len(conference.rooms)
    rows: list[Row] = []
    for session in range(len(conference.sessions)):
        tracks = timetable.tracks[session * rooms : (session + 1) * rooms]
        rows.append([(room, track) for room, track in enumerate(tracks) if track is not None])
    return rows


def judge_tracks(conference: Conference, timetable: Timetable) -> dict[str, int]:
    """Return the penalties that depend on the tracks of blocks alone, unweighted."""
    rows = list_rows(conference, timetable)
    rooms_of, sessions_of = defaultdict(set), defaultdict(set)
    penalties: Counter[str] = Counter()
    for session, row in enumerate(rows):
        for room, track in row:
            rooms_of[track].add(room)
            sessions_of[track].add(session)
            penalties["tracks_sessions"] += conference.track_session_penalties[track][session]
            penalties["tracks_rooms"] += conference.track_room_penalties[track][room]
            penalties["sessions_rooms"] += conference.session_room_penalties[session][room]
        for (_room, track), (_other_room, other) in combinations(row, 2):
            penalties["similar_tracks"] += track != other and conference.similar_tracks[track][other]
            penalties["chairs"] += other in conference.chair_conflicts[track]
        penalties["parallel_tracks"] += len(row) - len({track for _room, track in row})
    penalties["rooms_per_track"] = sum(len(rooms) - 1 for rooms in rooms_of.values())
    penalties["consecutive_tracks"] = sum(has_gap(sorted(sessions)) for sessions in sessions_of.values())
    return penalties


def list_filled(timetable: Timetable) -> Iterator[tuple[int, int, int]]:
    """Yield block, slot and submission of each filled slot."""
    for block, slots in enumerate(timetable.slots):
        for slot, number in enumerate(slots):
            if number is not None:
                yield block, slot, number


def judge_submissions(conference: Conference, timetable: Timetable) -> dict[str, int]:
    """Return the penalties of single submissions and of their order, unweighted."""
    penalties: Counter[str] = Counter()
    for block, _slot, number in list_filled(timetable):
        session, room = divmod(block, len(conference.rooms))
        submission = conference.submissions[number]
        penalties["timezones"] += submission.timezone_penalties[session]
        penalties["submissions_sessions"] += submission.session_penalties[session]
        penalties["submissions_rooms"] += submission.room_penalties[room]
    penalties["order"] = count_misordered(conference, timetable) + count_ordered_at_once(
        conference, timetable
    )
    return penalties


def count_misordered(conference: Conference, timetable: Timetable) -> int:
    """Return how many submissions are not at their place among those of the blocks of a track."""
    sequences: dict[int, list[int]] = defaultdict(list)
    for block, _slot, number in list_filled(timetable):
        track = timetable.tracks[block]
        if track is not None and number not in sequences[track]:
            sequences[track].append(number)
    return sum(
        conference.submissions[number].order not in {0, position}
        for sequence in sequences.values()
        for position, number in enumerate(sequence, start=1)
    )


def list_by_slot(conference: Conference, timetable: Timetable) -> list[list[int]]:
    """Return the submissions of each time slot of each session."""
    by_slot: dict[tuple[int, int], list[int]] = defaultdict(list)
    for block, slot, number in list_filled(timetable):
        at_once = by_slot[block // len(conference.rooms), slot]
        if number not in at_once:
            at_once.append(number)
    return list(by_slot.values())


def count_ordered_at_once(conference: Conference, timetable: Timetable) -> int:
    """Return how many pairs of a track with an order of their own run at the same time."""
    return sum(
        conference.submissions[first].track == conference.submissions[second].track
        and bool(conference.submissions[first].order and conference.submissions[second].order)
        for numbers in list_by_slot(conference, timetable)
        for first, second in combinations(numbers, 2)
    )


def judge_conflicts(conference: Conference, timetable: Timetable) -> dict[str, int]:
    """Return the pairs of conflicting submissions: in two rooms of a session, and in one time slot."""
    penalties: Counter[str] = Counter()
    places: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for block, _slot, number in list_filled(timetable):
        session, room = divmod(block, len(conference.rooms))
        places[session].add((number, room))
    for placed in places.values():
        for (first, room), (second, other_room) in combinations(sorted(placed), 2):
            if room != other_room:
                penalties["presenters"] += second in conference.presenter_conflicts[first]
                penalties["attendees"] += second in conference.attendee_conflicts[first]
    for numbers in list_by_slot(conference, timetable):
        for first, second in combinations(numbers, 2):
            penalties["presenters_by_slot"] += second in conference.presenter_conflicts[first]
            penalties["attendees_by_slot"] += second in conference.attendee_conflicts[first]
    return penalties


def judge_long_submissions(conference: Conference, timetable: Timetable) -> int:
    """Return the checker's penalties for submissions of several slots that are not in one piece."""
    penalty = 0
    slots_of: dict[int, list[int]] = defaultdict(list)
    for slots in timetable.slots:
        for number, count in Counter(x for x in slots if x is not None).items():
            length = conference.submissions[number].length
            penalty += TORN_PENALTY if length > 1 and count != length else 0
    for _block, slot, filled in list_filled(timetable):
        slots_of[filled].append(slot)
    for number, submission in enumerate(conference.submissions):
        used = slots_of[number]
        if submission.length > 1 and not used:
            return penalty + SCATTERED_PENALTY
        if submission.length > 1 and sum(range(used[0], used[-1] + 1)) != sum(used):
            penalty += SCATTERED_PENALTY
    return penalty
