"""Make an event's presences anew from its scans."""

from typing import Any

from django.core.management.base import CommandParser

from badges.attendance.rebuild import rebuild_presence
from convention.commands import SentenceCommand, add_event_argument, find_event


class Command(SentenceCommand):
    """`manage.py rebuild_presence EVENT`."""

    help = "Recompute who is inside from the scans, which stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        """EVENT."""
        add_event_argument(parser)

    def run(self, **options: Any) -> None:
        """Rebuild, and say how many there are."""
        event = find_event(options["event"])
        self.stdout.write(str(rebuild_presence(event=event)))
