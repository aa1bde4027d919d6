"""`manage.py schedule_export EVENT --format frab-xml,frab-json,ics --output FILE`"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import SentenceCommand, add_event_argument, find_event
from convention.files import whole_file
from schedule.exchange.export_schedule import WRITERS, export_schedule
from schedule.exchange.programme import Format


class Command(SentenceCommand):
    """Write an event's programme in one of the published formats."""

    help = "Export the programme as frab XML, frab JSON (version 1) or iCalendar."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which event, in which format, to which file."""
        add_event_argument(parser)
        parser.add_argument("--format", choices=[str(fmt) for fmt in WRITERS], required=True)
        parser.add_argument("--output", metavar="FILE", type=Path, required=True)

    def run(self, **options: Any) -> None:
        """Write the file."""
        event = find_event(options["event"])
        data = export_schedule(event=event, fmt=Format(options["format"]))
        with whole_file(options["output"]) as file:
            file.write(data)
        self.say(_("%(path)s: %(count)s bytes.") % {"path": options["output"], "count": len(data)})
