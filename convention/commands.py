"""Commands that answer bad input with one sentence on stderr and exit status 2, nothing half done."""

import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from .errors import ConventionError, NotFound
from .events.models import Event

BAD_INPUT = 2


class SentenceCommand(BaseCommand):
    """The base of our commands: write `run(**options)`; it happens wholly or not at all."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run in one transaction; turn our own errors into a sentence and exit status 2."""
        try:
            with transaction.atomic():
                self.run(**options)
        except ConventionError as error:
            self.refuse(str(error))
        except (OperationalError, ProgrammingError) as error:
            if database_is_ready():
                raise
            self.refuse(f"The database is not ready ({error}): run `manage.py migrate`, or `make run`.")
        except OSError as error:
            self.refuse(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))

    def run(self, **options: Any) -> None:
        """Do the work; raise a ConventionError to refuse."""
        raise NotImplementedError

    def refuse(self, sentence: str) -> NoReturn:
        """Say why not, and leave with 2."""
        self.stderr.write(sentence)
        sys.exit(BAD_INPUT)

    def say(self, sentence: str) -> None:
        """Tell the caller something that is not the result itself, on stderr."""
        self.stderr.write(sentence, style_func=lambda text: text)


def database_is_ready() -> bool:
    """Whether it answers and knows every table."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def add_event_argument(parser: CommandParser) -> None:
    """The positional EVENT, a slug."""
    parser.add_argument("event", metavar="EVENT", help="the event's address, such as `convention`")


def find_event(slug: str) -> Event:
    """The event a command names. Raises NotFound with the sentence to print."""
    event = Event.objects.filter(slug=slug).first()
    if event is None:
        known = ", ".join(Event.objects.order_by("slug").values_list("slug", flat=True)[:10])
        raise NotFound(f"There is no event “{slug}”. Known events: {known or 'none yet'}.")
    return event
