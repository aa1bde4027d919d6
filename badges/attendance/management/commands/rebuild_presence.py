"""Recompute an event's presences from its scans."""

from typing import Any

from django.core.management.base import CommandParser

from badges.attendance.scanning.presence_store import rebuild_presence
from convention.commands import ConventionCommand, add_event_argument, get_event_by_slug


class Command(ConventionCommand):
    """`manage.py rebuild_presence EVENT`."""

    help = "Recompute who is inside from the scans. The scans do not change."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)

    def run(self, **options: Any) -> None:
        event = get_event_by_slug(options["event"])
        self.stdout.write(str(rebuild_presence(event=event)))
