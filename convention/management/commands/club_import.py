"""Import the directory from a list.

`manage.py club_import FILE [--map "HEADING=FIELD"] [--skip-errors] [--confirm-memberships]
[--member-until DATE] [--dry-run]`
"""

import datetime
from argparse import ArgumentTypeError
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.directory_import.columns import get_column_labels, is_directory_heading
from convention.club.directory_import.correct_rows import check_list
from convention.club.directory_import.import_directory import (
    DirectoryPreview,
    guess_picks,
    import_directory,
    preview_directory_import,
)
from convention.club.directory_import.listed_memberships import NewMemberships
from convention.commands import ConventionCommand
from convention.files import read_input_file
from convention.tables.columns import apply_column_maps
from convention.tables.files import ParsedTable, read_upload
from convention.tables.row_errors import InvalidRows, shorten_lines


def parse_day(text: str) -> datetime.date:
    """Return the day that was typed. Raise ArgumentTypeError, whose sentence the command line shows."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is not a date. Enter it as 2027-12-31.") from error


class Command(ConventionCommand):
    """Import companies, memberships, people, employments and seats from a .csv file or a workbook."""

    help = (
        "Import companies, memberships, people, employments and seats (.csv, .xlsx, .xls or .ods; columns "
        "company, siren, plan, first_name, last_name, email, title, seat and others, in English or French). "
        "All rows or none, but for those that --skip-errors leaves out."
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
            "--skip-errors", action="store_true", help="leave out the rows with errors, and report them"
        )
        parser.add_argument(
            "--confirm-memberships",
            action="store_true",
            help="confirm the memberships in the list that have no confirmation date as of today",
        )
        parser.add_argument(
            "--member-until",
            metavar="DATE",
            type=parse_day,
            help="the last day of new memberships without one in the list, as 2027-12-31",
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
        choices: dict[str, Any] = {
            "picks": picks,
            "new_memberships": NewMemberships.CONFIRM
            if options["confirm_memberships"]
            else NewMemberships.DRAFT,
            "default_ends_on": options["member_until"],
        }
        check = partial(preview_directory_import, **choices)
        try:
            if options["skip_errors"]:
                table = self._leave_out_errors(table, lambda rows: check(table=rows))
            if options["dry_run"]:
                preview = check(table=table)
                outcome = preview.changes
                for hint in [*preview.similar_companies, *preview.namesakes]:
                    self.print_notice(str(hint))
            else:
                outcome = import_directory(table=table, file_name=file.name, **choices)
        except InvalidRows as error:
            self.exit_with_error("\n".join([str(error), *shorten_lines(error.lines())]))
        if endless_count := len(outcome.endless_memberships):
            sentence = ngettext(
                "%(count)d new membership has no end date, so it never comes up for renewal. Set one with "
                "--member-until before you import, or on the page of the membership afterwards.",
                "%(count)d new memberships have no end date, so they never come up for renewal. Set one with "
                "--member-until before you import, or on the pages of the memberships afterwards.",
                endless_count,
            )
            self.print_notice(sentence % {"count": endless_count})
        for heading in outcome.ignored_columns:
            self.print_notice(_("Column “%(column)s” is not used.") % {"column": heading})
        sentence = _("Preview only, nothing was saved: %(result)s") if options["dry_run"] else "%(result)s"
        self.stdout.write(sentence % {"result": outcome})

    def _leave_out_errors(
        self, table: ParsedTable, check: Callable[[ParsedTable], DirectoryPreview]
    ) -> ParsedTable:
        """Report the errors; return the table without their rows. Raise InvalidRows if no row is correct."""
        checked = check_list(table, check)
        if checked.errors is None:
            return table
        if checked.preview is None:
            raise checked.errors
        for line in shorten_lines(checked.errors.lines()):
            self.print_notice(_("Left out: %(error)s") % {"error": line})
        return checked.correct_rows
