"""Write the codes of all valid badges as CSV. Keep them secret: each one admits its holder."""

import csv
from typing import Any

from django.core.management.base import CommandParser

from badges.codes import build_badge_codes
from convention.commands import ConventionCommand, add_event_argument, get_event_by_slug


class Command(ConventionCommand):
    """`manage.py codes EVENT`."""

    help = "Print the QR code contents of all valid badges as CSV (registration,name,code)."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)

    def run(self, **options: Any) -> None:
        """Write the table to stdout, in the order of the printed badges."""
        output = csv.writer(self.stdout, lineterminator="\n")
        event = get_event_by_slug(options["event"])
        output.writerow(["registration", "name", "code"])
        output.writerows((holder.reference, holder.name, code) for holder, code in build_badge_codes(event))
