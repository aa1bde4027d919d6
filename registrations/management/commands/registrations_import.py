"""`manage.py registrations_import EVENT FILE [--map "HEADING=FIELD"] [--dry-run]`."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import ConventionCommand, add_event_argument, get_event_by_slug
from convention.files import read_input_file
from convention.tables.columns import apply_column_maps, index_columns
from convention.tables.files import read_upload
from convention.tables.row_errors import InvalidRows, describe_row_errors, shorten_lines
from registrations.import_export.columns import FIELD_LABELS, REQUIRED_FIELDS, is_heading, list_field_choices
from registrations.import_export.import_registrations import (
    guess_column_fields,
    import_registrations,
    preview_import,
)
from registrations.import_export.rows import find_row_warnings
from registrations.questions.queries import load_questions


class Command(ConventionCommand):
    """Import a list of people from a .csv file or a workbook."""

    help = (
        "Import a list of people (.csv, .xlsx, .xls or .ods; columns first_name, last_name, email, company, "
        "ticket, in English or French). All or nothing. Rows whose e-mail is already registered update that "
        "registration."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """EVENT FILE [--map "HEADING=FIELD"] [--dry-run]."""
        add_event_argument(parser)
        parser.add_argument("file", metavar="FILE", type=Path, help="the list, .csv, .xlsx, .xls or .ods")
        parser.add_argument(
            "--map",
            metavar="HEADING=FIELD",
            action="append",
            default=[],
            help="the field of a column, such as “Kolumne=first_name” or “Remarks=ignore”; can be repeated",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would happen without importing anything"
        )

    def run(self, **options: Any) -> None:
        """Import the file, or preview it, and print the result."""
        event = get_event_by_slug(options["event"])
        file: Path = options["file"]
        table = read_upload(file.name, read_input_file(file), is_heading)
        questions = load_questions(event)
        mapping = guess_column_fields(event, table, questions)
        # `--map` takes precedence over what the headings suggest.
        fields = list_field_choices(questions, event.addons.all())
        mapping = apply_column_maps(table.header, mapping, options["map"], fields)
        try:
            if options["dry_run"]:
                outcome = preview_import(event=event, table=table, chosen_fields=mapping)
            else:
                outcome = import_registrations(
                    event=event, table=table, chosen_fields=mapping, file_name=file.name
                )
        except InvalidRows as error:
            self.exit_with_error("\n".join(list_error_lines(error)))
        columns, _ignored = index_columns(table.header, mapping, REQUIRED_FIELDS, FIELD_LABELS)
        for heading in outcome.ignored_columns:
            self.print_notice(_("Column “%(column)s” is not used.") % {"column": heading})
        warnings = [*find_row_warnings(table, columns), *outcome.refused_tickets]
        for line in shorten_lines(describe_row_errors(warnings)):
            self.print_notice(line)
        if options["dry_run"]:
            self.stdout.write(_("Preview only, nothing was saved: %(result)s") % {"result": outcome})
        else:
            self.stdout.write(str(outcome))


def list_error_lines(error: InvalidRows) -> list[str]:
    """Return the message and one line for each of the first errors."""
    return [str(error), *shorten_lines(error.lines())]
