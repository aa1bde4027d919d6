"""`manage.py bank_import FILE [--dry-run] [--column FIELD=HEADING]`: import a bank statement."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import ConventionCommand
from convention.errors import ConventionError
from convention.files import read_input_file
from registrations.payments.bank.csv_columns import COLUMN_HEADINGS
from registrations.payments.bank.csv_reader import InvalidLines
from registrations.payments.bank.import_statement import import_statement, preview_statement
from registrations.payments.bank.statement_files import read_uploaded_statement


class Command(ConventionCommand):
    """Import a bank statement, CAMT.053 or CSV."""

    help = "Import a bank statement (CAMT.053 or CSV). Each line is imported once and matched to amounts due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the statement")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would happen without saving anything"
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=HEADING",
            help=f"heading of a CSV column; fields: {', '.join(COLUMN_HEADINGS)}",
        )

    def run(self, **options: Any) -> None:
        columns = dict(parse_column(text) for text in options["column"])
        path = options["file"]
        try:
            file = read_uploaded_statement(path.name, read_input_file(path), columns)
        except InvalidLines as error:
            lines = "\n".join(f"{number}: {sentence}" for number, sentence in error.rows[:20])
            raise ConventionError(f"{error}\n{lines}") from error
        run_import = preview_statement if options["dry_run"] else import_statement
        self.stdout.write(str(run_import(file=file)))


def parse_column(text: str) -> tuple[str, str]:
    """Return field and heading of `FIELD=HEADING`. Raise ConventionError."""
    field, separator, heading = text.partition("=")
    if not separator or field not in COLUMN_HEADINGS:
        raise ConventionError(
            _("Enter each column as FIELD=HEADING. Fields: %(fields)s.")
            % {"fields": ", ".join(COLUMN_HEADINGS)}
        )
    return field, heading
