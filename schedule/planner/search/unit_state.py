"""A plan of sessions that all last one slot, with incremental costs: the fast case.

The planner needs hundreds of thousands of trial moves a second. A move swaps the contents of two cells. For
each cell the attendees of the *other* sessions in its slot are stored as one set, so that the cost of a
move is two unions and a few table look-ups. long_state.py does the same for any durations; a test compares
both with costs.py.
"""

from .tables import UNREACHABLE_COUNT, Block, SearchTables, keeps_order

# More than any real change of cost: the move would break a hard rule.
FORBIDDEN = 1 << 60


class UnitState:
    """A complete plan that breaks no rule; `cell_of` gives each session's cell, `total` the weighted cost."""

    __slots__ = (
        "cell_of",
        "half_counts",
        "half_room_counts",
        "occupants",
        "others",
        "seen_counts",
        "slot_sessions",
        "tables",
        "total",
    )

    def __init__(self, tables: SearchTables, cells: list[int]) -> None:
        nothing = tables.session_count
        self.tables = tables
        self.cell_of = [*cells, -1]
        self.occupants = [nothing] * len(tables.slot_of_cell)
        self.slot_sessions = [0] * tables.slot_count
        self.seen_counts = [0] * tables.slot_count
        self.others = [0] * len(tables.slot_of_cell)
        half_days, rooms = tables.half_day_count, tables.room_count
        self.half_room_counts = [[0] * (half_days * rooms) for _track in range(tables.track_count)]
        self.half_counts = [[0] * half_days for _track in range(tables.track_count)]
        self.half_room_counts.append([UNREACHABLE_COUNT] * (half_days * rooms))
        self.half_counts.append([UNREACHABLE_COUNT] * half_days)
        for session, cell in enumerate(cells):
            self.occupants[cell] = session
            self.slot_sessions[tables.slot_of_cell[cell]] |= tables.bits[session]
            self.half_room_counts[tables.track_of[session]][tables.half_day_room_of_cell[cell]] += 1
            self.half_counts[tables.track_of[session]][tables.half_day_of_cell[cell]] += 1
        for slot in range(tables.slot_count):
            self._refresh_slot(slot)
        self.total = self._calculate_total()

    def _calculate_total(self) -> int:
        tables = self.tables
        by_cell = sum(
            tables.cell_costs[session][cell]
            for session, cell in enumerate(self.cell_of[: tables.session_count])
        )
        lost = tables.favourite_count - sum(self.seen_counts)
        rooms = sum(count > 0 for counts in self.half_room_counts[:-1] for count in counts)
        first_rooms = sum(count > 0 for counts in self.half_counts[:-1] for count in counts)
        return by_cell + tables.favourite_weight * lost + tables.room_weight * (rooms - first_rooms)

    def _refresh_slot(self, slot: int) -> None:
        """Recalculate the unions of one slot from its sessions."""
        rooms, fans = self.tables.room_count, self.tables.fans
        first = slot * rooms
        union = 0
        for cell in range(first, first + rooms):
            self.others[cell] = union
            union |= fans[self.occupants[cell]]
        self.seen_counts[slot] = union.bit_count()
        union = 0
        for cell in range(first + rooms - 1, first - 1, -1):
            self.others[cell] |= union
            union |= fans[self.occupants[cell]]

    def price_move(self, session: int, target: int) -> int:
        """Return by how much the cost would rise if the session swapped with the content of `target`.

        `target` must be an allowed cell of the session, and not its own. FORBIDDEN if a rule would be broken.
        """
        tables = self.tables
        source = self.cell_of[session]
        other = self.occupants[target]
        if not tables.is_allowed[other][source]:
            return FORBIDDEN
        costs, other_costs = tables.cell_costs[session], tables.cell_costs[other]
        delta = costs[target] - costs[source] + other_costs[source] - other_costs[target]
        slot, other_slot = tables.slot_of_cell[source], tables.slot_of_cell[target]
        if slot != other_slot:
            if (
                tables.conflicts[session] & (self.slot_sessions[other_slot] ^ tables.bits[other])
                or tables.conflicts[other] & (self.slot_sessions[slot] ^ tables.bits[session])
                or (
                    tables.has_follow_pairs
                    and not keeps_order(tables, self.cell_of, {session: target, other: source})
                )
            ):  # fmt: skip
                return FORBIDDEN
            fans = tables.fans
            delta += tables.favourite_weight * (
                self.seen_counts[slot]
                + self.seen_counts[other_slot]
                - (self.others[source] | fans[other]).bit_count()
                - (self.others[target] | fans[session]).bit_count()
            )
        track, other_track = tables.track_of[session], tables.track_of[other]
        if track != other_track:
            delta += tables.room_weight * (
                self._count_rooms(track, source, target) + self._count_rooms(other_track, target, source)
            )
        return delta

    def _count_rooms(self, track: int, source: int, target: int) -> int:
        """Return by how many the extra rooms of a track rise if one of its sessions moves."""
        tables, counts = self.tables, self.half_room_counts[track]
        room, other_room = tables.half_day_room_of_cell[source], tables.half_day_room_of_cell[target]
        if room == other_room:
            return 0
        rise = (counts[other_room] == 0) - (counts[room] == 1)
        half_day, other_half_day = tables.half_day_of_cell[source], tables.half_day_of_cell[target]
        if half_day != other_half_day:
            counts = self.half_counts[track]
            rise += (counts[half_day] == 1) - (counts[other_half_day] == 0)
        return rise

    def apply_move(self, session: int, target: int, delta: int) -> None:
        """Swap the session with the content of `target`; `delta` is what price_move returned."""
        tables = self.tables
        source = self.cell_of[session]
        other = self.occupants[target]
        self.occupants[source], self.occupants[target] = other, session
        self.cell_of[session], self.cell_of[other] = target, source
        self._count_move(tables.track_of[session], source, target)
        self._count_move(tables.track_of[other], target, source)
        slot, other_slot = tables.slot_of_cell[source], tables.slot_of_cell[target]
        if slot != other_slot:
            swapped = tables.bits[session] | tables.bits[other]
            self.slot_sessions[slot] ^= swapped
            self.slot_sessions[other_slot] ^= swapped
            self._refresh_slot(other_slot)
        self._refresh_slot(slot)
        self.total += delta

    def _count_move(self, track: int, source: int, target: int) -> None:
        tables, counts = self.tables, self.half_room_counts[track]
        counts[tables.half_day_room_of_cell[source]] -= 1
        counts[tables.half_day_room_of_cell[target]] += 1
        counts = self.half_counts[track]
        counts[tables.half_day_of_cell[source]] -= 1
        counts[tables.half_day_of_cell[target]] += 1

    def price_block_swap(self, block: Block) -> int:
        """Return by how much the cost would rise if the contents of all these pairs of cells were swapped.

        The pairs are two slots, room by room, or two rooms in some slots: who sees which favourites stays the
        same. FORBIDDEN if a session may not be in its new cell.
        """
        tables, occupants = self.tables, self.occupants
        if tables.has_follow_pairs and not self._keeps_order(block):
            return FORBIDDEN
        delta = 0
        for source, target in block:
            session, other = occupants[source], occupants[target]
            if not (tables.is_allowed[session][target] and tables.is_allowed[other][source]):
                return FORBIDDEN
            costs, other_costs = tables.cell_costs[session], tables.cell_costs[other]
            delta += costs[target] - costs[source] + other_costs[source] - other_costs[target]
        return delta + tables.room_weight * self._count_rooms_of_block(block)

    def _keeps_order(self, block: Block) -> bool:
        moved = {self.occupants[source]: target for source, target in block}
        moved |= {self.occupants[target]: source for source, target in block}
        return keeps_order(self.tables, self.cell_of, moved)

    def _count_rooms_of_block(self, block: Block) -> int:
        """Return by how many the extra rooms rise if the block is swapped."""
        track_of, occupants = self.tables.track_of, self.occupants
        moves = [
            (track_of[occupants[cell]], cell, end)
            for source, target in block
            for cell, end in ((source, target), (target, source))
        ]
        rise = 0
        for move in moves:
            rise += self._count_rooms(*move)
            self._count_move(*move)
        for track, source, target in moves:
            self._count_move(track, target, source)
        return rise

    def apply_block_swap(self, block: Block, delta: int) -> None:
        """Swap the contents of the pairs of cells; `delta` is what price_block_swap returned."""
        tables, occupants = self.tables, self.occupants
        for source, target in block:
            session, other = occupants[source], occupants[target]
            occupants[source], occupants[target] = other, session
            self.cell_of[session], self.cell_of[other] = target, source
            self.others[source], self.others[target] = self.others[target], self.others[source]
            self._count_move(tables.track_of[session], source, target)
            self._count_move(tables.track_of[other], target, source)
        slot, other_slot = (tables.slot_of_cell[cell] for cell in block[0])
        for values in (self.slot_sessions, self.seen_counts):
            values[slot], values[other_slot] = values[other_slot], values[slot]
        self.total += delta

    def export_cells(self) -> list[int]:
        """Return the cell of each session."""
        return self.cell_of[: self.tables.session_count]
