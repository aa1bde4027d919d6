"""The planner's costs after its budget, beside the results to beat.

The instances are not ours to publish: `PLANNER_INSTANCES` names a folder with the JSON instances and, in its
folder `cosplib`, the library's workbooks and published timetables. Without it nothing is measured.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from schedule.planner.exact.repair import repair_plan
from schedule.planner.foreign.cosplib.judge import judge_timetable
from schedule.planner.foreign.cosplib.read_conference import read_conference
from schedule.planner.foreign.cosplib.solve_conference import solve_conference
from schedule.planner.foreign.cosplib.timetable_workbook import read_timetable
from schedule.planner.foreign.json_instance import read_json_instance
from schedule.planner.plan_schedule import plan_schedule
from tests.bench.figures import Figure
from tests.bench.site import Site

TARGETS = {"n50": 1678, "n100": 986, "n200": 341}
CONFERENCE_TARGETS = {
    "N2OR": 1,
    "GECCO19": 10_652,
    "GECCO20": 6_297,
    "GECCO21": 11_130,
    "ISF22": 10_679,
    "OR60F": 433,
    "OR60F2": 1_659,
    "OR60F3": 1_719,
}
# As the library's own checker judges the published timetables.
PUBLISHED = {
    "N2OR.exact": 2,
    "N2OR.extended": 2,
    "GECCO19.exact": 1_000_116,
    "GECCO19.extended": 2_000_007,
    "GECCO21.exact": 11_280,
    "GECCO21.extended": 11_130,
    "OR60F2.exact": 1_660,
}
WHY = "The machine was too slow for the fixed number of steps, or the seed was unlucky."


def figures(_site: Site) -> Iterator[Figure]:
    """Plan each instance that is there with seed 1: ours for 10 seconds, conferences for 60."""
    if not (named := os.environ.get("PLANNER_INSTANCES")):
        return
    folder = Path(named)
    yield from measure_instances(folder)
    yield from measure_judge(folder / "cosplib")
    yield from measure_conferences(folder / "cosplib")


def measure_instances(folder: Path) -> Iterator[Figure]:
    for name, target in TARGETS.items():
        instance = read_json_instance((folder / f"{name}.json").read_bytes()).instance
        firsts: list[float] = []
        result = plan_schedule(
            instance=instance,
            seconds=10,
            on_progress=lambda progress, seen=firsts: seen.append(progress.elapsed),
        )
        yield Figure(f"plan {name}, 10 s", result.costs.total, "cost", at_most=target, why=WHY)
        yield Figure(f"first plan of {name}", firsts[0], "s", at_most=2)
    closed = read_json_instance((folder / "n200.json").read_bytes()).instance
    without_room = close_first_room(closed)
    yield from measure_repair(without_room, result.plan)


def close_first_room(instance):
    """Return the instance with the largest room closed on the first day."""
    rooms = list(instance.rooms)
    open_slots = frozenset(number for number, slot in enumerate(instance.slots) if slot.day)
    rooms[0] = replace(rooms[0], open_slots=open_slots)
    return replace(instance, rooms=tuple(rooms))


def measure_repair(instance, plan) -> Iterator[Figure]:
    began_at = time.monotonic()
    repaired = repair_plan(instance=instance, plan=plan)
    if not repaired.is_proven:
        raise RuntimeError("The repair was not proven to need that many moves.")
    yield Figure("repair of 200 sessions, a room closed", time.monotonic() - began_at, "s", at_most=5)


def measure_judge(folder: Path) -> Iterator[Figure]:
    """Count the published timetables that we judge otherwise than the checker."""
    wrong = 0
    for name, objective in PUBLISHED.items():
        conference = read_conference((folder / f"{name.partition('.')[0]}.xlsx").read_bytes())
        timetable = read_timetable(conference, (folder / f"{name}.xlsx").read_bytes())
        wrong += sum(judge_timetable(conference, timetable).values()) != objective
    yield Figure("published timetables judged otherwise than by their checker", wrong, "", at_most=0)


def measure_conferences(folder: Path) -> Iterator[Figure]:
    for name, target in CONFERENCE_TARGETS.items():
        if not (path := folder / f"{name}.xlsx").exists():
            continue
        result = solve_conference(conference=read_conference(path.read_bytes()), seconds=60)
        if result.presenter_conflicts:
            raise RuntimeError(f"A presenter of {name} is in two places.")
        objective = sum(result.penalties.values())
        yield Figure(f"conference {name}, 60 s", objective, "penalties", at_most=target, why=WHY)
