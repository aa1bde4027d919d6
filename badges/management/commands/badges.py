"""Print an event's badges to a PDF file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from badges.printing.pdf import write_event_badges
from convention.commands import ConventionCommand, add_event_argument, get_event_by_slug
from convention.files import write_atomically


class Command(ConventionCommand):
    """`manage.py badges EVENT --output FILE`."""

    help = "Write the badge of every confirmed registration to a PDF; what to look at goes to stderr."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the PDF to write")
        parser.add_argument(
            "--layout",
            default="a6",
            help="a6 (default), a4x4 (four on A4, crop marks), label (62 mm) or folded (two-sided)",
        )

    def run(self, **options: Any) -> None:
        event = get_event_by_slug(options["event"])
        # 0600: the file contains every badge's code, which admits at the checkpoints.
        with write_atomically(options["output"], mode=0o600) as file:
            problems = write_event_badges(file, event, layout=options["layout"])
        for problem in problems:
            self.print_notice(f"{problem.holder.name} ({problem.holder.reference}): {problem.sentence}.")
