"""The task worker: what fails is tried again later, what a dead worker left behind is taken up again."""

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

from .disk_space import is_out_of_space
from .errors import ConventionError
from .leases import Hold, Taken, live, take
from .logs import clean
from .periodic import expect_rounds, is_overdue, run_due

logger = logging.getLogger(__name__)

PAUSES = (10, 60, 300, 1800, 7200)
"""Seconds before the second, third, ... attempt; then a task counts as failed."""
LATE = datetime.timedelta(seconds=90)
"""A task or a round that waits for longer has no worker."""
WITHOUT_DATABASE = 2.0
"""Seconds between looks at a database that does not answer."""


class PatientWorker(Worker):
    """django-tasks-db's worker with retries, leases, recurring work, and patience with the database."""

    knows_rounds = False

    def run(self) -> None:
        """Work until told to stop; a database that is away is waited for."""
        while self.running:
            try:
                found = self.turn()
            except Error as error:
                if self.batch:
                    raise
                trouble = "The disk is full" if is_out_of_space(error) else "The database does not answer"
                logger.warning("%s (%s); trying again.", trouble, type(error).__name__)
                found = self.pause(WITHOUT_DATABASE)
            if not found and self.batch:
                return
            if not found and self.running:
                self.pause(self.interval)

    def turn(self) -> bool:
        """Do the recurring work that is due and one task; false where no task waits."""
        close_old_connections()
        if not self.batch:
            self.keep_rounds()
        claimed = self.claim()
        if claimed is None:
            return False
        result, hold = claimed
        with hold.kept():
            self.run_task(result)
        return True

    def keep_rounds(self) -> None:
        """Do the recurring work that is due; the first time, note all there is to do."""
        if not self.knows_rounds:
            expect_rounds()
            self.knows_rounds = True
        run_due(at=timezone.now())

    def claim(self) -> tuple[DBTaskResult, Hold] | None:
        """Take the next task and its lease, in one transaction."""
        ready = DBTaskResult.objects.ready().filter(backend_name=self.backend_name)
        if not ready.exists():  # looked at without a lock, so that idle workers disturb nobody
            return None
        try:
            with exclusive_transaction():
                result = ready.get_locked()
                if result is None:
                    return None
                result.claim(self.worker_id)
                return result, take(lease_of(result))
        except Taken:
            return None
        except OperationalError as error:
            if is_locked_database_exception(error):
                return None
            raise

    def run_task(self, db_task_result: DBTaskResult) -> None:
        """Run it; should it fail for a reason that may pass, put it back for later."""
        super().run_task(db_task_result)
        if db_task_result.status == TaskResultStatus.FAILED:
            db_task_result.traceback = clean(db_task_result.traceback)
            db_task_result.save(update_fields=["traceback"])
            retry_later(db_task_result)

    def pause(self, seconds: float) -> bool:
        """Wait, but not when told to stop; false, for nothing was found."""
        end = time.monotonic() + seconds
        while self.running and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))
        return False

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Finish the task at hand and leave; only a second Ctrl-C breaks it off.

        A service manager may send SIGTERM twice: to the whole group, and through our supervisor.
        """
        if not self.running and signum == signal.SIGINT:
            super().shutdown(signum, frame)
        self.running = False


def lease_of(result: DBTaskResult) -> str:
    """The name of the lease under which a task runs."""
    return f"task:{result.pk}"


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


def recover_lost_tasks() -> int:
    """Queue again what a worker took and no worker holds any more; how many.

    A task under which worker after worker died is given up like one that failed as often.
    """
    now = timezone.now()
    running = list(DBTaskResult.objects.running())
    held = live([lease_of(result) for result in running], at=now)
    lost = [result for result in running if lease_of(result) not in held]
    again = [result.pk for result in lost if len(result.worker_ids) <= len(PAUSES)]
    left = DBTaskResult.objects.running().filter(pk__in=[result.pk for result in lost]).exclude(pk__in=again)
    left.update(status=TaskResultStatus.FAILED, finished_at=now, traceback="Its workers died.")
    return (
        DBTaskResult.objects.running()
        .filter(pk__in=again)
        .update(status=TaskResultStatus.READY, run_after=now)
    )


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
    """Whether tasks or rounds wait that a living worker would have taken, or at least begun.

    A worker that is busy (it began a task within a minute, or holds one now) is not late, however long
    its queue.
    """
    if type(task_backends["default"]).__module__.startswith("django.tasks.backends"):
        return False
    if not waiting(at=at).exists() and not is_overdue(by=LATE, at=at):
        return False
    if DBTaskResult.objects.filter(started_at__gt=at - LATE).exists():
        return False
    return not live([lease_of(result) for result in DBTaskResult.objects.running()], at=at)
