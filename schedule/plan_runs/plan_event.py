"""Run the planner on an event, in the worker or in the command `plan`. Loads OR-Tools."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from schedule.conflicts.load import load_timetable
from schedule.conflicts.timetable import Timetable
from schedule.drafts.current_draft import copy_draft
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import PlanRun
from schedule.planner.costs import count_parallel_tracks, count_start_times
from schedule.planner.exact.repair import repair_plan
from schedule.planner.instance import MAX_PLACINGS, PlannerInstance, count_placings
from schedule.planner.limits import PlanNotFound
from schedule.planner.plan_schedule import PlanningProgress, PlanningResult, plan_schedule
from schedule.planner.rules import PlanImpossible, check_room_for_all, make_impossible_error
from schedule.planner.search.shape import EVEN_SHAPE

from .timetable_instance import TimetableInstance, build_instance

REPORT_SECONDS: Final = 1.0

type Sentences = dict[str, list[str]]
"""Sentences for organizers by language."""


def plan_event(plan_run: PlanRun) -> PlanningResult | None:
    """Search, store the proposal and return the result; None if there is no plan."""
    assert plan_run.from_draft
    plan_run.state, plan_run.started_at = PlanRun.State.RUNNING, timezone.now()
    plan_run.save(update_fields=["state", "started_at"])
    try:
        return _plan_and_store(plan_run, load_timetable(plan_run.from_draft))
    except BaseException:  # also when the process is stopped: no other one continues the run
        finish_plan_run(plan_run, PlanRun.State.FAILED)
        raise


def _plan_and_store(plan_run: PlanRun, timetable: Timetable) -> PlanningResult | None:
    problem = build_instance(timetable, mode=PlanRun.Mode(plan_run.mode), zone=plan_run.event.zone)
    if count_placings(problem.instance) > MAX_PLACINGS:
        finish_plan_run(plan_run, PlanRun.State.FAILED, reasons=describe_in_languages(describe_too_large))
        return None
    try:
        result, notes = search_plan(plan_run, problem)
    except PlanImpossible as error:
        reasons = describe_in_languages(partial(list_reasons, problem.instance, error))
        # Without rules, there is another reason, such as that the time was over.
        state = PlanRun.State.IMPOSSIBLE if error.rules else PlanRun.State.FAILED
        finish_plan_run(plan_run, state, reasons=reasons)
        return None
    except PlanNotFound as error:
        reasons = describe_in_languages(partial(describe_not_found, error))
        finish_plan_run(plan_run, PlanRun.State.FAILED, reasons=reasons)
        return None
    reasons = merge_sentences(describe_in_languages(partial(describe_unplanned, problem)), notes)
    store_proposal(plan_run, problem.to_states(result.plan), name_costs(problem, result), reasons)
    return result


def name_costs(problem: TimetableInstance, result: PlanningResult) -> dict[str, int]:
    """Return the costs by name, and the measures by which the planner breaks ties between plans."""
    return {
        **asdict(result.costs),
        "parallel_tracks": count_parallel_tracks(problem.instance, result.plan),
        "start_times": count_start_times(result.plan),
    }


def search_plan(plan_run: PlanRun, problem: TimetableInstance) -> tuple[PlanningResult, Sentences]:
    """Return the best plan found, and remarks on it by language. Raise PlanImpossible."""
    progress = PlanProgress(plan_run)
    if plan_run.mode == PlanRun.Mode.REPAIR:
        return repair_timetable(plan_run, problem, progress)
    result = plan_schedule(
        instance=problem.instance,
        seconds=plan_run.seconds,
        seed=plan_run.seed,
        shape=EVEN_SHAPE,
        on_progress=progress.report,
        should_stop=progress.is_stop_requested,
    )
    return result, {}


def repair_timetable(
    plan_run: PlanRun, problem: TimetableInstance, progress: "PlanProgress"
) -> tuple[PlanningResult, Sentences]:
    """Return the plan that moves the fewest sessions, and a sentence if that is not proven."""
    began_at = time.monotonic()
    repaired = repair_plan(
        instance=problem.instance,
        plan=problem.list_placings(),
        home_slots=problem.list_home_slots(),
        seconds=plan_run.seconds,
        seed=plan_run.seed,
        should_stop=progress.is_stop_requested,
    )
    result = PlanningResult(
        plan=repaired.plan,
        costs=repaired.costs,
        is_capped=repaired.is_capped,
        is_stopped=repaired.is_stopped,
        elapsed=time.monotonic() - began_at,
    )
    return result, {} if repaired.is_proven else describe_in_languages(describe_missing_proof)


@dataclass
class PlanProgress:
    """Stores the costs of the best plan so far, and checks for a stop request, at most once a second."""

    plan_run: PlanRun
    reported_at: float = 0.0
    checked_at: float = 0.0
    is_stopped: bool = field(default=False)

    def report(self, planning: PlanningProgress) -> None:
        if time.monotonic() - self.reported_at >= REPORT_SECONDS:
            self.reported_at = time.monotonic()
            PlanRun.objects.filter(pk=self.plan_run.pk).update(costs=asdict(planning.costs))

    def is_stop_requested(self) -> bool:
        if time.monotonic() - self.checked_at >= REPORT_SECONDS:
            self.checked_at = time.monotonic()
            self.is_stopped = PlanRun.objects.filter(
                pk=self.plan_run.pk, stop_requested_at__isnull=False
            ).exists()
        return self.is_stopped


@transaction.atomic
def store_proposal(
    plan_run: PlanRun, states: dict[int, SlotState], costs: dict[str, int], reasons: Sentences
) -> None:
    """Store the plan as a draft of its own, whose journal has the moves, and sentences by language."""
    assert plan_run.from_draft
    name = _("Proposal %(number)s") % {"number": plan_run.pk}
    proposal = copy_draft(draft=plan_run.from_draft, name=name, author=plan_run.created_by)
    # A session may have been deleted during the search.
    existing = set(plan_run.event.sessions.filter(pk__in=states).values_list("pk", flat=True))
    make_moves(
        draft=proposal,
        states={session: state for session, state in states.items() if session in existing},
        author=plan_run.created_by,
    )
    plan_run.proposal, plan_run.costs = proposal, costs
    finish_plan_run(plan_run, PlanRun.State.DONE, reasons=reasons)


def finish_plan_run(plan_run: PlanRun, state: PlanRun.State, *, reasons: Sentences | None = None) -> None:
    plan_run.state, plan_run.finished_at, plan_run.reasons = state, timezone.now(), reasons or {}
    plan_run.save(update_fields=["state", "finished_at", "reasons", "proposal", "costs"])


def describe_in_languages(describe: Callable[[], list[str]]) -> Sentences:
    """Return the sentences that a function returns, in each language."""
    sentences: Sentences = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            sentences[language] = describe()
    return sentences


def list_reasons(instance: PlannerInstance, error: PlanImpossible) -> list[str]:
    """Return the reasons of an error in the active language."""
    try:
        check_room_for_all(instance)
    except PlanImpossible as lack_of_room:
        return [str(lack_of_room)]
    return [*make_impossible_error(instance, error.rules).reasons]


def describe_unplanned(problem: TimetableInstance) -> list[str]:
    """Return a sentence for each session that could not be planned."""
    sentence = _("“%(title)s” is placed outside the usual hours and was not planned.")
    titles = (problem.timetable.sessions[key].title for key in problem.unplanned_keys)
    return [sentence % {"title": title} for title in titles]


def describe_too_large() -> list[str]:
    return [_("The event is too large for the planner: plan a part of it by pinning the rest.")]


def describe_not_found(error: PlanNotFound) -> list[str]:
    # Its sentence is translated when it is read.
    return [str(error)]


def describe_missing_proof() -> list[str]:
    return [_("Fewer moves may be possible: the search ended before this was proven.")]


def merge_sentences(first: Sentences, second: Sentences) -> Sentences:
    """Return the sentences of both, without languages that have none."""
    merged = {key: first.get(key, []) + second.get(key, []) for key in {**first, **second}}
    return {key: sentences for key, sentences in merged.items() if sentences}
