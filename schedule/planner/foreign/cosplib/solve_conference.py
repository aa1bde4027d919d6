"""Plan a conference of the library: anneal a timetable that starts with all submissions parked."""

import time
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _

from convention.errors import ConventionError
from schedule.planner.search.anneal import Annealer, Layout
from schedule.planner.search.run_search import PROCESS_COUNT, run_search

from .block_moves import BlockMoves
from .block_state import PARKED_PENALTY, BlockState
from .conference import Conference, Timetable, make_timetable
from .judge import count_presenter_conflicts, judge_timetable

# For each process; fewer if time slots count, which are recalculated for the sessions of each move.
BLOCK_STEPS_PER_SECOND: Final = 25_000
SLOT_STEPS_PER_SECOND: Final = 10_000
# A timetable is filled from nothing, which takes some steps even without a budget.
MIN_SECONDS: Final = 1.0
# Penalties reach from one to a million: the search passes through all scales, from a tenth of the largest.
MIN_START_TEMPERATURE: Final = 10_000.0
END_TEMPERATURE: Final = 0.15


class ConferenceTooFull(ConventionError):
    """No timetable with all submissions was found."""

    kind = "conference-too-full"


class BlockAnnealer(Annealer):
    """Anneal a timetable of blocks."""

    chunk_steps: ClassVar[int] = 200

    def __init__(self, conference: Conference, contents: Any, seed: int) -> None:
        super().__init__(seed)
        self.state = BlockState(conference)
        self.state.import_contents(contents)
        self.moves = BlockMoves(self.state, self.random)
        self.best_total, self.best_layout = self.state.total, self.state.export_contents()

    def find_temperatures(self) -> tuple[float, float]:
        """Return temperatures for the weights of the conference."""
        largest = max(self.state.weights.values())
        return max(MIN_START_TEMPERATURE, largest / 10), END_TEMPERATURE

    def take_steps(self, steps: int, temperature: float) -> int:
        """Try that many moves at one temperature and return how many were accepted."""
        state, accepted = self.state, 0
        for _step in range(steps):
            before = state.total
            self.moves.make_move()
            if not state.log:
                continue
            if self.is_accepted(state.settle() - before, temperature):
                accepted += 1
                state.accept()
                if state.total < self.best_total:
                    self.best_total, self.best_layout = state.total, state.export_contents()
            else:
                state.undo()
        return accepted


@dataclass(frozen=True, slots=True)
class ConferenceProblem:
    """A conference for the search; a layout is the submissions of each block, and those parked."""

    conference: Conference

    @property
    def steps_per_second(self) -> int:
        """Return the steps of each process for each second of budget."""
        weights = self.conference.weights
        counts_slots = weights["presenters_by_slot"] or weights["attendees_by_slot"] or weights["order"]
        return SLOT_STEPS_PER_SECOND if counts_slots else BLOCK_STEPS_PER_SECOND

    def create_annealer(self, layout: Layout, seed: int) -> BlockAnnealer:
        """Return an annealer that starts with these contents."""
        return BlockAnnealer(self.conference, layout, seed)


@dataclass(frozen=True, slots=True)
class ConferenceResult:
    """A timetable with the library's penalties by name, and how many pairs need a presenter twice at once."""

    timetable: Timetable
    penalties: dict[str, int]
    presenter_conflicts: int
    is_capped: bool
    elapsed: float


def solve_conference(
    *, conference: Conference, seconds: float, seed: int = 1, process_count: int = PROCESS_COUNT
) -> ConferenceResult:
    """Return the best timetable found within a budget of `seconds`. Raise ConferenceTooFull without one."""
    began_at, budget = time.monotonic(), max(seconds, MIN_SECONDS)
    parked = BlockState(conference)
    outcome = run_search(
        problem=ConferenceProblem(conference),
        layout=parked.export_contents(),
        total=parked.total,
        seconds=budget,
        deadline=began_at + budget,
        seed=seed,
        process_count=process_count,
    )
    if outcome.total >= PARKED_PENALTY:
        raise ConferenceTooFull(
            _("No timetable with all submissions was found: add sessions or rooms, or raise --seconds.")
        )
    contents: Any = outcome.layout[:-1]
    timetable = make_timetable(conference, contents)
    return ConferenceResult(
        timetable=timetable,
        penalties=judge_timetable(conference, timetable),
        presenter_conflicts=count_presenter_conflicts(conference, timetable),
        is_capped=outcome.is_capped,
        elapsed=time.monotonic() - began_at,
    )
