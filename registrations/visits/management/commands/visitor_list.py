"""Write the latest visitor list of a site visit to a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import ConventionCommand, add_event_argument, describe_size, get_event_by_slug
from convention.errors import NotFound
from convention.files import write_atomically
from registrations.visits.models import VisitorList
from registrations.visits.visitor_list.contents import read_list
from registrations.visits.visitor_list.files import make_list_file, parse_file_format


class Command(ConventionCommand):
    """`manage.py visitor_list EVENT --output FILE`."""

    help = "Write the latest visitor list to an .xlsx or .pdf file. Each reading is recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument(
            "--output",
            required=True,
            type=Path,
            metavar="FILE",
            help="the .xlsx or .pdf file to write; delete it after the visit",
        )

    def run(self, **options: Any) -> None:
        """Write the file atomically, readable by its owner alone."""
        event, output = get_event_by_slug(options["event"]), options["output"]
        kind = parse_file_format(output.name)
        rows = VisitorList.objects.select_related("visit__event__venue").filter(visit__event=event)
        latest = rows.order_by("-number").first()
        if latest is None:
            raise NotFound(_("This event has no visitor list yet."))
        content = make_list_file(read_list(visitor_list=latest, through="command"), latest, kind=kind)
        # Readable by its owner alone from the first byte: the file has names and identities in clear.
        with write_atomically(output, mode=0o600) as file:
            file.write(content)
        self.report_file(output, describe_size(content))
