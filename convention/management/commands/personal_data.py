"""`manage.py personal_data ADDRESS --output FILE`: export a person's data as a zip."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import ConventionCommand
from convention.errors import NotFound
from convention.files import write_atomically
from convention.privacy.export import export_personal_data
from convention.privacy.find_data import SubjectData, add_known_names
from convention.privacy.subjects import find_checked_subject


class Command(ConventionCommand):
    """Write the export, or print how much there is."""

    help = (
        "Write all personal data of the person with this address to a file. "
        "Without --output, count it by table."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS", help="an e-mail address")
        parser.add_argument("--output", type=Path, help="a .zip file to write")

    def run(self, **options: Any) -> None:
        subject = add_known_names(find_checked_subject(options["address"]))
        found = SubjectData(subject).tables_with_rows
        if not found:
            raise NotFound(
                _("No data is stored under the address %(address)s.") % {"address": options["address"]}
            )
        if options["output"]:
            # Readable by the operator alone, not by other accounts of the machine.
            with write_atomically(options["output"], mode=0o600) as file:
                file.write(export_personal_data(subject=subject))
        else:
            self.print_lines(
                f"{table.source.table_label}\t{table.row_count}\t{table.source.erasure_action}"
                for table in found
            )
