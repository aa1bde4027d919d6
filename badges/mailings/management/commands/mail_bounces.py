"""Record bounces from a mail server's delivery report."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.mailings.bounces.bounced_addresses import record_reported_bounces
from badges.mailings.bounces.delivery_reports import parse_delivery_report
from convention.commands import ConventionCommand
from convention.files import MAX_FILE_BYTES, read_input_file
from convention.parsing.process import parse_in_child

STDIN = "-"


class Command(ConventionCommand):
    """`manage.py mail_bounces FILE|-`."""

    help = "Read a delivery status notification (RFC 3464) and mark the addresses that bounced."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="the notification as received; - reads standard input"
        )

    def run(self, **options: Any) -> None:
        """Print how many addresses were recorded, but not which: output may end in a log."""
        name = options["file"]
        content = sys.stdin.buffer.read(MAX_FILE_BYTES) if name == STDIN else read_input_file(Path(name))
        # Reports are written by strangers: a process with limits on time and memory parses them.
        report = parse_in_child(parse_delivery_report, content)
        recorded_count = len(record_reported_bounces(report=report))
        if not report.failures:
            self.stdout.write(_("No permanent failures: no address was marked."))
        elif not recorded_count:
            self.stdout.write(_("No registration uses the bounced address: nothing was marked."))
        else:
            message = ngettext(
                "%(count)d address marked as bounced.",
                "%(count)d addresses marked as bounced.",
                recorded_count,
            )
            self.stdout.write(message % {"count": recorded_count})
