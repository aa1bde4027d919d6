"""Print an event's badges to a PDF file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from badges.pdf import event_badges
from convention.commands import SentenceCommand, add_event_argument, find_event
from convention.errors import ConventionError
from convention.files import whole_file


class Command(SentenceCommand):
    """`manage.py badges EVENT --output FILE`."""

    help = "Write the badge of every confirmed registration to a PDF; what to look at goes to stderr."

    def add_arguments(self, parser: CommandParser) -> None:
        """EVENT --output FILE [--layout ...] [--only ...]."""
        add_event_argument(parser)
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the PDF to write")
        parser.add_argument(
            "--layout",
            default="a6",
            help="a6 (default), a4x4 (four on A4, crop marks), label (62 mm) or folded (two-sided)",
        )
        parser.add_argument("--only", default="all", help="all (default)")

    def run(self, **options: Any) -> None:
        """Write the whole file or none."""
        event = find_event(options["event"])
        if options["only"] != "all":
            raise ConventionError(_("Only “--only all” works yet: new and changed badges come later."))
        with whole_file(options["output"], mode=0o600) as file:
            problems = event_badges(file, event, layout=options["layout"])
        for problem in problems:
            self.say(f"{problem.holder.name} ({problem.holder.reference}): {problem.sentence}.")
