"""`manage.py db_worker`: refuse to run, in place of the command of django-tasks-db."""

from typing import Any

from convention.commands import ConventionCommand


class Command(ConventionCommand):
    """Refuse to run: the worker of django-tasks-db ignores our leases, so a task could run twice."""

    help = "Not available: use `manage.py worker`."

    def handle(self, *args: Any, **options: Any) -> None:
        self.exit_with_error("This command could run a task twice. Use `manage.py worker`.")
