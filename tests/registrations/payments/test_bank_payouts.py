"""Payouts of card payments and the bank lines that report them, with and without the word Stripe."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from lxml import html

from convention.audit.models import AuditEntry
from registrations.invoices.ledger.payments import link_payout_to_bank_line, record_payout
from registrations.invoices.models import Payout
from registrations.payments.bank.assignments import (
    InvalidAssignment,
    match_line_to_payout,
    record_returned_transfer,
    undo_payout_match,
)
from registrations.payments.bank.matching import BankLineFacts, ExpectedPayout, find_payout
from registrations.payments.bank.unbooked_lines import describe_unbooked_lines
from registrations.payments.models import BankLine
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.registrations.payments.statements import BOOKED_ON
from tests.registrations.payments.test_bank import import_lines
from tests.site_objects import make_client

DAY = datetime.date(2027, 3, 1)
NOTED_TEXT = "VIR PRESTATAIRE 010327"


def make_payout(payout_id: str, *, days: int = 0, bank_text: str = "", currency: str = "EUR"):
    return ExpectedPayout(payout_id, 9_795, DAY + datetime.timedelta(days=days), currency, bank_text)


@pytest.mark.parametrize(
    ("text", "payouts", "expected"),
    [
        ("VIR PRESTATAIRE 010327 XK", [make_payout("noted", bank_text=NOTED_TEXT)], "noted"),
        ("VIR PRESTATAIRE 010327", [make_payout("noted", bank_text=NOTED_TEXT, days=8)], None),
        ("VIR PRESTATAIRE 010327", [make_payout("noted", bank_text=NOTED_TEXT, currency="USD")], None),
        ("VIR PRESTATAIRE 020327", [make_payout("noted", bank_text=NOTED_TEXT)], None),
        ("VIR", [make_payout("short", bank_text="VIR")], None),
        ("STRIPE", [make_payout("noted", bank_text=NOTED_TEXT), make_payout("new", days=2)], "new"),
        ("STRIPE", [make_payout("later", days=3), make_payout("nearer", days=-2)], "nearer"),
        (
            f"STRIPE {NOTED_TEXT}",
            [make_payout("new"), make_payout("noted", bank_text=NOTED_TEXT, days=5)],
            "noted",
        ),
    ],
)
def test_line_is_matched_to_payout_by_text_amount_and_day(text, payouts, expected):
    found = find_payout(BankLineFacts(9_795, text, "", DAY), payouts)

    assert (found and found.payout_id) == expected


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def client(treasurer) -> Client:
    make_issuer()
    return make_client(treasurer)


def record_noted_payout() -> Payout:
    """Record a payout whose text on the statement was noted by hand."""
    payout = record_payout(external_id="po_1", amount=9_795, arrived_on=BOOKED_ON)
    link_payout_to_bank_line(payout=payout, bank_line=NOTED_TEXT)
    return payout


def describe_unbooked() -> str:
    return describe_unbooked_lines(BOOKED_ON, BOOKED_ON)


@pytest.mark.django_db
@pytest.mark.once
class TestImportedLine:
    def test_line_with_the_noted_text_is_matched_at_its_import(self, client):
        payout = record_noted_payout()

        import_lines((9_795, "PRESTATAIRE", NOTED_TEXT, ""))

        assert BankLine.objects.get().payout == payout
        # The text is in the accountant's entries already.
        assert Payout.objects.get().bank_line == NOTED_TEXT

    def test_line_imported_before_its_payout_was_noted_is_in_the_books(self, client):
        import_lines((9_795, "PRESTATAIRE", NOTED_TEXT, ""))

        before = describe_unbooked()
        record_noted_payout()

        assert "1 bank line of the period is not included" in before
        assert describe_unbooked() == ""

    def test_second_line_of_the_same_payout_is_not_in_the_books(self, client):
        import_lines((9_795, "PRESTATAIRE", NOTED_TEXT, ""), (9_795, "PRESTATAIRE", NOTED_TEXT, ""))

        record_noted_payout()

        assert "1 bank line of the period is not included" in describe_unbooked()

    def test_other_line_of_the_same_amount_is_not_in_the_books(self, client):
        import_lines((9_795, "Acme", "virement", ""))

        record_noted_payout()

        assert "1 bank line of the period is not included" in describe_unbooked()


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize("cents", [9_795, -9_795])
def test_line_without_the_word_stripe_offers_the_payout_of_its_amount(client, cents):
    record_payout(external_id="po_1", amount=cents, arrived_on=BOOKED_ON - datetime.timedelta(days=20))
    record_payout(external_id="po_2", amount=cents, arrived_on=BOOKED_ON - datetime.timedelta(days=40))
    import_lines((cents, "PRESTATAIRE", "VERSEMENT", ""))
    address = reverse("bank-line", args=[BankLine.objects.get().pk])

    page = html.fromstring(client.get(address).content)
    [payout_id] = page.xpath("//main//input[@name='payout']/@value")
    client.post(address, {"payout": payout_id})

    assert BankLine.objects.get().payout.external_id == "po_1"


@pytest.mark.django_db
@pytest.mark.once
def test_payout_that_another_line_reports_is_refused(client):
    record_noted_payout()
    import_lines((9_795, "PRESTATAIRE", NOTED_TEXT, ""), (9_795, "Acme", "virement", ""))
    other = BankLine.objects.get(counterparty="Acme")

    answer = client.post(reverse("bank-line", args=[other.pk]), {"payout": "po_1"}, follow=True)

    assert "This payout is already matched, or its amount is different." in answer.text
    with pytest.raises(InvalidAssignment):
        match_line_to_payout(line=other, payout_id="po_1")


@pytest.mark.django_db
@pytest.mark.once
class TestDebitMatchedToPayout:
    """A payout is negative where refunds exceed the card payments."""

    @pytest.fixture
    def line(self, client) -> BankLine:
        record_payout(external_id="po_1", amount=-9_795, arrived_on=BOOKED_ON)
        import_lines((-9_795, "PRESTATAIRE", "VERSEMENT", ""))
        line = BankLine.objects.get()
        match_line_to_payout(line=line, payout_id="po_1")
        return BankLine.objects.get()

    def test_page_offers_no_refund(self, client, line):
        page = html.fromstring(client.get(reverse("bank-line", args=[line.pk])).content)

        assert page.xpath("//main//input[@name='reference']") == []

    def test_line_is_not_recorded_as_a_returned_transfer(self, line):
        receivable = make_receivable()

        with pytest.raises(InvalidAssignment, match="already matched, or set aside"):
            record_returned_transfer(line=line, reference=receivable.reference)

    def test_refund_from_an_old_page_is_refused_with_the_reason(self, client, line):
        form = {"reference": make_receivable().reference}

        page = client.post(reverse("bank-line", args=[line.pk]), form, follow=True)

        assert "This line is already matched, or set aside." in page.text


def undo_match(client: Client) -> None:
    """Undo the match of the only line by the form of its page."""
    page = client.get(reverse("bank-line", args=[BankLine.objects.get().pk]))
    [address] = html.fromstring(page.content).xpath("//form[.//input[@id='undo-return']]/@action")
    client.post(address, {"reason": "another payout"})


@pytest.mark.django_db
@pytest.mark.once
def test_match_to_the_wrong_payout_is_undone(client):
    record_payout(external_id="po_1", amount=9_795, arrived_on=BOOKED_ON)
    import_lines((9_795, "STRIPE", "PAYOUT", ""))

    undo_match(client)

    assert BankLine.objects.get().payout is None
    assert Payout.objects.get().bank_line == ""
    assert AuditEntry.objects.get(verb="bank.undo").reason == "another payout"


@pytest.mark.django_db
@pytest.mark.once
def test_text_noted_at_a_payout_stays_when_its_match_is_undone(client):
    record_noted_payout()
    import_lines((9_795, "PRESTATAIRE", NOTED_TEXT, ""))

    undo_match(client)

    assert BankLine.objects.get().payout is None
    assert Payout.objects.get().bank_line == NOTED_TEXT


@pytest.mark.django_db
@pytest.mark.once
def test_line_that_is_not_matched_cannot_be_freed(client):
    import_lines((9_795, "PRESTATAIRE", "VERSEMENT", ""))

    with pytest.raises(InvalidAssignment):
        undo_payout_match(line=BankLine.objects.get(), reason="x")
