"""Pair a scanning device from the command line."""

import json
from typing import Any

from django.core.management.base import CommandParser

from badges.attendance.pair import entrance_of, find_checkpoint, pair, pair_supervisor
from convention.commands import SentenceCommand, add_event_argument, find_event


class Command(SentenceCommand):
    """`manage.py pair EVENT [--checkpoint NAME]`."""

    help = "Make a scanning device's token; prints JSON with token, checkpoint and url."

    def add_arguments(self, parser: CommandParser) -> None:
        """EVENT [--checkpoint NAME] [--supervisor]."""
        add_event_argument(parser)
        parser.add_argument("--supervisor", action="store_true", help="it may override, with a reason")
        parser.add_argument("--checkpoint", metavar="NAME", help="the door; default: the entrance")

    def run(self, **options: Any) -> None:
        """Print the token, which is kept nowhere."""
        event, name = find_event(options["event"]), options["checkpoint"]
        door = entrance_of(event) if name is None else find_checkpoint(event, name)
        act = pair_supervisor if options["supervisor"] else pair
        made = act(checkpoint=door)
        said = {"token": made.token, "checkpoint": door.name, "url": made.url}
        self.stdout.write(json.dumps(said, ensure_ascii=False))
