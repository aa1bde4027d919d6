"""`manage.py agenda EVENT --output FILE`: the printed agenda."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from convention.commands import SentenceCommand, add_event_argument, find_event
from convention.files import whole_file
from convention.typeset import missing_glyphs
from schedule.paper.content import Programme
from schedule.paper.make import FORMATS, LANGUAGES, print_agenda
from schedule.paper.plan import PAPERS


class Command(SentenceCommand):
    """Booklet, grid or door signs, in French or English."""

    help = "Print the agenda of an event as PDF."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which event, where to, what kind, on which paper, in which language."""
        add_event_argument(parser)
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")
        parser.add_argument("--format", default="booklet", dest="format_name", metavar=",".join(FORMATS))
        parser.add_argument("--paper", default="auto", metavar=",".join(PAPERS), help="of the grid")
        parser.add_argument("--language", default="fr", metavar=",".join(LANGUAGES))

    def run(self, **options: Any) -> None:
        """Write the whole file or none; say which characters no font has."""
        event, output = find_event(options["event"]), options["output"]
        with whole_file(output) as file:
            programme = print_agenda(
                event,
                file=file,
                format_name=options["format_name"],
                language=options["language"],
                paper=options["paper"],
            )
        with override(options["language"]):
            self.tell_missing(programme)

    def tell_missing(self, programme: Programme) -> None:
        """A line for each title that no font has whole."""
        for item in programme.items:
            if missing := missing_glyphs(item.title):
                self.say(
                    _("No font has %(characters)s in “%(title)s”.")
                    % {"characters": " ".join(missing), "title": item.title}
                )
