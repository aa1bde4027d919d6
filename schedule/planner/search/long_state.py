"""A plan of sessions of any duration, with incremental costs: slower than unit_state.py, and general.

To price a move, it is made and then taken back.
"""

from .tables import UNREACHABLE_COUNT, Block, SearchTables, keeps_order
from .unit_state import FORBIDDEN

type Changes = list[tuple[int, int]]
"""Sessions and their new first cells."""


class LongState:
    """A complete plan that breaks no rule; `cell_of` gives each session's first cell, `total` its cost."""

    def __init__(self, tables: SearchTables, cells: list[int]) -> None:
        self.tables = tables
        self.nothing = tables.session_count
        self.cell_of = [-1] * tables.session_count
        self.occupants = [self.nothing] * len(tables.slot_of_cell)
        self.slot_sessions = [0] * tables.slot_count
        self.starters: list[set[int]] = [set() for _slot in range(tables.slot_count)]
        self.seen_counts = [0] * tables.slot_count
        half_days, rooms = tables.half_day_count, tables.room_count
        self.half_room_counts = [[0] * (half_days * rooms) for _track in range(tables.track_count)]
        self.half_counts = [[0] * half_days for _track in range(tables.track_count)]
        self.half_room_counts.append([UNREACHABLE_COUNT] * (half_days * rooms))
        self.half_counts.append([UNREACHABLE_COUNT] * half_days)
        self.total = tables.favourite_weight * tables.favourite_count
        for session, cell in enumerate(cells):
            self._place(session, cell)
        self._refresh_slots(set(range(tables.slot_count)))

    def price_move(self, session: int, target: int) -> int:
        """Return by how much the cost would rise if the session moved to `target`.

        A session in the way is moved to the former cell. FORBIDDEN if a rule would be broken.
        """
        changes = self.plan_move(session, target)
        if changes is None:
            return FORBIDDEN
        before = self.total
        back = [(moved, self.cell_of[moved]) for moved, _cell in changes]
        self.shift(changes)
        delta = self.total - before
        self.shift(back)
        return delta

    def apply_move(self, session: int, target: int, delta: int) -> None:
        """Make a move that was priced with `delta`."""
        changes = self.plan_move(session, target)
        if changes is not None:
            before = self.total
            self.shift(changes)
            assert self.total == before + delta

    def price_block_swap(self, _block: Block) -> int:
        """Return FORBIDDEN: long sessions cross the bounds of most blocks."""
        return FORBIDDEN

    def apply_block_swap(self, _block: Block, _delta: int) -> None:
        """Do nothing: no block swap is ever allowed."""

    def export_cells(self) -> list[int]:
        """Return the first cell of each session."""
        return list(self.cell_of)

    def _list_cells(self, session: int, cell: int) -> range:
        rooms = self.tables.room_count
        return range(cell, cell + self.tables.durations[session] * rooms, rooms)

    def plan_move(self, session: int, target: int) -> Changes | None:
        """Return the changes of a move, or None if it would break a rule."""
        source = self.cell_of[session]
        present = {self.occupants[cell] for cell in self._list_cells(session, target)}
        present -= {session, self.nothing}
        if len(present) > 1:
            return None
        changes = [(session, target), *((other, source) for other in present)]
        if any(not self.tables.is_allowed[moved][cell] for moved, cell in changes):
            return None
        if self.tables.has_follow_pairs and not keeps_order(self.tables, self.cell_of, dict(changes)):
            return None
        if self._overlaps_itself(changes) or any(self._is_blocked(change, changes) for change in changes):
            return None
        return changes

    def plan_row_swap(self, source: int, target: int) -> Changes | None:
        """Return the changes that exchange all that start in two slots, or None if a rule forbids it."""
        rooms = self.tables.room_count
        source_sessions, target_sessions = self.starters[source], self.starters[target]
        longest = max(self.tables.durations[session] for session in source_sessions | target_sessions)
        # Between slots closer than the longest session, the exchanged sessions would overlap.
        if target_sessions and abs(source - target) < longest:
            return None
        shift = (target - source) * rooms
        changes = [(session, self.cell_of[session] + shift) for session in sorted(source_sessions)]
        changes += [(session, self.cell_of[session] - shift) for session in sorted(target_sessions)]
        if any(not self.tables.is_allowed[session][cell] for session, cell in changes):
            return None
        if self.tables.has_follow_pairs and not keeps_order(self.tables, self.cell_of, dict(changes)):
            return None
        return None if any(self._is_blocked(change, changes) for change in changes) else changes

    def _overlaps_itself(self, changes: Changes) -> bool:
        """Return whether the moved sessions would share a cell, or a speaker at the same time."""
        if len(changes) == 1:
            return False
        (session, cell), (other, other_cell) = changes
        slots = range(*self._bounds(session, cell))
        other_slots = range(*self._bounds(other, other_cell))
        overlaps = slots.start < other_slots.stop and other_slots.start < slots.stop
        same_room = (cell - other_cell) % self.tables.room_count == 0
        shares_speaker = bool(self.tables.conflicts[session] & self.tables.bits[other])
        return overlaps and (same_room or shares_speaker)

    def _bounds(self, session: int, cell: int) -> tuple[int, int]:
        first = self.tables.slot_of_cell[cell]
        return first, first + self.tables.durations[session]

    def _is_blocked(self, change: tuple[int, int], changes: Changes) -> bool:
        """Return whether a session that stays is in the way of a moved one: its room or a speaker."""
        session, cell = change
        moved = {self.nothing, *(number for number, _cell in changes)}
        if any(self.occupants[part] not in moved for part in self._list_cells(session, cell)):
            return True
        conflicts = self.tables.conflicts[session]
        for number, _cell in changes:
            conflicts &= ~self.tables.bits[number]
        return any(conflicts & self.slot_sessions[slot] for slot in range(*self._bounds(session, cell)))

    def shift(self, changes: Changes) -> None:
        """Make changes that `plan_move` or `plan_row_swap` returned, or take them back."""
        changed_slots: set[int] = set()
        for session, _cell in changes:
            changed_slots.update(range(*self._bounds(session, self.cell_of[session])))
            self._take(session)
        for session, cell in changes:
            changed_slots.update(range(*self._bounds(session, cell)))
            self._place(session, cell)
        self._refresh_slots(changed_slots)

    def _take(self, session: int) -> None:
        tables, cell = self.tables, self.cell_of[session]
        for part in self._list_cells(session, cell):
            self.occupants[part] = self.nothing
            self.slot_sessions[tables.slot_of_cell[part]] ^= tables.bits[session]
        self.starters[tables.slot_of_cell[cell]].discard(session)
        self.total -= tables.cell_costs[session][cell]
        counts, halves = self._get_counts(session)
        room, half_day = tables.half_day_room_of_cell[cell], tables.half_day_of_cell[cell]
        counts[room] -= 1
        halves[half_day] -= 1
        self.total -= tables.room_weight * ((counts[room] == 0) - (halves[half_day] == 0))

    def _place(self, session: int, cell: int) -> None:
        tables = self.tables
        self.cell_of[session] = cell
        for part in self._list_cells(session, cell):
            self.occupants[part] = session
            self.slot_sessions[tables.slot_of_cell[part]] |= tables.bits[session]
        self.starters[tables.slot_of_cell[cell]].add(session)
        self.total += tables.cell_costs[session][cell]
        counts, halves = self._get_counts(session)
        room, half_day = tables.half_day_room_of_cell[cell], tables.half_day_of_cell[cell]
        self.total += tables.room_weight * ((counts[room] == 0) - (halves[half_day] == 0))
        counts[room] += 1
        halves[half_day] += 1

    def _get_counts(self, session: int) -> tuple[list[int], list[int]]:
        track = self.tables.track_of[session]
        return self.half_room_counts[track], self.half_counts[track]

    def _refresh_slots(self, slots: set[int]) -> None:
        """Recalculate how many attendees see a favourite that starts in each of these slots."""
        tables, rooms = self.tables, self.tables.room_count
        for slot in slots:
            starting = running = 0
            for session in self.occupants[slot * rooms : (slot + 1) * rooms]:
                if session in self.starters[slot]:
                    starting |= tables.fans[session]
                else:
                    running |= tables.fans[session]
            seen = (starting & ~running).bit_count()
            self.total -= tables.favourite_weight * (seen - self.seen_counts[slot])
            self.seen_counts[slot] = seen
