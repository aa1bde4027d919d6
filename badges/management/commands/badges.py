"""Print an event's badges to a PDF file."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import ngettext

from badges.printing.layouts import SignedBadge
from badges.printing.pdf import BadgePrintOptions, print_event_badges
from badges.printing.print_states import select_badges_to_print
from convention.commands import ConventionCommand, add_event_argument, get_event_by_slug
from convention.files import write_atomically


class Command(ConventionCommand):
    """`manage.py badges EVENT --output FILE`."""

    help = (
        "Write the badges of all confirmed registrations to a PDF. "
        "Badges whose text does not fit, and those without a name, are listed on stderr."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the PDF to write")
        parser.add_argument(
            "--layout",
            default="a6",
            help="a6 (default), a4x4 (four on A4, crop marks), label (62 mm) or folded (two-sided)",
        )
        parser.add_argument(
            "--only",
            default="all",
            metavar="CHOICE",
            help="which badges: all (default), last (those of the last printing again), or new (never "
            "printed) and changed (since they were printed), separated by commas",
        )
        parser.add_argument("--back", default="", help="“agenda” prints the holder’s agenda on the back")
        parser.add_argument(
            "--flip",
            default="long",
            help="the edge on which the printer flips sheets: long (default) or short",
        )

    def run(self, **options: Any) -> None:
        event = get_event_by_slug(options["event"])
        registration_ids = select_badges_to_print(event, options["only"])
        count = 0

        def count_badges(badges: Iterable[SignedBadge]) -> Iterator[SignedBadge]:
            nonlocal count
            for badge in badges:
                count += 1
                yield badge

        # 0600: the file contains every badge's code, which admits at the checkpoints.
        with write_atomically(options["output"], mode=0o600) as file:
            print_options = BadgePrintOptions(options["layout"], options["back"], options["flip"])
            problems = print_event_badges(
                file,
                event,
                options=print_options,
                registration_ids=registration_ids,
                wrap_badges=count_badges,
            )
        for problem in problems:
            self.print_notice(f"{problem.label}: {problem.sentence}.")
        content = ngettext("%(count)s badge", "%(count)s badges", count) % {"count": count}
        self.report_file(options["output"], content)
