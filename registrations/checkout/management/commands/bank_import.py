"""`manage.py bank_import FILE [--dry-run] [--column FIELD=HEADING]`: a statement of the bank."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import SentenceCommand
from convention.errors import ConventionError
from convention.files import read_file
from registrations.checkout.bank_columns import COLUMNS
from registrations.checkout.bank_csv import BadLines
from registrations.checkout.bank_files import read_uploaded_statement
from registrations.checkout.import_statement import import_statement, rehearse_statement


class Command(SentenceCommand):
    """Import a bank statement, CAMT.053 or CSV."""

    help = "Import a bank statement (CAMT.053 or CSV): each line once, matched to what is owed."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, a rehearsal, and columns that are called otherwise."""
        parser.add_argument("file", type=Path, help="the statement")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and keep nothing")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=HEADING",
            help=f"how a column of a CSV is called; fields: {', '.join(COLUMNS)}",
        )

    def run(self, **options: Any) -> None:
        """Import it, or rehearse."""
        columns = dict(column_of(text) for text in options["column"])
        path = options["file"]
        try:
            file = read_uploaded_statement(path.name, read_file(path), columns)
        except BadLines as error:
            lines = "\n".join(f"{number}: {sentence}" for number, sentence in error.rows[:20])
            raise ConventionError(f"{error}\n{lines}") from error
        act = rehearse_statement if options["dry_run"] else import_statement
        self.stdout.write(str(act(file=file)))


def column_of(text: str) -> tuple[str, str]:
    """A field and its heading. Raises ConventionError."""
    field, sign, heading = text.partition("=")
    if not sign or field not in COLUMNS:
        raise ConventionError(
            _("Write a column as FIELD=HEADING, with one of the fields %(fields)s.")
            % {"fields": ", ".join(COLUMNS)}
        )
    return field, heading
