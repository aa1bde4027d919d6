"""`manage.py agenda EVENT --output FILE`: the printed agenda."""

from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from convention.commands import ConventionCommand, add_event_argument, get_event_by_slug
from convention.events.models import Event
from convention.files import write_atomically
from convention.typeset import find_missing_glyphs
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import AGENDA_LANGUAGES, PrintOptions
from schedule.paper.printed_programme import PrintedProgramme
from schedule.paper.sheet_kinds import DEPTH_LABELS, DISTANCE_LABELS, PAPER_LABELS, SHEET_KINDS
from schedule.prints.make_print import load_comparison_for


class Command(ConventionCommand):
    """Booklet, grids, door signs and other sheets, in French or English."""

    help = "Write the agenda of an event to a PDF."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")
        parser.add_argument("--format", default="booklet", dest="format_name", metavar=",".join(SHEET_KINDS))
        parser.add_argument("--paper", default="", metavar=",".join(PAPER_LABELS))
        parser.add_argument(
            "--depth", default="", metavar=",".join(DEPTH_LABELS), help="level of detail of the booklet"
        )
        parser.add_argument(
            "--distance", default="", metavar=",".join(DISTANCE_LABELS), help="reading distance of the poster"
        )
        parser.add_argument("--imposed", action="store_true", help="order the booklet's pages for folding")
        parser.add_argument(
            "--since",
            type=int,
            metavar="VERSION",
            help="print only changes since this version (changes and door signs)",
        )
        parser.add_argument(
            "--include-members", action="store_true", help="include sessions for members only, marked"
        )
        parser.add_argument("--language", default="fr", metavar=",".join(AGENDA_LANGUAGES))

    def run(self, **options: Any) -> None:
        """Write the whole file or none, then report it and the characters that no font has."""
        event, output = get_event_by_slug(options["event"]), options["output"]
        with write_atomically(output) as file:
            programme, page_count = self.print_sheets(event, file, options)
        content = ngettext("%(count)d page", "%(count)d pages", page_count) % {"count": page_count}
        self.report_file(output, content)
        with override(options["language"]):
            self.report_missing_glyphs(programme)

    def print_sheets(
        self, event: Event, file: BinaryIO, options: dict[str, Any]
    ) -> tuple[PrintedProgramme, int]:
        """Draw the sheets that the options ask for; return the programme and the number of pages."""
        print_options = PrintOptions(
            options["format_name"],
            options["language"],
            options["paper"],
            depth=options["depth"],
            distance=options["distance"],
            is_imposed=options["imposed"],
            since=options["since"],
            includes_members_sessions=options["include_members"],
        )
        with override(options["language"]):
            comparison = load_comparison_for(event, print_options)
        return print_sheets(event, file=file, options=print_options, comparison=comparison)

    def report_missing_glyphs(self, programme: PrintedProgramme) -> None:
        """Print a line for each title with characters that no font has."""
        for item in programme.sessions:
            if missing := find_missing_glyphs(item.title):
                self.print_notice(
                    _("No font can print %(characters)s in “%(title)s”.")
                    % {"characters": " ".join(missing), "title": item.title}
                )
