"""Improve a plan: two processes anneal it with different seeds, then both go on from the better result.

Each second of the budget is a fixed number of steps, so that the same seed and budget give the same plan
on any machine that is fast enough. The clock only caps the work, and the result says if it did.
"""

import math
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .anneal import Layout, SearchProblem
from .tasks import SearchReport, SearchTask, run_task

CHILD_COMMAND: Final = (sys.executable, "-m", "schedule.planner.search.child")
ROOT: Final = Path(__file__).resolve().parents[3]
PROCESS_COUNT: Final = 2
# A long, hot search first; then both processes refine the better plan, from a mean temperature.
FIRST_PART: Final = 0.7
POLL_SECONDS: Final = 0.2

type ReportHandler = Callable[[SearchReport], None]


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """The best layout found; `is_capped` if the clock cut the work, `is_stopped` if the caller did."""

    total: int
    layout: Layout
    is_capped: bool
    is_stopped: bool


@dataclass(slots=True)
class SearchRun:
    """A search in progress. `should_stop` is called several times a second, `on_report` with better plans."""

    problem: SearchProblem
    seed: int
    process_count: int
    should_stop: Callable[[], bool]
    on_report: ReportHandler
    best: SearchReport
    is_capped: bool = False
    is_stopped: bool = False
    final_reports: list[SearchReport] = field(default_factory=list)

    def run_part(
        self, *, number: int, steps: int, deadline: float, temperatures: tuple[float, float] | None
    ) -> None:
        """Run one task in each process and wait for all."""
        tasks = [
            SearchTask(
                self.problem,
                self.best.layout,
                steps,
                deadline,
                seed=(self.seed * 1_000 + number) * 1_000 + process,
                temperatures=temperatures,
            )
            for process in range(self.process_count)
        ]
        self.final_reports = []
        # Closed at once, also if a handler raises: that ends the child processes.
        with closing(run_in_children(tasks) if len(tasks) > 1 else run_task(tasks[0])) as reports:
            for report in reports:
                if report is not None:
                    self.take_report(report)
                if self.should_stop():
                    self.is_stopped = True
                    return
        # Ties are decided by layout, since the order of arrival depends on the clock.
        if self.final_reports:
            self.best = min([*self.final_reports, self.best], key=lambda final: (final.total, final.layout))

    def take_report(self, report: SearchReport) -> None:
        """Remember a better plan or the end of a task."""
        if report.total < self.best.total:
            self.best = report
            self.on_report(report)
        if report.is_final:
            self.final_reports.append(report)
            self.is_capped = self.is_capped or report.is_capped


def run_search(
    *,
    problem: SearchProblem,
    layout: Layout,
    total: int,
    seconds: float,
    deadline: float,
    seed: int,
    process_count: int = PROCESS_COUNT,
    should_stop: Callable[[], bool] = lambda: False,
    on_report: ReportHandler = lambda _report: None,
) -> SearchOutcome:
    """Improve the plan in `layout`, whose weighted cost is `total`, within a budget of `seconds`.

    The budget sets the number of steps; `deadline`, in seconds of the monotonic clock, caps them. A process
    ends early at a cost of 0; the others are waited for, so that the plan does not depend on the clock.
    """
    began_at = time.monotonic()
    best = SearchReport(total, layout, temperatures=(1.0, 1.0))
    run = SearchRun(problem, seed, process_count, should_stop, on_report, best)
    steps = int(seconds * problem.steps_per_second)
    if steps == 0 or not layout or total == 0:
        return SearchOutcome(total, layout, is_capped=False, is_stopped=False)
    first_steps = int(steps * FIRST_PART)
    first_deadline = began_at + (deadline - began_at) * FIRST_PART
    run.run_part(number=1, steps=first_steps, deadline=first_deadline, temperatures=None)
    if not run.is_stopped and run.best.total != 0:
        start, end = max(report.temperatures for report in run.final_reports)
        run.run_part(
            number=2, steps=steps - first_steps, deadline=deadline, temperatures=(math.sqrt(start * end), end)
        )
    return SearchOutcome(run.best.total, run.best.layout, run.is_capped, run.is_stopped)


def run_in_children(tasks: list[SearchTask]) -> Generator[SearchReport | None]:
    """Run each task in a child process; yield reports as they come, None while there are none."""
    reports: queue.Queue[SearchReport | None] = queue.Queue()
    children: list[subprocess.Popen[bytes]] = []
    try:
        for task in tasks:
            children.append(start_child())
            send_task(children[-1], task)
            threading.Thread(target=read_reports, args=(children[-1], reports), daemon=True).start()
        yield from wait_for_reports(reports, len(children))
    except BaseException:  # the caller stopped or was interrupted: no more reports are read
        for child in children:
            child.kill()
        raise
    finally:
        statuses = [child.wait() for child in children]
    if any(statuses):
        raise RuntimeError(f"A search process failed; exit statuses {statuses}.")


def wait_for_reports(
    reports: "queue.Queue[SearchReport | None]", process_count: int
) -> Iterator[SearchReport | None]:
    """Yield reports until each process has ended its own with None; None while there are none."""
    while process_count:
        try:
            report = reports.get(timeout=POLL_SECONDS)
        except queue.Empty:
            yield None
            continue
        if report is None:
            process_count -= 1
        else:
            yield report


def start_child() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 (the command is ours)
        CHILD_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )


def send_task(child: "subprocess.Popen[bytes]", task: SearchTask) -> None:
    assert child.stdin is not None
    with child.stdin:
        pickle.dump(task, child.stdin, pickle.HIGHEST_PROTOCOL)


def read_reports(child: "subprocess.Popen[bytes]", reports: "queue.Queue[Any]") -> None:
    """Put the child's reports into the queue, and None at the end."""
    assert child.stdout is not None
    try:
        while True:
            reports.put(pickle.load(child.stdout))  # noqa: S301 (written by our own child)
    except (EOFError, pickle.UnpicklingError):
        reports.put(None)
