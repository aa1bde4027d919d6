"""Write the invoice of what is owed under a reference, issuing it if it was not yet."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from convention import hooks
from convention.commands import SentenceCommand
from convention.files import whole_file
from registrations.invoices.issue import invoice_of
from registrations.invoices.keep import paper_of
from registrations.invoices.sources import receivable_for


class Command(SentenceCommand):
    """`manage.py invoice REFERENCE --output FILE`."""

    help = (
        "Write the invoice of what is owed as a Factur-X PDF; it is issued if it was not yet. "
        "An order whose address is not verified is confirmed first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """REFERENCE --output FILE."""
        parser.add_argument("reference", help="of the order, or of what is owed")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the PDF to write")

    def run(self, **options: Any) -> None:
        """Confirm what is still pending, issue and write; or nothing of it."""
        hooks.confirm_reference.provider()(options["reference"])
        document = invoice_of(receivable_for(options["reference"]))
        with whole_file(options["output"], mode=0o600) as file:
            file.write(paper_of(document))
        self.say(document.number)
