"""The task worker: what fails is tried again later, what a dead worker left behind is taken up again."""

import datetime
import random

from django.db.models import QuerySet
from django.tasks import TaskResultStatus, task, task_backends
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, get_date_max

from .errors import ConventionError

PAUSES = (10, 60, 300, 1800, 7200)
"""Seconds before the second, third, ... attempt; then a task counts as failed."""
LOST_AFTER = datetime.timedelta(minutes=15)
"""A task that runs for longer was left by a worker that died."""
KEPT = datetime.timedelta(days=14)
ROUND = datetime.timedelta(seconds=60)
"""How often the house is kept."""
LATE = datetime.timedelta(seconds=90)
"""A task that waits for longer has no worker."""


class PatientWorker(Worker):
    """django-tasks-db's worker, with retries."""

    def run_task(self, db_task_result: DBTaskResult) -> None:
        """Run it; should it fail for a reason that may pass, put it back for later."""
        super().run_task(db_task_result)
        if db_task_result.status == TaskResultStatus.FAILED:
            retry_later(db_task_result)


def retry_later(result: DBTaskResult) -> None:
    """Queue a failed task again, after a pause that grows; leave it failed after the last attempt.

    A sentence of ours (ConventionError) is a decision, not an accident: it is never tried again.
    The traceback of the last failure stays with the task.
    """
    attempts = len(result.worker_ids)
    if attempts > len(PAUSES) or is_final(result.exception_class_path):
        return
    pause = PAUSES[attempts - 1] * random.uniform(1, 1.2)  # noqa: S311 (only spreads the load)
    result.status = TaskResultStatus.READY
    result.run_after = timezone.now() + datetime.timedelta(seconds=pause)
    result.finished_at = None
    result.save(update_fields=["status", "run_after", "finished_at"])


def is_final(exception_class_path: str) -> bool:
    """Whether another attempt could not help."""
    try:
        return issubclass(import_string(exception_class_path), ConventionError)
    except ImportError:
        return False


@task
def keep_house() -> None:
    """Each minute: come again, take up lost tasks, forget old results.

    Its own row in the queue is the worker's pulse: when it is late, no worker lives (`worker_is_late`).
    """
    at = timezone.now()
    call_housekeeper()
    recover_lost_tasks(at=at)
    DBTaskResult.objects.finished().filter(finished_at__lt=at - KEPT).delete()
    DBTaskResult.objects.successful().filter(task_path=keep_house.module_path).delete()


def call_housekeeper() -> None:
    """Have the house kept a minute from now, once however many workers there are."""
    coming = timezone.now() + ROUND
    called = DBTaskResult.objects.filter(task_path=keep_house.module_path, status=TaskResultStatus.READY)
    if not called.update(run_after=coming):
        keep_house.using(run_after=coming).enqueue()


def recover_lost_tasks(*, at: datetime.datetime) -> int:
    """Queue again what a worker took and never finished; how many."""
    lost = DBTaskResult.objects.running().filter(started_at__lt=at - LOST_AFTER)
    return lost.update(status=TaskResultStatus.READY, run_after=at)


def waiting(*, at: datetime.datetime) -> QuerySet[DBTaskResult]:
    """Tasks that should have been taken by now."""
    due = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    undated = due.filter(run_after=get_date_max(), enqueued_at__lt=at - LATE)
    return undated | due.filter(run_after__lt=at - LATE)


def oldest_wait(*, at: datetime.datetime) -> float:
    """Seconds that the task which waits longest is late; 0 when none is."""
    ready = DBTaskResult.objects.ready().values_list("run_after", "enqueued_at")
    since = [enqueued if due == get_date_max() else due for due, enqueued in ready]
    return max(((at - moment).total_seconds() for moment in since), default=0.0)


def worker_is_late(*, at: datetime.datetime) -> bool:
    """Whether tasks wait that a living worker would have taken and finished, or at least begun.

    A worker that is busy (it began a task within a minute) is not late, however long its queue.
    """
    if type(task_backends["default"]).__module__.startswith("django.tasks.backends"):
        return False
    if not waiting(at=at).exists():
        return False
    return not DBTaskResult.objects.filter(started_at__gt=at - LATE).exists()
