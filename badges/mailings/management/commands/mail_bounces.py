"""Read what a mail server reports of a mail that came back."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.mailings.bounce import mark_reported
from badges.mailings.notices import read_notice
from convention.commands import SentenceCommand
from convention.files import LARGEST, read_file
from convention.parsing.process import parse

STDIN = "-"


class Command(SentenceCommand):
    """`manage.py mail_bounces FILE|-`."""

    help = "Read a delivery status notification (RFC 3464) and mark the addresses that mail came back from."

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE, or - for standard input."""
        parser.add_argument("file", metavar="FILE", help="a mail as it came; - reads standard input")

    def run(self, **options: Any) -> None:
        """Say how many addresses were marked; never which."""
        name = options["file"]
        content = sys.stdin.buffer.read(LARGEST) if name == STDIN else read_file(Path(name))
        notice = parse(read_notice, content)
        marked = len(mark_reported(notice=notice))
        if not notice.failures:
            self.stdout.write(_("Nothing failed for good: nothing was marked."))
        elif not marked:
            self.stdout.write(_("Nobody has the address that mail came back from: nothing was marked."))
        else:
            said = ngettext("%(count)d address was marked.", "%(count)d addresses were marked.", marked)
            self.stdout.write(said % {"count": marked})
