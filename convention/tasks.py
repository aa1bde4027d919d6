"""Rows of the task queue."""

from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.models import DBTaskResult, get_date_max

from .hooks import TaskHook


def waiting_task(hook: TaskHook) -> DBTaskResult | None:
    """Return the row that `hook.enqueue` would add, without arguments and not stored.

    Return None where the queue is not a table.

    For the one statement of a rush, which adds it together with what the task is about.
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
