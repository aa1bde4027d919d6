"""Issued documents survive a restore, and stay immutable."""

import sqlite3

import pytest
from django.core.management import call_command

from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.ledger.charges import ChargeItem
from tests.registrations.invoices.factories import make_issuer, make_receivable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def test_restore_recovers_issued_invoice_with_lines_and_pdf(new_site, manage, tmp_path):
    make_issuer()
    things = [ChargeItem(f"t{number}", f"Billet {number}", 1_200, 2000) for number in range(3)]
    document = issue_invoice(receivable=make_receivable(*things))
    paper = get_invoice_pdf(document)
    file = tmp_path / "site.zip"
    call_command("backup", "--output", str(file))

    done = manage("restore", str(file), DATABASE_URL=new_site)

    assert (done.returncode, done.stderr.strip().count("\n")) == (0, 1), done.stderr

    with sqlite3.connect(new_site.removeprefix("sqlite:///")) as restored:
        [[number, count, content]] = restored.execute(
            "SELECT number, (SELECT count(*) FROM invoices_invoiceline), content "
            "FROM invoices_invoice JOIN invoices_invoicepdf ON invoice_id = invoices_invoice.id"
        )
        assert number == document.number
        assert count == 3
        assert bytes(content) == paper
        with pytest.raises(sqlite3.IntegrityError, match="never changed or removed"):
            restored.execute("UPDATE invoices_invoice SET total = 0")
