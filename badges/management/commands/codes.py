"""Say what every valid badge's QR says, as CSV: the organizer's secret."""

import csv
from typing import Any

from django.core.management.base import CommandParser

from badges.codes import codes_of
from convention.commands import SentenceCommand, add_event_argument, find_event


class Command(SentenceCommand):
    """`manage.py codes EVENT`."""

    help = "What each valid badge's QR says, as CSV (registration,name,code): exactly the printed badges."

    def add_arguments(self, parser: CommandParser) -> None:
        """EVENT."""
        add_event_argument(parser)

    def run(self, **options: Any) -> None:
        """Write the table to stdout, in the order of the printed badges."""
        rows = csv.writer(self.stdout, lineterminator="\n")
        event = find_event(options["event"])
        rows.writerow(["registration", "name", "code"])
        rows.writerows((holder.reference, holder.name, code) for holder, code in codes_of(event))
