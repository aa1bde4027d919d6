"""The names of the task queues.

Tasks that a visitor waits for go into the default queue, and tasks that may take minutes into one of the
others: a worker that runs the default queue only (`TASK_WORKERS`) is never busy with those.
"""

from typing import Final

DEFAULT_QUEUE: Final = "default"
# Mails that one action or job sends to many; mails about one order are in the default queue.
MAIL_QUEUE: Final = "mail"
DOCUMENT_QUEUE: Final = "documents"
IMPORT_QUEUE: Final = "imports"
PLANNING_QUEUE: Final = "planning"
QUEUES: Final = (DEFAULT_QUEUE, MAIL_QUEUE, DOCUMENT_QUEUE, IMPORT_QUEUE, PLANNING_QUEUE)
