"""The names of the task queues.

What a visitor waits for goes into the default queue; what may take minutes goes into one of the others, so
that a worker of the default queue alone (`TASK_WORKERS`) is never busy with it.
"""

from typing import Final

DEFAULT_QUEUE: Final = "default"
# Mailings to many; mails about one order are in the default queue.
MAIL_QUEUE: Final = "mail"
DOCUMENT_QUEUE: Final = "documents"
IMPORT_QUEUE: Final = "imports"
PLANNING_QUEUE: Final = "planning"
QUEUES: Final = (DEFAULT_QUEUE, MAIL_QUEUE, DOCUMENT_QUEUE, IMPORT_QUEUE, PLANNING_QUEUE)
