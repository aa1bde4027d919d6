"""`manage.py schedule_import EVENT FILE [--draft] [--public] [--dry-run]`"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from convention.commands import ConventionCommand, add_event_argument
from convention.events.models import Event
from convention.files import read_input_file
from schedule.exchange.importing.import_schedule import ImportTarget, import_schedule, preview_schedule


class Command(ConventionCommand):
    """Import a schedule file into an event and report what was added, changed, skipped and repaired.

    It is published as one version, and nobody is notified. An event that it creates is a draft, which only
    organizers see.
    """

    help = (
        "Import frab or Pentabarf XML, frab JSON, iCalendar, Sessionize or KotlinConf JSON, or a table "
        "(CSV, XLSX); creates the event as a draft if it is missing."
    )

    # The import has its own transaction, and the report is printed after its commit: `| head`, which closes
    # the pipe, must not undo it.
    runs_in_transaction = False

    def add_arguments(self, parser: CommandParser) -> None:
        add_event_argument(parser)
        parser.add_argument(
            "file",
            metavar="FILE",
            type=Path,
            help="the schedule; its format is recognized by content, not by name",
        )
        parser.add_argument(
            "--draft", action="store_true", help="put times and rooms into the draft, without publishing"
        )
        parser.add_argument(
            "--public",
            action="store_true",
            help="if the event is created: let everyone see it at once (an event that exists stays as it is)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would happen without importing anything"
        )

    def run(self, **options: Any) -> None:
        """Import or preview the file, then print the report."""
        action = preview_schedule if options["dry_run"] else import_schedule
        target = ImportTarget.DRAFT if options["draft"] else ImportTarget.PUBLICATION
        visibility = Event.Visibility.PUBLIC if options["public"] else Event.Visibility.DRAFT
        data = read_input_file(options["file"])
        report = action(slug=options["event"], data=data, target=target, visibility=visibility)
        heading = [_("Preview: nothing was saved. An import would do this:")] if options["dry_run"] else []
        changes = report.describe_changes() if options["dry_run"] else ()
        self.print_lines([*heading, *report.describe_lines(), *changes])
        if options["public"] and not report.is_event_created:
            self.report_unused_option(report.event)

    def report_unused_option(self, event: Event) -> None:
        """Say that --public did not publish an event that exists, if it is a draft."""
        if event.visibility == Event.Visibility.DRAFT:
            sentence = _(
                "--public changed nothing: “%(slug)s” existed already and is still a draft, which only "
                "organizers can see. Publish it on its overview: %(address)s."
            )
            self.print_notice(sentence % {"slug": event.slug, "address": f"/organize/{event.slug}/"})
