"""Search and filter of the lines of bank statements."""

from collections.abc import Callable

import pytest
from django.utils import translation
from lxml import html

from registrations.invoices.ledger.payments import record_payout
from registrations.payments.bank.assignments import (
    assign_line,
    ignore_line,
    match_line_to_payout,
    record_returned_transfer,
    undo_assignment,
)
from registrations.payments.bank.line_search import BankLineFilter
from registrations.payments.models import BankLine, BankLineState
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.payments.test_bank import import_lines

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PATH = "/en/organize/money/bank/"
LINES = (
    (12_050, "Société Générale des Réseaux", "VIR SEPA FACTURE 12", ""),
    (9_900, "ACME SA", "RF45 7KQ2 M9XD", ""),
    (-4_500, "IMPRIMERIE DU QUAI", "PRLV", ""),
)


@pytest.fixture
def lines(db) -> dict[int, BankLine]:
    """Return imported lines by their amount in cents."""
    import_lines(*LINES)
    return {line.amount: line for line in BankLine.objects.all()}


@pytest.fixture
def list_found(client, treasurer) -> Callable[..., list[str]]:
    """Return a function that reads the payers on the page that a search gives."""
    client.force_login(treasurer)

    def read(**query: str) -> list[str]:
        answer = client.get(PATH, {"show": "all", **query})
        assert answer.status_code == 200
        return html.fromstring(answer.content).xpath("//tbody//th/a/text()")

    return read


@pytest.mark.parametrize(
    ("search_text", "payers"),
    [
        ("societe generale", ["Société Générale des Réseaux"]),
        ("RÉSEAUX facture", ["Société Générale des Réseaux"]),
        ("120,50", ["Société Générale des Réseaux"]),
        ("120.50 €", ["Société Générale des Réseaux"]),
        ("99", ["ACME SA"]),
        ("rf457kq2m9xd", ["ACME SA"]),
        ("45", ["ACME SA", "IMPRIMERIE DU QUAI"]),
        ("-45,00", ["IMPRIMERIE DU QUAI"]),
        ("générale acme", []),
    ],
)
def test_lines_are_found_by_payer_amount_and_reference(lines, list_found, search_text, payers):
    assert sorted(list_found(q=search_text)) == payers


def test_line_is_found_by_the_buyer_and_reference_it_is_assigned_to(lines, list_found):
    make_receivable(reference="7KQ2-XY", name="Mairie de Rennes")
    assignment = assign_line(line=lines[9_900], reference="7KQ2-XY", amount=9_900)

    by_buyer, by_reference = list_found(q="mairie"), list_found(q="7KQ2-XY")
    undo_assignment(assignment=assignment, reason="x")

    assert by_buyer == ["ACME SA"]
    assert by_reference == ["ACME SA"]
    assert list_found(q="mairie") == []


def test_lines_are_filtered_by_state(lines, list_found):
    ignore_line(line=lines[12_050], reason="don")

    assert list_found(state="set_aside") == ["Société Générale des Réseaux"]
    assert list_found(state="to_review") == ["ACME SA"]
    assert list_found(state="debit") == ["IMPRIMERIE DU QUAI"]
    assert list_found(state="to_review", q="générale") == []
    assert len(list_found(state="unknown")) == 3


def test_search_without_a_match_says_so_and_keeps_the_words(client, treasurer, lines):
    client.force_login(treasurer)

    page = client.get(PATH, {"show": "all", "q": "Globex"})

    assert "Nothing matches this search." in page.text
    assert 'value="Globex"' in page.text


def test_list_to_review_offers_the_search(client, treasurer, lines):
    client.force_login(treasurer)

    with translation.override("en"):
        page = client.get(PATH)

    assert "Payer, reference or amount" in page.text


def test_each_line_has_one_state():
    import_lines(
        (10_000, "Payout", "", ""),
        (7_000, "Assigned", "", ""),
        (6_000, "Part", "", ""),
        (-5_000, "Back", "", ""),
    )
    by_amount = {line.amount: line for line in BankLine.objects.all()}
    record_payout(external_id="po_1", amount=10_000, arrived_on=by_amount[10_000].booked_on)
    match_line_to_payout(line=by_amount[10_000], payout_id="po_1")
    make_receivable(reference="REF-1")
    assign_line(line=by_amount[7_000], reference="REF-1", amount=7_000)
    assign_line(line=by_amount[6_000], reference="REF-1", amount=1_000)
    record_returned_transfer(line=by_amount[-5_000], reference="REF-1")

    states = dict(BankLine.objects.with_state().values_list("amount", "state"))

    assert states == {
        10_000: BankLineState.CARD_PAYMENTS,
        7_000: BankLineState.ASSIGNED,
        6_000: BankLineState.TO_REVIEW,
        -5_000: BankLineState.REFUND,
    }


def test_search_for_many_words_is_limited():
    search = BankLineFilter.from_query({"q": "a " * 500})

    assert len(search.search_text) <= 300
    assert search.list_line_ids() == []
