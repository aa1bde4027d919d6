"""`manage.py worker`: runs queued tasks until it is stopped."""

import secrets
from typing import Any

from django.core.management.base import CommandParser

from convention.commands import SentenceCommand
from convention.worker import PatientWorker


class Command(SentenceCommand):
    """One worker; start as many as there is work for."""

    help = "Run queued tasks (mails and the like), try again what fails, until stopped."
    requires_system_checks: list[str] = []  # they connect to a database that may be away or full

    def add_arguments(self, parser: CommandParser) -> None:
        """How it waits."""
        parser.add_argument("--interval", type=float, default=0.5, help="seconds between looks at the queue")
        parser.add_argument("--batch", action="store_true", help="run what waits, then leave")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work, without a transaction around it: it lasts for days."""
        worker = PatientWorker(
            queue_names=["*"],
            interval=options["interval"],
            batch=options["batch"],
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=secrets.token_hex(8),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        worker.run()
