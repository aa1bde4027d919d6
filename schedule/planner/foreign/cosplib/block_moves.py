"""The moves of the search on a timetable of blocks: each changes the state and logs its changes.

A move changes nothing if the submissions or blocks that it drew do not fit.
"""

import random
from collections.abc import Callable
from typing import Final

from .block_state import BlockState

TRIES: Final = 4
SAME_SESSION_SHARE: Final = 0.4


class BlockMoves:
    """Draw and make moves on a state."""

    def __init__(self, state: BlockState, generator: random.Random) -> None:
        self.state = state
        self.draw = generator.random
        self.of_track: list[list[int]] = [[] for _track in state.conference.tracks]
        for number, track in enumerate(state.track_of):
            self.of_track[track].append(number)
        # Most moves are small; whole rows and columns are exchanged once in a while.
        self.choices: list[tuple[float, Callable[[], None]]] = [
            (0.30, self.relocate),
            (0.55, self.swap_submissions),
            (0.85, self.swap_blocks),
            (0.93, self.reorder if state.has_slot_penalties else self.relocate),
            (0.96, self.merge_blocks),
            (0.98, self.refill_track),
            (0.99, self.swap_rooms),
            (1.00, self.swap_sessions),
        ]

    def make_move(self) -> None:
        """Make one move, drawn at random."""
        drawn = self.draw()
        for limit, move in self.choices:
            if drawn < limit:
                move()
                return

    def pick(self, count: int) -> int:
        return int(self.draw() * count)

    def relocate(self) -> None:
        """Move a submission to another block of its track, or to a free one."""
        state = self.state
        parked = state.contents[state.parking]
        if parked and self.draw() < 0.5:
            self.take_over(parked[self.pick(len(parked))])
            return
        number = parked[self.pick(len(parked))] if parked else self.pick(len(state.lengths))
        track, length = state.track_of[number], state.lengths[number]
        for _try in range(TRIES):
            if self.draw() < 0.5:
                target = self.pick(state.block_count)
            else:
                others = self.of_track[track]
                target = state.block_of[others[self.pick(len(others))]]
            if (
                target not in {state.block_of[number], state.parking}
                and state.block_tracks[target] in {-1, track}
                and state.used[target] + length <= state.capacities[target]
            ):
                state.move(number, target, self.pick(len(state.contents[target]) + 1))
                return

    def take_over(self, number: int) -> None:
        """Give a block to the track of a parked submission, and move its former contents where they fit."""
        state = self.state
        target = self.pick(state.block_count)
        ejected = list(state.contents[target])
        for other in ejected:
            state.move(other, state.parking, 0)
        self.fill_from_parking(target, state.track_of[number])
        for other in ejected:
            self.put_back(other)

    def fill_from_parking(self, block: int, track: int) -> None:
        """Move the parked submissions of a track into a block while they fit."""
        state = self.state
        for number in [number for number in state.contents[state.parking] if state.track_of[number] == track]:
            if state.used[block] + state.lengths[number] <= state.capacities[block]:
                state.move(number, block, len(state.contents[block]))

    def put_back(self, number: int) -> None:
        """Move a submission, if it is parked, into a block of its track with room, if there is one."""
        state = self.state
        if state.block_of[number] != state.parking:
            return
        for other in self.of_track[state.track_of[number]]:
            block = state.block_of[other]
            if (
                block != state.parking
                and state.used[block] + state.lengths[number] <= state.capacities[block]
            ):
                state.move(number, block, len(state.contents[block]))
                return

    def swap_submissions(self) -> None:
        """Exchange two submissions of one track in different blocks."""
        state = self.state
        number = self.pick(len(state.lengths))
        others = self.of_track[state.track_of[number]]
        other = others[self.pick(len(others))]
        block, other_block = state.block_of[number], state.block_of[other]
        gain = state.lengths[other] - state.lengths[number]
        if (
            block == other_block
            or state.used[block] + gain > state.capacities[block]
            or state.used[other_block] - gain > state.capacities[other_block]
        ):
            return
        index, other_index = state.contents[block].index(number), state.contents[other_block].index(other)
        state.move(number, state.parking, 0)
        state.move(other, block, index)
        state.move(number, other_block, other_index)

    def swap_blocks(self) -> None:
        """Exchange the contents of two blocks, of which one may be free."""
        state = self.state
        block = state.block_of[self.pick(len(state.lengths))]
        # Within one session only penalties of rooms change: the smallest, for which few moves would be drawn.
        if self.draw() < SAME_SESSION_SHARE and block != state.parking:
            other = block - state.room_of[block] + self.pick(state.room_count)
        else:
            other = self.pick(state.block_count)
        self.exchange(block, other)

    def exchange(self, block: int, other: int) -> None:
        """Exchange the contents of two blocks; what does not fit is parked, or moved to where it fits."""
        state = self.state
        if block in {other, state.parking}:
            return
        contents, other_contents = list(state.contents[block]), list(state.contents[other])
        for number in contents:
            state.move(number, state.parking, 0)
        for number in other_contents:
            self.transfer(number, block)
        for number in contents:
            self.transfer(number, other)
        for number in [*contents, *other_contents]:
            self.put_back(number)

    def transfer(self, number: int, block: int) -> None:
        """Move a submission to the end of a block, or to parking if it does not fit."""
        state = self.state
        if state.used[block] + state.lengths[number] <= state.capacities[block]:
            state.move(number, block, len(state.contents[block]))
        elif state.block_of[number] != state.parking:
            state.move(number, state.parking, 0)

    def reorder(self) -> None:
        """Move a submission within its block."""
        state = self.state
        number = self.pick(len(state.lengths))
        block = state.block_of[number]
        if block != state.parking and len(state.contents[block]) > 1:
            state.move(number, block, self.pick(len(state.contents[block])))

    def merge_blocks(self) -> None:
        """Move all submissions of a block that fit to another block of their track, or to a free one."""
        state = self.state
        number = self.pick(len(state.lengths))
        block, track = state.block_of[number], state.track_of[number]
        others = self.of_track[track]
        target = state.block_of[others[self.pick(len(others))]]
        if state.parking in {block, target} or block == target:
            return
        for moved in list(state.contents[block]):
            if state.used[target] + state.lengths[moved] <= state.capacities[target]:
                state.move(moved, target, len(state.contents[target]))

    def refill_track(self) -> None:
        """Put the submissions of a track into its blocks again, one after the other, each at its place.

        A free block may join: a long submission often needs one to keep its place.
        """
        state = self.state
        track = state.track_of[self.pick(len(state.lengths))]
        placed = [number for number in self.of_track[track] if state.block_of[number] != state.parking]
        blocks = {state.block_of[number] for number in placed}
        drawn = self.pick(state.block_count)
        if state.block_tracks[drawn] == -1:
            blocks.add(drawn)
        for number in placed:
            state.move(number, state.parking, 0)
        self.fill_in_order(sorted(blocks), self.arrange(track))
        for number in placed:
            self.put_back(number)

    def fill_in_order(self, blocks: list[int], numbers: list[int]) -> None:
        """Move parked submissions into blocks: each into the same block as the one before, or a later one."""
        state, left = self.state, list(blocks)
        for number in numbers:
            while left and state.used[left[0]] + state.lengths[number] > state.capacities[left[0]]:
                del left[0]
            if not left:
                return
            state.move(number, left[0], len(state.contents[left[0]]))

    def arrange(self, track: int) -> list[int]:
        """Return the submissions of a track, each at its place; those without one between, at random."""
        state = self.state
        numbers = sorted(self.of_track[track], key=lambda _number: self.draw())
        if not state.is_ordered[track]:
            return numbers
        anywhere = [number for number in numbers if not state.places[number]]
        sequence: list[int] = []
        for number in sorted(set(numbers) - set(anywhere), key=state.places.__getitem__):
            while anywhere and len(sequence) + 1 < state.places[number]:
                sequence.append(anywhere.pop())
            sequence.append(number)
        return sequence + anywhere

    def swap_rooms(self) -> None:
        """Exchange two rooms in all sessions."""
        state = self.state
        room, other = self.pick(state.room_count), self.pick(state.room_count)
        for first in range(0, state.block_count, state.room_count):
            self.exchange_any(first + room, first + other)

    def swap_sessions(self) -> None:
        """Exchange two sessions in all rooms."""
        state = self.state
        first, second = (self.pick(state.session_count) * state.room_count for _end in range(2))
        for room in range(state.room_count):
            self.exchange_any(first + room, second + room)

    def exchange_any(self, block: int, other: int) -> None:
        if self.state.contents[block] or self.state.contents[other]:
            self.exchange(block, other)
