"""`manage.py club_import FILE [--map "HEADING=FIELD"] [--dry-run]`."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.bad_rows import BadRows, shortened
from convention.club.directory_columns import fields, is_heading
from convention.club.import_directory import import_directory, picks_for, rehearse_directory
from convention.columns import with_maps
from convention.commands import SentenceCommand
from convention.files import read_file
from convention.tables import read_upload


class Command(SentenceCommand):
    """Import companies, people, employments and seats from a .csv file or a workbook."""

    help = (
        "Import companies, people, employments and seats (.csv, .xlsx, .xls or .ods; columns company, siren, "
        "first_name, last_name, email, title, seat and others, in English or French). All or nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE [--map "HEADING=FIELD"] [--dry-run]."""
        parser.add_argument("file", metavar="FILE", type=Path, help="the list, .csv, .xlsx, .xls or .ods")
        parser.add_argument(
            "--map",
            metavar="HEADING=FIELD",
            action="append",
            default=[],
            help="what a column is, such as “Firma=company” or “Remarks=ignore”; may be repeated",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and do nothing")

    def run(self, **options: Any) -> None:
        """Read, import, and say what was done."""
        file: Path = options["file"]
        table = read_upload(file.name, read_file(file), is_heading)
        picks = with_maps(table.header, picks_for(table.header), options["map"], fields())
        try:
            if options["dry_run"]:
                done = rehearse_directory(table=table, picks=picks)
            else:
                done = import_directory(table=table, picks=picks, file_name=file.name)
        except BadRows as error:
            self.refuse("\n".join([str(error), *shortened(error.lines())]))
        for heading in done.ignored_columns:
            self.say(_("Column “%(column)s” is not used.") % {"column": heading})
        sentence = _("Rehearsal, nothing was stored: %(result)s") if options["dry_run"] else "%(result)s"
        self.stdout.write(sentence % {"result": done})
