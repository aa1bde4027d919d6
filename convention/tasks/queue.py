"""Rows of the task queue."""

from collections.abc import Iterable
from typing import Any, Final

from django.tasks import Task, TaskResultStatus
from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.models import DBTaskResult, get_date_max

from convention.hooks import TaskHook

WRITE_BATCH_SIZE: Final = 1000


def enqueue_all(task: Task[..., Any], argument_lists: Iterable[tuple[int | str, ...]]) -> None:
    """Queue a task once for each list of arguments, with one INSERT for each thousand.

    Pass ids, never data: others may read the queue.
    """
    if not isinstance(task.get_backend(), DatabaseBackend):
        for arguments in argument_lists:
            task.enqueue(*arguments)
        return
    rows = []
    for arguments in argument_lists:
        row = _make_row(task)
        row.args_kwargs = {"args": list(arguments), "kwargs": {}}
        rows.append(row)
    DBTaskResult.objects.bulk_create(rows, batch_size=WRITE_BATCH_SIZE)


def list_unfinished_arguments(task: Task[..., Any]) -> list[list[Any]]:
    """Return the positional arguments of each call that waits for the worker or runs."""
    unfinished = (TaskResultStatus.READY, TaskResultStatus.RUNNING)
    rows = DBTaskResult.objects.filter(task_path=task.module_path, status__in=unfinished)
    return [arguments["args"] for arguments in rows.values_list("args_kwargs", flat=True)]


def make_waiting_task(hook: TaskHook) -> DBTaskResult | None:
    """Return the row that `hook.enqueue` would add, unsaved and without arguments.

    Return None if the queue is not a table. The fast path inserts the row in the same statement as the order.
    """
    task = hook.task
    if not isinstance(task.get_backend(), DatabaseBackend):
        return None
    return _make_row(task)


def _make_row(task: Task[..., Any]) -> DBTaskResult:
    return DBTaskResult(
        task_path=task.module_path,
        queue_name=task.queue_name,
        priority=task.priority,
        backend_name=task.backend,
        run_after=task.run_after or get_date_max(),
    )
