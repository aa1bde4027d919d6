"""Write who came, when and where to a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from badges.attendance.export import export
from convention.commands import SentenceCommand, add_event_argument, find_event
from convention.files import whole_file


class Command(SentenceCommand):
    """`manage.py attendance EVENT --output FILE`."""

    help = "Write the attendance as .csv, .xlsx or .pdf, by the file's ending: who came, when, where."

    def add_arguments(self, parser: CommandParser) -> None:
        """EVENT --output FILE."""
        add_event_argument(parser)
        parser.add_argument(
            "--output", required=True, type=Path, metavar="FILE", help="ends in .csv, .xlsx or .pdf"
        )

    def run(self, **options: Any) -> None:
        """Write the whole file or none."""
        event, output = find_event(options["event"]), options["output"]
        content = export(event=event, name=output.name)
        with whole_file(output, mode=0o600) as file:
            file.write(content)
