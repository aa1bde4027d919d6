"""`plan EVENT [--mode MODE] [--apply]`, or `plan --instance FILE --output FILE`.

Both with [--seconds N] [--seed N].
"""

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from convention.commands import ConventionCommand, get_event_by_slug
from convention.errors import ConventionError
from convention.events.models import Event
from convention.files import read_input_file, write_atomically
from schedule.models import PlanRun
from schedule.plan_runs.plan_event import plan_event
from schedule.plan_runs.runs import MAX_SECONDS as MAX_EVENT_SECONDS
from schedule.plan_runs.runs import adopt_proposal, choose_mode, count_unplaced, create_plan_run
from schedule.planner.costs import PlanCosts
from schedule.planner.exact.working_groups import find_fewest_parallel, plan_working_groups
from schedule.planner.foreign.cosplib.read_conference import read_conference
from schedule.planner.foreign.cosplib.solve_conference import ConferenceResult, solve_conference
from schedule.planner.foreign.cosplib.timetable_workbook import write_timetable
from schedule.planner.foreign.group_instance import (
    is_group_instance,
    read_group_instance,
    write_group_plan,
)
from schedule.planner.foreign.json_instance import read_json_instance, write_json_plan
from schedule.planner.limits import MIN_EXACT_SECONDS, WorkLimits
from schedule.planner.plan_schedule import DEFAULT_SECONDS, PlanningResult, plan_schedule

MAX_SECONDS = 24 * 60 * 60
MAX_PARALLEL = 1_000


class Command(ConventionCommand):
    """Plan an event or a foreign instance, and print the cost by kind."""

    help = "Propose a timetable for an event, or plan the sessions of an instance file."

    runs_in_transaction = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("event", nargs="?", metavar="EVENT", help="the event's address")
        parser.add_argument(
            "--apply", action="store_true", help="apply the proposal to the draft; nothing is published"
        )
        parser.add_argument(
            "--mode",
            choices=PlanRun.Mode.values,
            help="unplaced: only sessions without a time; everything: plan all sessions again; repair: as "
            "few moves as possible (default: unplaced, or everything if all sessions have a time)",
        )
        parser.add_argument(
            "--instance",
            metavar="FILE",
            type=Path,
            help="a .json or .xlsx instance, or sessions of working groups (.py, read and never run)",
        )
        parser.add_argument(
            "--parallel",
            metavar="N",
            type=int,
            help="for working groups: how many sessions can run at once (default: the fewest possible)",
        )
        parser.add_argument("--output", metavar="FILE", type=Path, help="the file for the plan")
        parser.add_argument(
            "--seconds",
            metavar="N",
            type=float,
            default=DEFAULT_SECONDS,
            help="search time in seconds (default 10); rounded up to whole seconds for an event",
        )
        parser.add_argument(
            "--seed", metavar="N", type=int, default=1, help="a different seed gives a different plan"
        )

    def run(self, **options: Any) -> None:
        check_subject(options)
        most = MAX_EVENT_SECONDS if options["event"] else MAX_SECONDS
        check_budget(options["seconds"], options["seed"], most=most)
        if options["event"]:
            self.print_lines(self.plan_event(get_event_by_slug(options["event"]), options))
        else:
            self.plan_instance(options)

    def plan_event(self, event: Event, options: dict[str, Any]) -> list[str]:
        """Plan in the given mode; by default the sessions without a time, or all if there are none."""
        mode = options["mode"]
        plan_run = create_plan_run(
            event=event,
            mode=PlanRun.Mode(mode) if mode else choose_mode(count_unplaced(event)),
            seconds=math.ceil(options["seconds"]),
            seed=options["seed"],
            author=None,
        )
        result = plan_event(plan_run)
        if result is None:
            reasons = " ".join(plan_run.reasons[get_language() or "fr"])
            if plan_run.state == PlanRun.State.FAILED:
                raise ConventionError(reasons)
            raise ConventionError(_("No timetable keeps all the rules: %(reasons)s") % {"reasons": reasons})
        lines = [*describe_costs(result.costs), *describe_run(result)]
        if options["apply"]:
            moved = len(adopt_proposal(plan_run=plan_run, author=None))
            return [*lines, _("Sessions placed or moved in the draft: %(count)d.") % {"count": moved}]
        return [*lines, _("Stored as proposal %(number)d.") % {"number": plan_run.pk}]

    def plan_instance(self, options: dict[str, Any]) -> None:
        """Plan the instance. The output is opened first, so that a wrong name fails before the work."""
        data = read_input_file(options["instance"])
        plan = choose_planner(data, options["parallel"])
        with write_atomically(options["output"]) as file:
            plan_bytes, lines = plan(data, seconds=options["seconds"], seed=options["seed"])
            file.write(plan_bytes)
        self.print_lines(lines)


