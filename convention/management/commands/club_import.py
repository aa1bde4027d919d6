"""`manage.py club_import FILE [--map "HEADING=FIELD"] [--dry-run]`: import the club's directory."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.club.directory_import.columns import get_column_labels, is_directory_heading
from convention.club.directory_import.import_directory import (
    guess_picks,
    import_directory,
    preview_directory_import,
)
from convention.commands import ConventionCommand
from convention.files import read_input_file
from convention.tables.columns import apply_column_maps
from convention.tables.files import read_upload
from convention.tables.row_errors import InvalidRows, shorten_lines


class Command(ConventionCommand):
    """Import companies, people, employments and seats from a .csv file or a workbook."""

    help = (
        "Import companies, people, employments and seats (.csv, .xlsx, .xls or .ods; columns company, siren, "
        "first_name, last_name, email, title, seat and others, in English or French). All or nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the list, .csv, .xlsx, .xls or .ods")
        parser.add_argument(
            "--map",
            metavar="HEADING=FIELD",
            action="append",
            default=[],
            help="the field of a column, such as “Firma=company” or “Remarks=ignore”; can be repeated",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would happen without importing anything"
        )

    def run(self, **options: Any) -> None:
        file: Path = options["file"]
        # In a child process with limits, like an upload: the file may come from somebody else.
        table = read_upload(file.name, read_input_file(file), is_directory_heading)
        # `--map` overrides the guesses.
        picks = apply_column_maps(
            table.header, guess_picks(table.header), options["map"], get_column_labels()
        )
        try:
            if options["dry_run"]:
                preview = preview_directory_import(table=table, picks=picks)
                outcome = preview.changes
                for hint in [*preview.similar_companies, *preview.namesakes]:
                    self.print_notice(str(hint))
            else:
                outcome = import_directory(table=table, picks=picks, file_name=file.name)
        except InvalidRows as error:
            self.exit_with_error("\n".join([str(error), *shorten_lines(error.lines())]))
        for heading in outcome.ignored_columns:
            self.print_notice(_("Column “%(column)s” is not used.") % {"column": heading})
        sentence = _("Preview only, nothing was saved: %(result)s") if options["dry_run"] else "%(result)s"
        self.stdout.write(sentence % {"result": outcome})
