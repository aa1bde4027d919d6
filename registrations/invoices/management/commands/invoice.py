"""`manage.py invoice`: write an invoice as a PDF file, issuing it first if needed."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from convention import hooks
from convention.commands import ConventionCommand
from convention.files import write_atomically
from registrations.invoices.documents.issuing import get_or_issue_invoice
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.ledger.receivable_sources import get_receivable


class Command(ConventionCommand):
    """`manage.py invoice REFERENCE --output FILE`."""

    help = (
        "Write the invoice of an order or receivable as a Factur-X PDF, issuing it if necessary. "
        "An order whose address is not verified is confirmed first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", help="reference of the order or receivable")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the PDF to write")

    def run(self, **options: Any) -> None:
        """Confirm a pending order, issue its invoice and write the file; all in one transaction."""
        # An order that awaits verification owes nothing yet; the treasurer who runs the command vouches for
        # it.
        hooks.confirm_reference.provider()(options["reference"])
        document = get_or_issue_invoice(get_receivable(options["reference"]))
        with write_atomically(options["output"], mode=0o600) as file:
            file.write(get_invoice_pdf(document))
        self.print_notice(document.number)
