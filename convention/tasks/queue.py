"""Rows of the task queue."""

from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.models import DBTaskResult, get_date_max

from convention.hooks import TaskHook


def make_waiting_task(hook: TaskHook) -> DBTaskResult | None:
    """Return the row that `hook.enqueue` would add, unsaved and without arguments.

    Return None if the queue is not a table. The fast path inserts the row in the same statement as the order.
    """
    task = hook.task
    if not isinstance(task.get_backend(), DatabaseBackend):
        return None
    return DBTaskResult(
        task_path=task.module_path,
        queue_name=task.queue_name,
        priority=task.priority,
        backend_name=task.backend,
        run_after=task.run_after or get_date_max(),
    )
