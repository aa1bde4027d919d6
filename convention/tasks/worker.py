"""The task worker: retries failed tasks and recovers those of dead workers."""

import datetime
import logging
import random
import signal
import time
from types import FrameType

from django.db import Error, OperationalError, close_old_connections
from django.db.models import QuerySet
from django.tasks import TaskResultStatus, task_backends
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, get_date_max
from django_tasks_db.utils import exclusive_transaction, is_locked_database_exception

from convention.db.leases import LeaseUnavailable, OwnedLease, acquire_lease, list_active_leases
from convention.disk_space import is_out_of_space
from convention.errors import ConventionError
from convention.logs import redact_log_text

from .periodic import has_overdue_job, register_periodic_jobs, run_due_jobs

logger = logging.getLogger(__name__)

# Pauses before the second, third, ... attempt; after the last the task is failed.
RETRY_PAUSE_SECONDS = (10, 60, 300, 1800, 7200)
# If a task or periodic job waits for longer, no worker runs.
LATE_AFTER = datetime.timedelta(seconds=90)
# Pause between attempts to reach an unavailable database.
DATABASE_RETRY_SECONDS = 2.0


class RetryingWorker(Worker):
    """django-tasks-db's worker with retries, leases and periodic jobs; waits for an unavailable database."""

    has_registered_jobs = False

    def run(self) -> None:
        """Run tasks until stopped; while the database does not answer, try again every two seconds."""
        while self.running:
            try:
                has_run = self.run_next_task()
            except Error as error:
                if self.batch:
                    raise
                problem = "The disk is full" if is_out_of_space(error) else "The database does not answer"
                logger.warning("%s (%s); trying again.", problem, type(error).__name__)
                has_run = False
                self.wait_unless_stopped(DATABASE_RETRY_SECONDS)
            if not has_run and self.batch:
                return
            if not has_run and self.running:
                self.wait_unless_stopped(self.interval)

    def run_next_task(self) -> bool:
        """Run due periodic jobs and one task; return False if no task waits."""
        close_old_connections()
        if not self.batch:
            self.run_periodic_jobs()
        claimed = self.claim_task()
        if claimed is None:
            return False
        result, hold = claimed
        # Renewed in a thread: a task may take hours, but the lease of a dead worker must expire soon.
        with hold.renew_until_done():
            self.run_task(result)
        return True

    def run_periodic_jobs(self) -> None:
        """Run due periodic jobs; register them the first time."""
        if not self.has_registered_jobs:
            register_periodic_jobs()
            self.has_registered_jobs = True
        run_due_jobs(at=timezone.now())

    def claim_task(self) -> tuple[DBTaskResult, OwnedLease] | None:
        """Claim the next task and its lease, in one transaction."""
        ready = DBTaskResult.objects.ready().filter(backend_name=self.backend_name)
        if not self.process_all_queues:
            ready = ready.filter(queue_name__in=self.queue_names)
        if not ready.exists():  # without a lock, so that idle workers block nobody
            return None
        try:
            with exclusive_transaction():
                result = ready.get_locked()
                if result is None:
                    return None
                result.claim(self.worker_id)
                # In the same transaction, since a running task without a lease would be recovered as lost.
                return result, acquire_lease(get_lease_name(result))
        except LeaseUnavailable:
            return None
        except OperationalError as error:
            if is_locked_database_exception(error):
                return None
            raise

    def run_task(self, db_task_result: DBTaskResult) -> None:
        """Run the task; queue it again if it fails for a temporary reason."""
        super().run_task(db_task_result)
        if db_task_result.status == TaskResultStatus.FAILED:
            # A traceback may quote addresses and secret links.
            db_task_result.traceback = redact_log_text(db_task_result.traceback)
            db_task_result.save(update_fields=["traceback"])
            retry_task_later(db_task_result)

    def wait_unless_stopped(self, seconds: float) -> None:
        """Wait until the time has passed or the worker is stopped."""
        deadline = time.monotonic() + seconds
        while self.running and (remaining := deadline - time.monotonic()) > 0:
            time.sleep(min(remaining, 0.2))

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Finish the current task and exit; only a second Ctrl-C interrupts it.

        A service manager may send SIGTERM twice: to the whole group, and through our supervisor.
        """
        if not self.running and signum == signal.SIGINT:
            super().shutdown(signum, frame)
        self.running = False


def get_lease_name(result: DBTaskResult) -> str:
    return f"task:{result.pk}"


def retry_task_later(result: DBTaskResult) -> None:
    """Queue a failed task again after a growing pause; leave it failed after the last attempt.

    A ConventionError is a refusal that another attempt would repeat, so it is never retried. The traceback of
    the last failure stays.
    """
    # Each claim appends its worker's id, so that the row itself counts attempts.
    attempts = len(result.worker_ids)
    if attempts > len(RETRY_PAUSE_SECONDS) or is_final_error(result.exception_class_path):
        return
    pause = RETRY_PAUSE_SECONDS[attempts - 1] * random.uniform(1, 1.2)  # noqa: S311 (only spreads the load)
    result.status = TaskResultStatus.READY
    result.run_after = timezone.now() + datetime.timedelta(seconds=pause)
    result.finished_at = None
    result.save(update_fields=["status", "run_after", "finished_at"])


def is_final_error(exception_class_path: str) -> bool:
    """Return whether another attempt could not help."""
    try:
        return issubclass(import_string(exception_class_path), ConventionError)
    except ImportError:
        return False


def recover_lost_tasks() -> int:
    """Queue running tasks again that have no lease; return how many (periodic job).

    A task whose workers died as often as it may be attempted is marked as failed.
    """
    now = timezone.now()
    running = list(DBTaskResult.objects.running())
    held = list_active_leases([get_lease_name(result) for result in running], at=now)
    lost = [result for result in running if get_lease_name(result) not in held]
    again = [result.pk for result in lost if len(result.worker_ids) <= len(RETRY_PAUSE_SECONDS)]
    left = DBTaskResult.objects.running().filter(pk__in=[result.pk for result in lost]).exclude(pk__in=again)
    left.update(status=TaskResultStatus.FAILED, finished_at=now, traceback="Its workers died.")
    return (
        DBTaskResult.objects.running()
        .filter(pk__in=again)
        .update(status=TaskResultStatus.READY, run_after=now)
    )


def find_late_tasks(*, at: datetime.datetime) -> QuerySet[DBTaskResult]:
    """Return tasks that should have been claimed by now."""
    due = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    undated = due.filter(run_after=get_date_max(), enqueued_at__lt=at - LATE_AFTER)
    return undated | due.filter(run_after__lt=at - LATE_AFTER)


def longest_wait_seconds(*, at: datetime.datetime) -> float:
    """Return how late the most overdue task is; 0 if none is."""
    ready = DBTaskResult.objects.ready().values_list("run_after", "enqueued_at")
    since = [enqueued if due == get_date_max() else due for due, enqueued in ready]
    return max(((at - moment).total_seconds() for moment in since), default=0.0)


def is_worker_late(*, at: datetime.datetime) -> bool:
    """Return whether tasks or periodic jobs are overdue that a running worker would have claimed.

    A busy worker (it began a task within a minute, or holds one now) is not late, however long its queue.
    """
    # Django's own backends run tasks in the request: there is no worker to wait for.
    if type(task_backends["default"]).__module__.startswith("django.tasks.backends"):
        return False
    if not find_late_tasks(at=at).exists() and not has_overdue_job(by=LATE_AFTER, at=at):
        return False
    if DBTaskResult.objects.filter(started_at__gt=at - LATE_AFTER).exists():
        return False
    return not list_active_leases(
        [get_lease_name(result) for result in DBTaskResult.objects.running()], at=at
    )
