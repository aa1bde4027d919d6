"""Write who came, when and where to a file."""

import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from badges.attendance.export import export
from convention.commands import SentenceCommand, add_event_argument, find_event
from convention.errors import ConventionError


class Command(SentenceCommand):
    """`manage.py attendance EVENT --output FILE`."""

    help = "Write the attendance as .csv, .xlsx or .pdf, by the file's ending: who came, when, where."

    def add_arguments(self, parser: CommandParser) -> None:
        """EVENT --output FILE."""
        add_event_argument(parser)
        parser.add_argument("--output", required=True, metavar="FILE", help="ends in .csv, .xlsx or .pdf")

    def run(self, **options: Any) -> None:
        """Write the whole file or none."""
        event, output = find_event(options["event"]), Path(options["output"])
        if output.is_dir():
            raise ConventionError(f"{output} is a folder; name a file to write.")
        content = export(event=event, name=output.name)
        with tempfile.NamedTemporaryFile(dir=output.parent, prefix=".attendance-", delete=False) as file:
            file.write(content)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(output)
