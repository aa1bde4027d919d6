"""A timetable under change, with incremental penalties: submissions move from block to block.

Submissions without a block are parked at a prohibitive penalty for each slot, so that a tight conference can
be filled step by step. A presenter in two places is prohibitive too, whatever its weight in the file. Each
change is logged until it is accepted, and can be undone. Penalties that depend on the order of submissions
(their place in the track, time slots) are recalculated for what a move touched, when it is settled.
"""

from itertools import combinations
from typing import Final

from .conference import Conference, has_gap

PARKED_PENALTY: Final = 10**8
PRESENTER_PENALTY: Final = 10**6

type Change = tuple[int, int, int, int, int]
"""A submission, the block and index where it was, the block and index where it is."""


class BlockState:
    """See the module. `contents` has the submissions of each block in order; the last block is parking."""

    def __init__(self, conference: Conference) -> None:
        self.conference = conference
        self.weights = conference.weights
        self.room_count = len(conference.rooms)
        self.session_count = len(conference.sessions)
        self.block_count = self.session_count * self.room_count
        self.parking = self.block_count
        self.track_of = [submission.track for submission in conference.submissions]
        self.lengths = [submission.length for submission in conference.submissions]
        self.places = [submission.order for submission in conference.submissions]
        total = sum(self.lengths)
        self.capacities = [
            *(session.length for session in conference.sessions for _room in conference.rooms),
            total,
        ]
        self.used = [0] * self.block_count + [total]
        self.session_of = [block // self.room_count for block in range(self.block_count + 1)]
        self.room_of = [block % self.room_count for block in range(self.block_count)] + [-1]
        self.contents: list[list[int]] = [[] for _block in range(self.block_count)]
        self.contents.append(list(range(len(self.lengths))))
        self.block_of = [self.parking] * len(self.lengths)
        self.block_tracks = [-1] * (self.block_count + 1)
        self._prepare_penalties()
        tracks = len(conference.tracks)
        self.session_counts = [[0] * self.session_count for _track in range(tracks)]
        self.room_counts = [[0] * self.room_count for _track in range(tracks)]
        self.gaps = [False] * tracks
        self.order_penalties = [0] * tracks
        self.slot_penalties = [0] * self.session_count
        self.total = PARKED_PENALTY * total
        self.log: list[Change] = []

    def _prepare_penalties(self) -> None:
        conference, weights = self.conference, self.weights
        self.block_penalties = [self._list_block_penalties(track) for track in range(len(conference.tracks))]
        self.placing_penalties = [
            self._list_placing_penalties(number) for number in range(len(conference.submissions))
        ]
        self.pair_penalties = [
            [
                weights["similar_tracks"] * (track != other) * conference.similar_tracks[track][other]
                + weights["chairs"] * (other in conference.chair_conflicts[track])
                for other in range(len(conference.tracks))
            ]
            for track in range(len(conference.tracks))
        ]
        by_slot = weights["presenters_by_slot"] > 0
        presenters = 0 if by_slot else max(PRESENTER_PENALTY, weights["presenters"])
        presenters_by_slot = max(PRESENTER_PENALTY, weights["presenters_by_slot"]) if by_slot else 0
        self.neighbours = self._list_neighbours(presenters, weights["attendees"])
        self.slot_neighbours = self._list_neighbours(presenters_by_slot, weights["attendees_by_slot"])
        self.has_slot_penalties = any(self.slot_neighbours) or weights["order"] > 0
        ordered = {
            submission.track for submission in conference.submissions if submission.order and weights["order"]
        }
        self.is_ordered = [track in ordered for track in range(len(conference.tracks))]

    def _list_block_penalties(self, track: int) -> list[int]:
        """Return the penalty of the track in each block."""
        conference, weights = self.conference, self.weights
        return [
            weights["tracks_sessions"] * conference.track_session_penalties[track][session]
            + weights["tracks_rooms"] * conference.track_room_penalties[track][room]
            + weights["sessions_rooms"] * conference.session_room_penalties[session][room]
            for session in range(self.session_count)
            for room in range(self.room_count)
        ]

    def _list_placing_penalties(self, number: int) -> list[int]:
        """Return the penalty of the submission in each block, parking included."""
        weights, submission = self.weights, self.conference.submissions[number]
        penalties = [
            submission.length
            * (
                weights["timezones"] * submission.timezone_penalties[session]
                + weights["submissions_sessions"] * submission.session_penalties[session]
                + weights["submissions_rooms"] * submission.room_penalties[room]
            )
            for session in range(self.session_count)
            for room in range(self.room_count)
        ]
        return [*penalties, PARKED_PENALTY * submission.length]

    def _list_neighbours(self, presenters: int, attendees: int) -> list[list[tuple[int, int]]]:
        """Return for each submission the others in conflict with it and the penalty of a conflict."""
        conference = self.conference
        neighbours = []
        for mine, attended in zip(conference.presenter_conflicts, conference.attendee_conflicts, strict=True):
            penalties = {
                other: presenters * (other in mine) + attendees * (other in attended)
                for other in mine | attended
            }
            neighbours.append([(other, penalty) for other, penalty in sorted(penalties.items()) if penalty])
        return neighbours

    def move(self, number: int, target: int, index: int) -> None:
        """Take a submission out of its block and insert it into another at `index`; log it.

        The target must be free, or hold the same track and have room.
        """
        source = self.block_of[number]
        contents = self.contents[source]
        at = contents.index(number)
        self.log.append((number, source, at, target, index))
        self._move(number, source, at, target, index)

    def _move(self, number: int, source: int, at: int, target: int, index: int) -> None:
        length = self.lengths[number]
        del self.contents[source][at]
        self.used[source] -= length
        penalties = self.placing_penalties[number]
        delta = penalties[target] - penalties[source]
        if source != self.parking:
            delta -= self._price_conflicts(number, source)
            if not self.contents[source]:
                delta += self._clear_track(source)
        self.contents[target].insert(index, number)
        self.used[target] += length
        self.block_of[number] = target
        if target != self.parking:
            if len(self.contents[target]) == 1:
                delta += self._set_track(target, self.track_of[number])
            delta += self._price_conflicts(number, target)
        self.total += delta

    def _price_conflicts(self, number: int, block: int) -> int:
        """Return the penalty of a submission's conflicts with others in other rooms of the session."""
        session, block_of, session_of = self.session_of[block], self.block_of, self.session_of
        return sum(
            penalty
            for other, penalty in self.neighbours[number]
            if session_of[block_of[other]] == session and block_of[other] != block
        )

    def _set_track(self, block: int, track: int) -> int:
        """Give a free block a track and return the change of penalties."""
        delta = self.block_penalties[track][block] + self._price_row(block, track)
        self.block_tracks[block] = track
        session, room = self.session_of[block], self.room_of[block]
        rooms, sessions = self.room_counts[track], self.session_counts[track]
        delta += self.weights["parallel_tracks"] * (sessions[session] > 0)
        sessions[session] += 1
        delta += self.weights["rooms_per_track"] * (rooms[room] == 0 and any(rooms))
        rooms[room] += 1
        return delta + self._update_gap(track)

    def _clear_track(self, block: int) -> int:
        """Free a block of its track and return the change of penalties."""
        track = self.block_tracks[block]
        self.block_tracks[block] = -1
        session, room = self.session_of[block], self.room_of[block]
        rooms, sessions = self.room_counts[track], self.session_counts[track]
        delta = -self.block_penalties[track][block] - self._price_row(block, track)
        sessions[session] -= 1
        delta -= self.weights["parallel_tracks"] * (sessions[session] > 0)
        rooms[room] -= 1
        delta -= self.weights["rooms_per_track"] * (rooms[room] == 0 and any(rooms))
        return delta + self._update_gap(track)

    def _price_row(self, block: int, track: int) -> int:
        """Return the penalty of a track in a block with the tracks of other rooms in the session."""
        first = self.session_of[block] * self.room_count
        penalties = self.pair_penalties[track]
        return sum(
            penalties[other]
            for room, other in enumerate(self.block_tracks[first : first + self.room_count], start=first)
            if other >= 0 and room != block
        )

    def _update_gap(self, track: int) -> int:
        """Recalculate whether the track's sessions have a gap and return the change of penalties."""
        weight = self.weights["consecutive_tracks"]
        if not weight:
            return 0
        before = self.gaps[track]
        self.gaps[track] = has_gap(
            [session for session, count in enumerate(self.session_counts[track]) if count]
        )
        return weight * (self.gaps[track] - before)

    def settle(self) -> int:
        """Recalculate what depends on the order of submissions, and return the total."""
        if self.has_slot_penalties:
            blocks = {
                block for _number, source, _at, target, _index in self.log for block in (source, target)
            }
            for session in sorted({self.session_of[block] for block in blocks if block != self.parking}):
                self._update_slots(session)
        for track in {self.track_of[change[0]] for change in self.log}:
            if self.is_ordered[track]:
                self._update_order(track)
        return self.total

    def _update_order(self, track: int) -> None:
        """Recalculate how many submissions of a track are not at their place."""
        sequence = [
            number
            for block in range(self.block_count)
            if self.block_tracks[block] == track
            for number in self.contents[block]
        ]
        penalty = self.weights["order"] * sum(
            self.places[number] not in {0, place} for place, number in enumerate(sequence, start=1)
        )
        self.total += penalty - self.order_penalties[track]
        self.order_penalties[track] = penalty

    def _update_slots(self, session: int) -> None:
        """Recalculate the conflicts within the time slots of a session."""
        penalty = sum(self._price_slot(numbers) for numbers in self._list_by_slot(session))
        self.total += penalty - self.slot_penalties[session]
        self.slot_penalties[session] = penalty

    def _list_by_slot(self, session: int) -> list[list[int]]:
        first = session * self.room_count
        by_slot: list[list[int]] = [[] for _slot in range(self.capacities[first])]
        for block in range(first, first + self.room_count):
            slot = 0
            for number in self.contents[block]:
                for running in by_slot[slot : slot + self.lengths[number]]:
                    running.append(number)
                slot += self.lengths[number]
        return by_slot

    def _price_slot(self, numbers: list[int]) -> int:
        """Return the penalties of the submissions that run in one time slot."""
        present = set(numbers)
        conflicts = sum(
            penalty
            for number in numbers
            for other, penalty in self.slot_neighbours[number]
            if other in present
        )
        ordered = [number for number in numbers if self.places[number]] if self.weights["order"] else []
        pairs = sum(self.track_of[one] == self.track_of[other] for one, other in combinations(ordered, 2))
        return conflicts // 2 + self.weights["order"] * pairs

    def undo(self) -> None:
        """Take back all logged changes."""
        for number, source, at, target, index in reversed(self.log):
            self._move(number, target, index, source, at)
        self.settle()
        self.log.clear()

    def accept(self) -> None:
        """Make the logged changes final."""
        self.log.clear()

    def export_contents(self) -> list[list[int]]:
        """Return the submissions of each block, parking last."""
        return [list(numbers) for numbers in self.contents]

    def import_contents(self, contents: list[list[int]]) -> None:
        """Fill an empty state with what export_contents returned."""
        for block, numbers in enumerate(contents[: self.parking]):
            for number in numbers:
                self.move(number, block, len(self.contents[block]))
        self.settle()
        self.log.clear()
