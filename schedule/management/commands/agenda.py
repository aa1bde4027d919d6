"""`manage.py agenda EVENT --output FILE`: the printed agenda."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from convention.commands import ConventionCommand, add_event_argument, get_event_by_slug
from convention.files import write_atomically
from convention.typeset import find_missing_glyphs
from schedule.paper.grid_layout import PAPERS_BY_NAME
from schedule.paper.print_agenda import AGENDA_FORMATS, AGENDA_LANGUAGES, print_agenda
from schedule.paper.printed_programme import PrintedProgramme


class Command(ConventionCommand):
    """Booklet, grid or door signs, in French or English."""

    help = "Print the agenda of an event as PDF."

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")
        parser.add_argument(
            "--format", default="booklet", dest="format_name", metavar=",".join(AGENDA_FORMATS)
        )
        parser.add_argument("--paper", default="auto", metavar=",".join(PAPERS_BY_NAME), help="of the grid")
        parser.add_argument("--language", default="fr", metavar=",".join(AGENDA_LANGUAGES))

    def run(self, **options: Any) -> None:
        """Write the whole file or none, then report characters that no font has."""
        event, output = get_event_by_slug(options["event"]), options["output"]
        with write_atomically(output) as file:
            programme = print_agenda(
                event,
                file=file,
                format_name=options["format_name"],
                language=options["language"],
                paper=options["paper"],
            )
        with override(options["language"]):
            self.report_missing_glyphs(programme)

    def report_missing_glyphs(self, programme: PrintedProgramme) -> None:
        """Print a line for each title with characters that no font has."""
        for item in programme.sessions:
            if missing := find_missing_glyphs(item.title):
                self.print_notice(
                    _("No font has %(characters)s in “%(title)s”.")
                    % {"characters": " ".join(missing), "title": item.title}
                )
