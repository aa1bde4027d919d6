"""The planner's background task."""

from django.tasks import task
from django.utils.module_loading import import_string

from convention.tasks.queue_names import PLANNING_QUEUE
from schedule.models import PlanRun


@task(queue_name=PLANNING_QUEUE)
def run_planner(plan_run_id: int) -> None:
    """Run the planner for a stored run, unless it has ended: the queue may deliver twice."""
    # Imported by path: the module loads OR-Tools, which web processes must not load.
    plan_event = import_string("schedule.plan_runs.plan_event.plan_event")
    plan_run = (
        PlanRun.objects.open()
        .select_related("event", "from_draft", "created_by")
        .filter(pk=plan_run_id)
        .first()
    )
    if plan_run:
        plan_event(plan_run)
