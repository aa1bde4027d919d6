"""`manage.py backup --output FILE`: everything in one file, while the site runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from convention.backup.archive import say_contents
from convention.backup.save import save
from convention.commands import SentenceCommand, database_is_ready
from convention.errors import ConventionError


class Command(SentenceCommand):
    """One portable file, for PostgreSQL and SQLite alike."""

    help = "Save all data in one file that `restore` brings back into an empty PostgreSQL or SQLite database."
    transactional = False

    def add_arguments(self, parser: CommandParser) -> None:
        """--output FILE."""
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the file to write")

    def run(self, **options: Any) -> None:
        """Save, and say what."""
        if not database_is_ready():
            raise ConventionError(_("The database is not ready: run `manage.py migrate` first."))
        manifest = save(output=options["output"])
        size = options["output"].stat().st_size / 1024 / 1024
        self.say(
            _(
                "Saved %(contents)s in %(path)s (%(size)s MB). It holds personal data: protect it as you "
                "protect the database. SECRET_KEY and IDENTITY_KEYS are not in it: save them elsewhere. "
                "Without them, encrypted data stay closed and the links in e-mails sent open nothing."
            )
            % {
                "contents": say_contents(manifest),
                "path": options["output"],
                "size": number_format(size, 1, force_grouping=True),
            }
        )
