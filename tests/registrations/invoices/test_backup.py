"""What was issued comes back from a backup, as unchangeable as before."""

import sqlite3

import pytest

from registrations.invoices.issue import issue
from registrations.invoices.keep import paper_of
from registrations.invoices.owe import Owed

from .makers import make_issuer, make_receivable

pytestmark = pytest.mark.django_db(transaction=True)


def test_issued_documents_come_back_with_their_lines_and_papers(manage, tmp_path):
    make_issuer()
    things = [Owed(f"t{number}", f"Billet {number}", 1_200, 2000) for number in range(3)]
    document = issue(receivable=make_receivable(*things))
    paper = paper_of(document)
    file, database = tmp_path / "site.zip", tmp_path / "other.sqlite3"
    assert manage("backup", "--output", str(file)).returncode == 0
    done = manage("restore", str(file), DATABASE_URL=f"sqlite:///{database}")
    assert (done.returncode, done.stderr.strip().count("\n")) == (0, 0), done.stderr
    with sqlite3.connect(database) as restored:
        [[number, count, content]] = restored.execute(
            "SELECT number, (SELECT count(*) FROM invoices_line), content "
            "FROM invoices_invoice JOIN invoices_paper ON invoice_id = invoices_invoice.id"
        )
        assert (number, count, bytes(content)) == (document.number, 3, paper)
        with pytest.raises(sqlite3.IntegrityError, match="never changed or removed"):
            restored.execute("UPDATE invoices_invoice SET total = 0")
