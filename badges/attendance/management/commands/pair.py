"""Pair a scanning device from the command line."""

import json
from typing import Any

from django.core.management.base import CommandParser

from badges.attendance.devices.pairing import (
    find_checkpoint,
    get_or_create_entrance,
    pair_device,
    pair_supervisor_device,
)
from convention.commands import ConventionCommand, add_event_argument, get_event_by_slug


class Command(ConventionCommand):
    """`manage.py pair EVENT [--checkpoint NAME]`."""

    help = "Create a token for a scanning device and print it as JSON with its checkpoint and URL."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument(
            "--supervisor", action="store_true", help="let the device override refusals, with a reason"
        )
        parser.add_argument(
            "--checkpoint", metavar="NAME", help="name of the checkpoint (default: the entrance)"
        )

    def run(self, **options: Any) -> None:
        """Print the token as JSON; it is not stored anywhere."""
        event, name = get_event_by_slug(options["event"]), options["checkpoint"]
        checkpoint = get_or_create_entrance(event) if name is None else find_checkpoint(event, name)
        pair = pair_supervisor_device if options["supervisor"] else pair_device
        pairing = pair(checkpoint=checkpoint)
        message = {"token": pairing.token, "checkpoint": checkpoint.name, "url": pairing.url}
        self.stdout.write(json.dumps(message, ensure_ascii=False))
