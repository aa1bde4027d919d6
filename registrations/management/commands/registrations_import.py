"""`manage.py registrations_import EVENT FILE [--map "HEADING=FIELD"] [--dry-run]`."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.bad_rows import BadRows, said_by_rows, shortened
from convention.columns import columns_from, with_maps
from convention.commands import SentenceCommand, add_event_argument, find_event
from convention.files import read_file
from convention.tables import read_upload
from registrations.import_columns import NEEDED, fields_for, is_heading
from registrations.import_list import import_list, picks_for, rehearse_import
from registrations.import_rows import doubts
from registrations.questions import questions_of


class Command(SentenceCommand):
    """Import a list of people from a .csv file or a workbook."""

    help = (
        "Import a list of people (.csv, .xlsx, .xls or .ods; columns first_name, last_name, email, company, "
        "ticket, in English or French). All or nothing; a row whose e-mail is registered already updates it."
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
            help="what a column is, such as “Kolumne=first_name” or “Remarks=ignore”; may be repeated",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and do nothing")

    def run(self, **options: Any) -> None:
        """Read, import, and say what was done."""
        event = find_event(options["event"])
        file: Path = options["file"]
        table = read_upload(file.name, read_file(file), is_heading)
        questions = questions_of(event)
        picks = picks_for(event, table, questions)
        picks = with_maps(table.header, picks, options["map"], fields_for(questions))
        try:
            if options["dry_run"]:
                done = rehearse_import(event=event, table=table, picks=picks)
            else:
                done = import_list(event=event, table=table, picks=picks, file_name=file.name)
        except BadRows as error:
            self.refuse("\n".join(said_errors(error)))
        columns, _ignored = columns_from(table.header, picks, NEEDED)
        for heading in done.ignored_columns:
            self.say(_("Column “%(column)s” is not used.") % {"column": heading})
        for line in shortened(said_by_rows(doubts(table, columns))):
            self.say(line)
        if options["dry_run"]:
            self.stdout.write(_("Rehearsal, nothing was stored: %(result)s") % {"result": done})
        else:
            self.stdout.write(str(done))


def said_errors(error: BadRows) -> list[str]:
    """The sentence, then one line for each of the first errors."""
    return [str(error), *shortened(error.lines())]
