"""`manage.py worker`: run queued tasks until it is stopped."""

import secrets
from typing import Any

from django.core.management.base import CommandParser

from convention.commands import ConventionCommand
from convention.tasks.queue_names import QUEUES
from convention.tasks.worker import RetryingWorker


class Command(ConventionCommand):
    """One worker; start as many as needed."""

    help = "Run queued tasks, such as e-mails, and retry failed ones until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--queue", action="append", choices=QUEUES, help="run only this queue; can be repeated"
        )
        parser.add_argument("--interval", type=float, default=0.5, help="seconds between checks of the queue")
        parser.add_argument("--batch", action="store_true", help="run the waiting tasks, then exit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run without a transaction: it lasts for days."""
        worker = RetryingWorker(
            queue_names=options["queue"] or ["*"],
            interval=options["interval"],
            batch=options["batch"],
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            # Random, so that a restarted worker is not taken for the one that died with a task.
            worker_id=secrets.token_hex(8),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        worker.run()
