"""Write the attendance list to a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from badges.attendance.reports.export import export_attendance
from convention.commands import ConventionCommand, add_event_argument, describe_size, get_event_by_slug
from convention.files import write_atomically


class Command(ConventionCommand):
    """`manage.py attendance EVENT --output FILE`."""

    help = "Write the attendance (who attended, when and where) to a .csv, .xlsx or .pdf file."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument(
            "--output",
            required=True,
            type=Path,
            metavar="FILE",
            help="the file to write; its extension (.csv, .xlsx or .pdf) sets the format",
        )

    def run(self, **options: Any) -> None:
        event, output = get_event_by_slug(options["event"]), options["output"]
        content = export_attendance(event=event, file_name=output.name)
        with write_atomically(output, mode=0o600) as file:
            file.write(content)
        self.report_file(output, describe_size(content))
