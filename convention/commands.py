"""Commands that answer bad input with one sentence on stderr and exit status 2, nothing half done."""

import contextlib
import os
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .errors import ConventionError, NotFound
from .events.models import Event
from .files import reason_of

BAD_INPUT = 2
MOST_NAMED = 10


class SentenceCommand(BaseCommand):
    """The base of our commands: write `run(**options)`; it happens wholly or not at all."""

    transactional = True
    """False where the work lasts too long for one transaction, or brings its own."""

    _called_from_command_line: bool

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Parse as Django does; what cannot be parsed is one sentence, without the list of all options."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if self._called_from_command_line:
            parser.error = self.misread  # type: ignore[method-assign]  # of this parser alone
        return parser

    def misread(self, message: str) -> NoReturn:
        """Refuse arguments that do not fit."""
        self.refuse(f"{message[:1].upper()}{message[1:].rstrip('.')}.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run in one transaction; turn our own errors into a sentence and exit status 2."""
        try:
            require_output()
            require_text(options.values())
            with transaction.atomic() if self.transactional else contextlib.nullcontext():
                self.run(**options)
                self.deliver()
        except ConventionError as error:
            self.refuse(str(error))
        except (OperationalError, ProgrammingError) as error:
            if database_is_ready():
                raise
            self.refuse(
                _("The database is not ready (%(reason)s): run `manage.py migrate`, or `make run`.")
                % {"reason": first_line(error)}
            )
        except OSError as error:
            if self._called_from_command_line:
                silence_stdout()
            self.refuse(
                _("%(path)s cannot be used: %(reason)s.")
                % {"path": error.filename or _("The output"), "reason": reason_of(error)}
            )

    def deliver(self) -> None:
        """Hand over what was printed while all can still be taken back. Raises OSError if nobody reads."""
        self.stdout.flush()

    def tell(self, lines: Iterable[str]) -> None:
        """Print what is kept already: that nobody reads it to its end (`| head`) undoes nothing."""
        try:
            for line in lines:
                self.stdout.write(line)
            self.stdout.flush()
        except BrokenPipeError:
            silence_stdout()

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


def require_output() -> None:
    """Raises ConventionError where standard output was closed."""
    if sys.stdout is None:
        raise ConventionError(_("There is no standard output to write to."))


def require_text(given: Iterable[Any]) -> None:
    """Raises ConventionError for an argument that is no text in this system's encoding."""
    for value in given:
        try:
            str(value if isinstance(value, str) else "").encode()
        except UnicodeEncodeError as error:
            raise ConventionError(_("An argument is not readable as text.")) from error


def silence_stdout() -> None:
    """Where nobody reads the output any more, Python shall not complain of it again on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def first_line(error: Exception) -> str:
    """What is wrong, without the statement that PostgreSQL repeats below."""
    return str(error).partition("\n")[0]


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


def known_events() -> str:
    """The addresses of the events, the first of them where they are many."""
    slugs = list(Event.objects.order_by("slug").values_list("slug", flat=True))
    more = len(slugs) - MOST_NAMED
    named = ", ".join(slugs[:MOST_NAMED]) or _("none yet")
    rest = ngettext("and %(more)d more", "and %(more)d more", more) % {"more": more}
    return f"{named}, {rest}" if more > 0 else named


def find_event(slug: str) -> Event:
    """The event a command names. Raises NotFound with the sentence to print."""
    event = Event.objects.filter(slug=slug).first()
    if event is None:
        raise NotFound(
            _("There is no event “%(slug)s”. Known events: %(known)s.")
            % {"slug": slug, "known": known_events()}
        )
    return event
