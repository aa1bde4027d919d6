"""The queues of background tasks, and rows of the default one.

What a visitor waits for goes into the default queue; what may take minutes goes into one of the others, so
that a worker of the default queue alone (`TASK_WORKERS`) is never busy with it.
"""

from typing import Final

from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.models import DBTaskResult, get_date_max

from convention.hooks import TaskHook

DEFAULT_QUEUE: Final = "default"
# Mailings to many; mails about one order are in the default queue.
MAIL_QUEUE: Final = "mail"
DOCUMENT_QUEUE: Final = "documents"
IMPORT_QUEUE: Final = "imports"
PLANNING_QUEUE: Final = "planning"
QUEUES: Final = (DEFAULT_QUEUE, MAIL_QUEUE, DOCUMENT_QUEUE, IMPORT_QUEUE, PLANNING_QUEUE)


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
