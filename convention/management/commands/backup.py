"""`manage.py backup --output FILE`: save everything in one file, while the site runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from convention.backup.archive import describe_contents
from convention.backup.save_backup import save_backup
from convention.commands import ConventionCommand, database_is_ready
from convention.errors import ConventionError


class Command(ConventionCommand):
    """Save all data to one file that PostgreSQL and SQLite can restore."""

    help = "Save all data to one file. `restore` loads it into an empty PostgreSQL or SQLite database."
    # `save_backup` opens its own transaction, which needs one consistent snapshot of all tables.
    runs_in_transaction = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the file to write")

    def run(self, **options: Any) -> None:
        # A backup lists its migrations; one of a half-migrated database could not be restored anywhere.
        if not database_is_ready():
            raise ConventionError(_("The database is not ready: run `manage.py migrate` first."))
        manifest = save_backup(output=options["output"])
        size = options["output"].stat().st_size / 1024 / 1024
        self.print_notice(
            _(
                "Saved %(contents)s in %(path)s (%(size)s MB). It contains personal data: "
                "protect it like the database. SECRET_KEY and IDENTITY_KEYS are not included: "
                "save them elsewhere. Without them, encrypted data cannot be read and links in "
                "earlier e-mails do not work."
            )
            % {
                "contents": describe_contents(manifest),
                "path": options["output"],
                "size": number_format(size, 1, force_grouping=True),
            }
        )
