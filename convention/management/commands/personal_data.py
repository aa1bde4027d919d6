"""`manage.py personal_data ADDRESS --output FILE`: all that the club holds of somebody, as a zip."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import SentenceCommand
from convention.errors import NotFound
from convention.files import whole_file
from convention.privacy.export import export
from convention.privacy.held import Held, with_names
from convention.privacy.subjects import subject_at


class Command(SentenceCommand):
    """Write the export, or say how much there is."""

    help = "Write all that is held of whoever has an address; without --output, count it by table."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and where to."""
        parser.add_argument("address", metavar="ADDRESS", help="an e-mail address")
        parser.add_argument("--output", type=Path, help="a .zip file to write")

    def run(self, **options: Any) -> None:
        """Find, then write or count."""
        subject = with_names(subject_at(options["address"]))
        found = Held(subject).found
        if not found:
            raise NotFound(
                _("Nothing is held under the address %(address)s.") % {"address": options["address"]}
            )
        if options["output"]:
            with whole_file(options["output"], mode=0o600) as file:
                file.write(export(subject=subject))
        else:
            self.tell(f"{one.holding.table}\t{one.count}\t{one.holding.fate}" for one in found)
