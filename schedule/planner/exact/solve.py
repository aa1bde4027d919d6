"""Solve a model with CP-SAT within limits: a deterministic budget, a deadline, and a request to stop."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from ortools.sat.python import cp_model

from schedule.planner.limits import NO_LIMITS, WorkLimits

POLL_SECONDS: Final = 0.1
ANSWERED: Final = (cp_model.OPTIMAL, cp_model.FEASIBLE)

type Answer = tuple[cp_model.CpSolver, cp_model.CpSolverStatus]


def solve_model(
    model: cp_model.CpModel, *, budget: float, limits: WorkLimits = NO_LIMITS, seed: int = 1
) -> Answer:
    """Return the solver and its status after at most `budget` of CP-SAT's deterministic seconds.

    The status is UNKNOWN, or FEASIBLE with the best solution so far, if the limits end the work before.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = budget
    # We handle interruptions ourselves: CP-SAT would end as if its time were over.
    solver.parameters.catch_sigint_signal = False
    if limits.is_over():
        return solver, cp_model.UNKNOWN
    # In a thread of its own, so that this one can ask the limits; the solver releases the interpreter's lock.
    with ThreadPoolExecutor(1) as executor:
        solving = executor.submit(solver.solve, model)
        try:
            while not is_done(solving):
                if limits.is_over():
                    solver.stop_search()
        finally:
            # Repeated, since a request before the search has begun is lost.
            while not solving.done():
                solver.stop_search()
                is_done(solving)
    return solver, solving.result()


def is_done(solving: "Future[cp_model.CpSolverStatus]") -> bool:
    """Wait a moment, and return whether the search has ended."""
    return bool(wait([solving], POLL_SECONDS).done)
