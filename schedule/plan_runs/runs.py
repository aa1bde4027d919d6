"""Request, stop and adopt runs of the planner."""

import datetime
from dataclasses import replace
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.models import Event
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.editing.draft_slots import lock_current_draft
from schedule.models import Move, PlanRun, ScheduleDraft, Session

from .tasks import run_planner

MAX_SECONDS: Final = 600
# For each event, waiting or running: the worker handles one run after the other.
MAX_OPEN_RUNS: Final = 5
OPEN_RUN_LIFETIME: Final = datetime.timedelta(hours=2)
PROPOSAL_LIFETIME: Final = datetime.timedelta(days=30)


class TooManyRuns(ConventionError):
    kind = "too-many-runs"
    status = 409


class PlanRunOpen(ConventionError):
    """The run has not ended yet."""

    kind = "plan-run-open"
    status = 409


class NothingToPlan(ConventionError):
    """The event has no rooms, or no talks."""

    kind = "nothing-to-plan"
    status = 409


@transaction.atomic
def start_plan_run(
    *,
    event: Event,
    mode: PlanRun.Mode,
    seconds: int = 10,
    seed: int = 1,
    author: Person | None = None,
) -> PlanRun:
    """Queue a run that starts from the current draft. Raise TooManyRuns and NothingToPlan."""
    plan_run = create_plan_run(event=event, mode=mode, seconds=seconds, seed=seed, author=author)
    run_planner.enqueue(plan_run.pk)
    return plan_run


@transaction.atomic
def create_plan_run(
    *, event: Event, mode: PlanRun.Mode, seconds: int, seed: int, author: Person | None
) -> PlanRun:
    """Store a run without queuing it."""
    Event.objects.select_for_update().get(pk=event.pk)
    # An older run has lost its worker process and must not block new ones.
    recent = event.plan_runs.open().filter(created_at__gt=timezone.now() - OPEN_RUN_LIFETIME)
    if recent.count() >= MAX_OPEN_RUNS:
        raise TooManyRuns(
            _("The planner is already working on this event. Stop a run, or wait until one ends.")
        )
    if not event.rooms.exists():
        raise NothingToPlan(_("The event has no rooms yet. Add them first, with their capacity."))
    if not event.sessions.filter(role=Session.Role.TALK).exists():
        raise NothingToPlan(_("The event has no sessions yet. Add them first."))
    plan_run = PlanRun.objects.create(
        event=event,
        from_draft=get_current_draft(event, author=author),
        mode=mode,
        seconds=min(seconds, MAX_SECONDS),
        seed=seed,
        created_by=author,
    )
    record_action("schedule.plan", plan_run, event=event)
    return plan_run


def choose_mode(unplaced_count: int) -> PlanRun.Mode:
    """Return the mode to suggest: UNPLACED while talks have no time, else EVERYTHING."""
    return PlanRun.Mode.UNPLACED if unplaced_count else PlanRun.Mode.EVERYTHING


def count_unplaced(event: Event) -> int:
    """Return how many talks have no time in the current draft."""
    talks = event.sessions.filter(role=Session.Role.TALK)
    return talks.exclude(slots__draft=get_current_draft(event)).count()


def stop_plan_run(*, plan_run: PlanRun) -> None:
    """Ask the worker to end the search; the best plan so far becomes the proposal."""
    rows = PlanRun.objects.open().filter(pk=plan_run.pk, stop_requested_at=None)
    rows.update(stop_requested_at=timezone.now())


def list_proposed_changes(proposal: ScheduleDraft, draft: ScheduleDraft) -> dict[int, SlotState]:
    """Return the talks that the planner placed or moved, and that the draft has elsewhere.

    Changes of organizers since the run are kept: talks that the planner did not move, cancellations, pins.
    """
    proposed, current = load_slot_states(proposal), load_slot_states(draft)
    changes = {}
    for session in proposal.moves.values_list("session_id", flat=True):
        new, old = proposed.get(session), current.get(session)
        if new and old:
            new = replace(new, is_time_pinned=old.is_time_pinned, is_room_pinned=old.is_room_pinned)
        if new and new != old and (old is None or is_movable(old, new)):
            changes[session] = new
    return changes


def is_movable(old: SlotState, new: SlotState) -> bool:
    """Return whether a session takes place, and its pins allow the move."""
    is_time_allowed = not old.is_time_pinned or old.starts_at == new.starts_at
    is_room_allowed = not old.is_room_pinned or old.room_id == new.room_id
    return not old.is_cancelled and is_time_allowed and is_room_allowed


@transaction.atomic
def adopt_proposal(*, plan_run: PlanRun, author: Person | None) -> list[Move]:
    """Move the sessions of the current draft to where the proposal has them, as one batch of moves.

    It can be undone like any other. Raise NothingToPlan if the run has no proposal.
    """
    if plan_run.proposal is None:
        raise NothingToPlan(_("This run has no proposal."))
    # Locked first: a concurrent removal of a room or session waits, or has changed the proposal already.
    draft = lock_current_draft(plan_run.event, author=author)
    changes = list_proposed_changes(plan_run.proposal, draft)
    record_action("schedule.adopt_plan", plan_run, event=plan_run.event)
    return make_moves(draft=draft, states=changes, author=author)


@transaction.atomic
def delete_plan_run(*, plan_run: PlanRun) -> None:
    """Delete a run and its proposal; moves that were adopted stay. Raise PlanRunOpen."""
    locked = PlanRun.objects.select_for_update().get(pk=plan_run.pk)
    is_running = locked.created_at > timezone.now() - OPEN_RUN_LIFETIME
    if locked.is_open and is_running:
        raise PlanRunOpen(_("The search is still running. Stop it first, then delete the proposal."))
    record_action("schedule.delete_plan", plan_run, event=plan_run.event)
    delete_with_proposals(PlanRun.objects.filter(pk=plan_run.pk))


def delete_old_plan_runs() -> None:
    """Delete the runs of the planner after 30 days, with their proposals. A periodic job."""
    oldest = timezone.now() - PROPOSAL_LIFETIME
    # No search lasts for days: a run that is still open lost its worker.
    delete_with_proposals(PlanRun.objects.filter(created_at__lt=oldest))


@transaction.atomic
def delete_with_proposals(plan_runs: "QuerySet[PlanRun]") -> None:
    """Delete runs and the drafts that they made."""
    proposals = list(plan_runs.exclude(proposal=None).values_list("proposal", flat=True))
    plan_runs.delete()
    ScheduleDraft.objects.filter(pk__in=proposals, is_current=False).delete()
