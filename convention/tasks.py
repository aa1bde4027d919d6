"""Tasks named by a setting, so that a lower storey can start what a higher one does."""

from functools import cache
from typing import Any

from django.conf import settings
from django.tasks import Task
from django.utils.module_loading import import_string
from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.models import DBTaskResult, get_date_max


def enqueue(setting: str, *args: Any) -> None:
    """Queue the task whose dotted path stands in that setting, in the caller's transaction.

    Arguments are ids, never data: the queue is a table that others may read.
    """
    task_named(getattr(settings, setting)).enqueue(*args)


def waiting_task(setting: str) -> DBTaskResult | None:
    """The row that `enqueue` would add, without arguments and not stored; None where the queue is no table.

    For the one statement of a rush, which adds it together with what the task is about.
    """
    task = task_named(getattr(settings, setting))
    if not isinstance(task.get_backend(), DatabaseBackend):
        return None
    return DBTaskResult(
        task_path=task.module_path,
        queue_name=task.queue_name,
        priority=task.priority,
        backend_name=task.backend,
        run_after=task.run_after or get_date_max(),
    )


@cache
def task_named(path: str) -> "Task[..., Any]":
    """The task at a dotted path."""
    found: Task[..., Any] = import_string(path)
    return found
