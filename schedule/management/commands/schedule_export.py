"""`manage.py schedule_export EVENT --format FORMAT --output FILE`"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from convention.commands import ConventionCommand, add_event_argument, describe_size, get_event_by_slug
from convention.files import write_atomically
from schedule.exchange.export_schedule import FORMAT_WRITERS, export_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.models import ProgrammeAudience


class Command(ConventionCommand):
    """Write an event's programme in one of the published formats, or as a table to edit."""

    help = "Export the programme as frab XML, frab JSON (version 1), iCalendar, Sessionize JSON, CSV or XLSX."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument("--format", choices=[str(fmt) for fmt in FORMAT_WRITERS], required=True)
        parser.add_argument(
            "--include-members",
            action="store_true",
            help="include sessions for members only, which these formats cannot mark; tables always do",
        )
        parser.add_argument("--output", metavar="FILE", type=Path, required=True)

    def run(self, **options: Any) -> None:
        event = get_event_by_slug(options["event"])
        includes_members = options["include_members"]
        audience = ProgrammeAudience.MEMBERS if includes_members else ProgrammeAudience.PUBLIC
        file_format = ScheduleFormat(options["format"])
        data = export_schedule(event=event, file_format=file_format, audience=audience)
        with write_atomically(options["output"]) as file:
            file.write(data)
        self.report_file(options["output"], describe_size(data))
