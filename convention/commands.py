"""Base class of our commands: on bad input they roll back, print one sentence and exit with status 2."""

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .errors import ConventionError, NotFound
from .events.models import Event
from .files import describe_os_error

# As `argparse` exits for wrong arguments; 1 means a fault of the program.
BAD_INPUT_STATUS = 2
MAX_EVENTS_NAMED = 10


class ConventionCommand(BaseCommand):
    """Base class; subclasses implement `run(**options)`, which runs in one transaction."""

    # Django's checks are about the code, and `make check` runs them. Here they would load every page, which
    # takes longer than most commands, and connect to a database that may be down.
    requires_system_checks: list[str] = []
    # False if the work takes too long for one transaction, or opens its own.
    runs_in_transaction = True

    _called_from_command_line: bool

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make the parser report bad arguments in one sentence instead of the list of options."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if self._called_from_command_line:
            parser.error = self.refuse_arguments  # type: ignore[method-assign]  # of this parser alone
        return parser

    def refuse_arguments(self, message: str) -> NoReturn:
        self.exit_with_error(f"{message[:1].upper()}{message[1:].rstrip('.')}.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run in one transaction; print our own errors as a sentence and exit with 2."""
        try:
            check_output_is_open()
            check_text_arguments(options.values())
            with transaction.atomic() if self.runs_in_transaction else contextlib.nullcontext():
                self.run(**options)
                # Inside the transaction: output that cannot be written undoes the work.
                self.flush_output()
        except ConventionError as error:
            self.exit_with_error(str(error))
        except (OperationalError, ProgrammingError) as error:
            # The database is up and migrated, so the error is a bug of ours and needs its traceback.
            if database_is_ready():
                raise
            self.exit_with_error(
                _("The database is not ready (%(reason)s): run `manage.py migrate`, or `make run`.")
                % {"reason": first_error_line(error)}
            )
        except OSError as error:
            if self._called_from_command_line:
                silence_stdout()
            self.exit_with_error(
                _("%(path)s cannot be used: %(reason)s.")
                % {"path": error.filename or _("The output"), "reason": describe_os_error(error)}
            )

    def flush_output(self) -> None:
        """Flush stdout before the transaction commits. Raise OSError if nobody reads it."""
        self.stdout.flush()

    def print_lines(self, lines: Iterable[str]) -> None:
        """Print a result that is committed already; a closed pipe (`| head`) is no error."""
        try:
            for line in lines:
                self.stdout.write(line)
            self.stdout.flush()
        except BrokenPipeError:
            silence_stdout()

    def run(self, **options: Any) -> None:
        """Do the work. Raise a ConventionError to refuse."""
        raise NotImplementedError

    def exit_with_error(self, sentence: str) -> NoReturn:
        """Print a sentence on stderr and exit with status 2."""
        self.stderr.write(sentence)
        sys.exit(BAD_INPUT_STATUS)

    def print_notice(self, sentence: str) -> None:
        """Print on stderr something that is not part of the result."""
        self.stderr.write(sentence, style_func=lambda text: text)

    def report_file(self, path: Path, content: str) -> None:
        """Print on stderr which file was written and what is in it, such as “12 badges”."""
        self.print_notice(_("%(path)s: %(content)s.") % {"path": path, "content": content})


def describe_size(data: bytes) -> str:
    """Return the number of bytes in words."""
    return ngettext("%(count)d byte", "%(count)d bytes", len(data)) % {"count": len(data)}


def check_output_is_open() -> None:
    """Raise ConventionError if standard output is closed."""
    if sys.stdout is None:
        raise ConventionError(_("There is no standard output to write to."))


def check_text_arguments(arguments: Iterable[Any]) -> None:
    """Raise ConventionError for an argument that is no valid text in the system's encoding."""
    for value in arguments:
        try:
            str(value if isinstance(value, str) else "").encode()
        except UnicodeEncodeError as error:
            raise ConventionError(_("An argument cannot be read as text.")) from error


def silence_stdout() -> None:
    """Redirect stdout to /dev/null, so that Python does not report a closed pipe again when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def first_error_line(error: Exception) -> str:
    """Return the first line of a database error, without the statement that PostgreSQL repeats below."""
    return str(error).partition("\n")[0]


def database_is_ready() -> bool:
    """Return whether the database answers and all migrations are applied."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def add_event_argument(parser: CommandParser) -> None:
    """Add the positional argument EVENT, a slug."""
    parser.add_argument("event", metavar="EVENT", help="the event's address, such as `convention`")


def describe_known_events() -> str:
    """Return the slugs of the first events, and how many more there are."""
    slugs = list(Event.objects.order_by("slug").values_list("slug", flat=True))
    more = len(slugs) - MAX_EVENTS_NAMED
    named = ", ".join(slugs[:MAX_EVENTS_NAMED]) or _("none yet")
    rest = ngettext("and %(more)d more", "and %(more)d more", more) % {"more": more}
    return f"{named}, {rest}" if more > 0 else named


def get_event_by_slug(slug: str) -> Event:
    """Return the event. Raise NotFound with the sentence to print."""
    event = Event.objects.filter(slug=slug).first()
    if event is None:
        raise NotFound(
            _("There is no event “%(slug)s”. Known events: %(known)s.")
            % {"slug": slug, "known": describe_known_events()}
        )
    return event
