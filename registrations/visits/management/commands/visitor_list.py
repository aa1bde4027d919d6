"""Write the current visitor list of a site visit to a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import SentenceCommand, add_event_argument, find_event
from convention.errors import NotFound
from convention.files import whole_file
from registrations.visits.contents import read_list
from registrations.visits.list_files import file_of, kind_of
from registrations.visits.models import VisitorList


class Command(SentenceCommand):
    """`manage.py visitor_list EVENT --output FILE`."""

    help = "Write the latest visitor list as .xlsx or .pdf, by the file's ending. The reading is recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        """EVENT --output FILE."""
        add_event_argument(parser)
        parser.add_argument(
            "--output",
            required=True,
            type=Path,
            metavar="FILE",
            help="ends in .xlsx or .pdf; remove it after the visit",
        )

    def run(self, **options: Any) -> None:
        """Write the whole file or none; nobody but its owner may read it."""
        event, output = find_event(options["event"]), options["output"]
        kind = kind_of(output.name)
        rows = VisitorList.objects.select_related("visit__event__venue").filter(visit__event=event)
        latest = rows.order_by("-number").first()
        if latest is None:
            raise NotFound(_("There is no visitor list of this event yet."))
        content = file_of(read_list(visitor_list=latest, through="command"), latest, kind=kind)
        with whole_file(output, mode=0o600) as file:
            file.write(content)