def choose_planner(data: bytes, parallel: int | None) -> Callable[..., tuple[bytes, list[str]]]:
    """Return the function that plans an instance of this kind."""
    if is_group_instance(data):
        return partial(plan_groups, parallel=parallel)
    if parallel is not None:
        raise ConventionError(_("--parallel needs an instance of working groups."))
    return plan_workbook if is_workbook(data) else plan_json


def plan_groups(data: bytes, *, seconds: float, seed: int, parallel: int | None) -> tuple[bytes, list[str]]:
    """Return the plan of sessions of working groups, and what to print."""
    began_at = time.monotonic()
    limits = WorkLimits(began_at + max(seconds, MIN_EXACT_SECONDS))
    programme = read_group_instance(data, max_parallel=parallel or 1)
    budget = max(seconds, MIN_EXACT_SECONDS)
    if parallel is None:
        programme = find_fewest_parallel(programme=programme, budget=budget, seed=seed, limits=limits)
    plan = plan_working_groups(programme=programme, budget=budget, seed=seed, limits=limits)
    proof = _("proven to be the fewest") if plan.is_proven else _("at least %(n)d") % {"n": plan.bound}
    lines = [
        _("Sessions in parallel: %(number)d") % {"number": programme.max_parallel},
        _("Pairs of a group’s sessions at once: %(number)d (%(proof)s)")
        % {"number": plan.conflicts, "proof": proof},
        _("Planned in %(seconds).1f s.") % {"seconds": time.monotonic() - began_at},
    ]
    return write_group_plan(plan), lines


def is_workbook(data: bytes) -> bool:
    """Return whether a file is a ZIP archive, as workbooks are: known by its content, not by its name."""
    return data.startswith(b"PK")


def plan_json(data: bytes, *, seconds: float, seed: int) -> tuple[bytes, list[str]]:
    """Return the plan of an instance in JSON, and what to print."""
    json_instance = read_json_instance(data)
    result = plan_schedule(instance=json_instance.instance, seconds=seconds, seed=seed)
    lines = [*describe_costs(result.costs), *describe_run(result)]
    return write_json_plan(json_instance, result.plan), lines


def plan_workbook(data: bytes, *, seconds: float, seed: int) -> tuple[bytes, list[str]]:
    """Return the timetable of a conference of CoSPLib as a workbook, and what to print."""
    conference = read_conference(data)
    result = solve_conference(conference=conference, seconds=seconds, seed=seed)
    lines = [
        *(f"{name}: {penalty}" for name, penalty in result.penalties.items()),
        _("Objective value: %(number)d") % {"number": sum(result.penalties.values())},
        _("Presenters in two places: %(number)d") % {"number": result.presenter_conflicts},
        *describe_run(result),
    ]
    return write_timetable(conference, result.timetable, result.penalties), lines


def check_subject(options: dict[str, Any]) -> None:
    """Raise ConventionError unless there is either an event, or an instance and an output."""
    files = [options["instance"], options["output"]]
    if bool(options["event"]) == any(files) or (any(files) and not all(files)):
        raise ConventionError(_("Name an event, or --instance FILE and --output FILE."))
    if options["parallel"] is not None and not 1 <= options["parallel"] <= MAX_PARALLEL:
        raise ConventionError(_("--parallel must be between 1 and %(most)d.") % {"most": MAX_PARALLEL})
    if options["parallel"] is not None and options["event"]:
        raise ConventionError(_("--parallel needs an instance of working groups."))
    if options["apply"] and not options["event"]:
        raise ConventionError(_("--apply needs an event."))
    if options["mode"] and not options["event"]:
        raise ConventionError(_("--mode needs an event."))


def check_budget(seconds: float, seed: int, *, most: int) -> None:
    """Raise ConventionError unless the seconds are from 0 to `most`, and the seed is in range."""
    if not (math.isfinite(seconds) and 0 <= seconds <= most):
        raise ConventionError(_("--seconds must be between 0 and %(most)d.") % {"most": most})
    if not 0 <= seed < 2**31:
        raise ConventionError(_("--seed must be between 0 and 2147483647."))


def describe_costs(costs: PlanCosts) -> list[str]:
    """Return one line for each kind of cost, and the total."""
    return [
        _("Favourites lost: %(number)d") % {"number": costs.lost_favourites},
        _("Seats missing: %(number)d") % {"number": costs.missing_seats},
        _("Extra rooms per track and half day: %(number)d") % {"number": costs.extra_rooms},
        _("Unwanted slots: %(number)d") % {"number": costs.unwanted_slots},
        _("Weighted cost: %(number)d") % {"number": costs.total},
    ]


def describe_run(result: PlanningResult | ConferenceResult) -> list[str]:
    """Return how long it took, and whether the clock cut the work short."""
    lines = [_("Planned in %(seconds).1f s.") % {"seconds": result.elapsed}]
    if result.is_capped:
        lines.append(
            _("The time was up before the search was complete: another run may give a different plan.")
        )
    return lines
