"""`manage.py invoice REFERENCE --output FILE`."""

import pytest
from django.core.management import call_command

from convention import hooks
from registrations.invoices.ledger.charges import ChargeItem
from registrations.invoices.models import Invoice, Receivable
from tests.registrations.invoices.factories import make_receivable

pytestmark = [pytest.mark.django_db, pytest.mark.once]


NOBODY = "Rien n’est dû sous la référence «\u202fNOBODY\u202f»."


def from_orders(reference: str) -> Receivable | None:
    """Stand in for the source of orders."""
    return make_receivable(reference=reference) if reference == "ORDERED" else None


def run_refused_command(capsys, *arguments: str) -> str:
    """Run a command that exits with status 2; return its message."""
    with pytest.raises(SystemExit) as left:
        call_command("invoice", *arguments)
    assert left.value.code == 2
    return capsys.readouterr().err.strip()


def test_command_issues_invoice_once_and_writes_same_file_again(issuer, tmp_path):
    receivable = make_receivable()
    one, two = tmp_path / "one.pdf", tmp_path / "two.pdf"
    call_command("invoice", receivable.reference, "--output", str(one))

    call_command("invoice", receivable.reference.lower(), "--output", str(two))

    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes()[:5] == b"%PDF-"
    assert Invoice.objects.count() == 1


def test_command_asks_receivable_sources_for_unknown_reference(issuer, tmp_path, monkeypatch):
    monkeypatch.setattr(hooks.receivable_sources, "paths", [f"{__name__}.from_orders"])
    call_command("invoice", "ORDERED", "--output", str(tmp_path / "one.pdf"))

    assert Invoice.objects.get().receivable.reference == "ORDERED"


def test_command_reports_bad_input_in_one_sentence(issuer, tmp_path, capsys):
    file = tmp_path / "one.pdf"
    nothing = make_receivable(ChargeItem("free", "Gratuit", 0, 2000), reference="NOTHING")

    nothing.charges.update(withdrawn_at=nothing.created_at)

    assert run_refused_command(capsys, "NOBODY", "--output", str(file)) == NOBODY
    assert (
        run_refused_command(capsys, "NOTHING", "--output", str(file))
        == "Il n’y a rien à facturer sous NOTHING."
    )

    make_receivable(reference="GOOD")

    assert run_refused_command(capsys, "GOOD", "--output", "/nowhere/one.pdf").count("\n") == 0
    assert not file.exists()
    assert Invoice.objects.count() == 0


def test_command_reports_missing_issuer(db, tmp_path, capsys):
    make_receivable(reference="GOOD")
    said = run_refused_command(capsys, "GOOD", "--output", str(tmp_path / "one.pdf"))

    assert (
        said == "Aucun émetteur n’est défini. La trésorerie doit d’abord remplir les réglages de l’émetteur."
    )
