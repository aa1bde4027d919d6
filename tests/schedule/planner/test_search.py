"""The search: incremental costs equal recomputed ones, and the same seed gives the same plan."""

import os
import random
import sys
import time
from pathlib import Path

import pytest

from schedule.planner.costs import calculate_costs, count_broken_rules
from schedule.planner.instance import PlannerInstance, PlannerSession
from schedule.planner.plan_schedule import find_first_plan
from schedule.planner.search.cell_annealer import CellAnnealer, InstanceProblem, create_state
from schedule.planner.search.long_state import LongState
from schedule.planner.search.run_search import run_search
from schedule.planner.search.tables import prepare_tables, to_cells, to_plan
from schedule.planner.search.unit_state import FORBIDDEN, UnitState

from .instances import make_random_instance, make_rooms, make_slots, place


def start_search(seed: int, **options):
    """Return an instance, its tables, and a state with a first plan."""
    instance = make_random_instance(seed, **options)
    tables = prepare_tables(instance)
    plan = find_first_plan(instance=instance, seed=seed)
    return instance, tables, create_state(tables, to_cells(instance, plan))


@pytest.mark.parametrize("follows", [{}, {7: 2, 9: 7, 11: 2}])
@pytest.mark.parametrize("durations", [(1,), (1, 2, 3)])
@pytest.mark.parametrize("seed", range(4))
def test_the_price_of_a_move_is_the_difference_of_the_costs(seed, durations, follows):
    instance, tables, state = start_search(seed, durations=durations, sessions=12, follows=follows)
    generator = random.Random(seed)

    for _move in range(300):
        session = generator.randrange(tables.session_count)
        target = generator.choice(tables.allowed_cells[session])
        if target == state.cell_of[session] or (delta := state.price_move(session, target)) >= FORBIDDEN:
            continue
        state.apply_move(session, target, delta)
        plan = to_plan(instance, state.export_cells())
        assert state.total == calculate_costs(instance, plan).total
        assert count_broken_rules(instance, plan) == 0


@pytest.mark.parametrize("follows", [{}, {7: 2}])
@pytest.mark.parametrize("seed", range(3))
def test_the_price_of_a_block_is_the_difference_of_the_costs(seed, follows):
    instance, _tables, state = start_search(seed, follows=follows)
    annealer = CellAnnealer(state, seed)

    for draw_block in [annealer.draw_slots, annealer.draw_rooms] * 100:
        block = draw_block()
        if (delta := state.price_block_swap(block)) >= FORBIDDEN:
            continue
        state.apply_block_swap(block, delta)
        plan = to_plan(instance, state.export_cells())
        assert state.total == calculate_costs(instance, plan).total
        assert count_broken_rules(instance, plan) == 0


def test_move_to_the_time_of_the_speakers_other_session_is_forbidden():
    instance, tables, state = start_search(1)
    plan = to_plan(instance, state.export_cells())
    first, second = next(
        (one, other)
        for one in range(tables.session_count)
        for other in range(tables.session_count)
        if tables.conflicts[one] >> other & 1 and instance.sessions[one].allowed_rooms is None
    )
    free = [
        cell
        for cell in tables.allowed_cells[first]
        if tables.slot_of_cell[cell] == plan[second].slot and cell not in state.cell_of
    ]

    assert free
    assert {state.price_move(first, cell) for cell in free} == {FORBIDDEN}


def search(instance, *, seed: int = 1, process_count: int = 1, seconds_left: float = 60):
    """Run a short search from the first plan."""
    plan = find_first_plan(instance=instance, seed=1)
    return run_search(
        problem=InstanceProblem(instance),
        layout=to_cells(instance, plan),
        total=calculate_costs(instance, plan).total,
        seconds=0.02,
        deadline=time.monotonic() + seconds_left,
        seed=seed,
        process_count=process_count,
    )


@pytest.mark.parametrize("process_count", [1, 2])
def test_the_same_seed_and_budget_give_the_same_plan(process_count):
    instance = make_random_instance(1)

    outcomes = [search(instance, process_count=process_count) for _run in range(2)]

    assert outcomes[0] == outcomes[1]
    assert not outcomes[0].is_capped


def test_search_cut_by_the_deadline_is_capped():
    outcome = search(make_random_instance(1), seconds_left=0)

    assert outcome.is_capped


def list_child_commands() -> list[str]:
    """Return the commands of the running child processes."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [Path(f"/proc/{child}/cmdline").read_text() for child in children]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("handler", ["should_stop", "on_report"])
def test_keyboard_interrupt_ends_the_child_processes(handler):
    def interrupt(*_report) -> bool:
        raise KeyboardInterrupt

    instance = make_random_instance(1)
    plan = find_first_plan(instance=instance, seed=1)

    with pytest.raises(KeyboardInterrupt):
        run_search(
            problem=InstanceProblem(instance),
            layout=to_cells(instance, plan),
            total=calculate_costs(instance, plan).total,
            seconds=600,
            deadline=time.monotonic() + 600,
            seed=1,
            **{handler: interrupt},
        )

    assert not [command for command in list_child_commands() if "search.child" in command]


def make_easy_problem():
    """Return an instance in which only the first slot costs anything, and a plan for it."""
    sessions = tuple(PlannerSession(str(number), slot_penalties={0: 3}) for number in range(4))
    instance = PlannerInstance(sessions, make_slots(6), make_rooms(10, 10))
    return instance, place((0, 0), (0, 1), (1, 0), (1, 1))


@pytest.mark.parametrize("process_count", [1, 2])
def test_search_ends_when_the_cost_is_zero(process_count):
    instance, plan = make_easy_problem()
    began_at = time.monotonic()

    outcome = run_search(
        problem=InstanceProblem(instance),
        layout=to_cells(instance, plan),
        total=calculate_costs(instance, plan).total,
        seconds=600,
        deadline=began_at + 600,
        seed=1,
        process_count=process_count,
    )

    assert outcome.total == 0
    assert not outcome.is_capped
    assert time.monotonic() - began_at < 60


def test_plan_with_zero_cost_is_returned_without_search():
    instance, _plan = make_easy_problem()
    layout = to_cells(instance, place((1, 0), (1, 1), (2, 0), (2, 1)))

    outcome = run_search(
        problem=InstanceProblem(instance), layout=layout, total=0, seconds=600, deadline=600, seed=1
    )

    assert outcome.layout == layout


def test_both_states_give_unit_sessions_the_same_price():
    _instance, tables, state = start_search(1)
    long_state = LongState(tables, state.export_cells())

    moves = [
        (session, cell)
        for session in range(tables.session_count)
        for cell in tables.allowed_cells[session]
        if cell != state.cell_of[session]
    ]

    assert long_state.total == state.total
    assert [long_state.price_move(*move) for move in moves] == [state.price_move(*move) for move in moves]


def test_long_sessions_use_the_general_state():
    assert isinstance(start_search(1, durations=(1, 2), sessions=10)[2], LongState)


def test_unit_sessions_use_the_fast_state():
    assert isinstance(start_search(1)[2], UnitState)
