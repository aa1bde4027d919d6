"""Refunds that the treasurer makes at the bank: list, files, and several marked as done."""

import datetime
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import complete_refund, complete_refunds, request_refund
from registrations.invoices.models import Issuer, Refund
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.models import BankLine
from registrations.payments.refunds.credit_transfers import NAMESPACE
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.registrations.payments.statements import camt
from tests.registrations.payments.test_bank import import_lines
from tests.registrations.payments.test_payer_account import IBAN, add_payer_iban
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]
CARDS = "/en/organize/money/cards/"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def issuer() -> Issuer:
    return make_issuer()


@pytest.fixture
def client(treasurer):
    return make_client(treasurer)


def refund_transfer(amount: int = 1_000, *, iban: str = IBAN, name: str = "Acme SA") -> Refund:
    """Import a transfer from an account, and request the refund of a part of it."""
    receivable = make_receivable(name="Acme group", language="en", subject="The Convention")
    content = camt((12_000, name, receivable.reference, ""))
    content = add_payer_iban(content, iban) if iban else content
    import_statement(file=read_statement("x.xml", content))
    return request_refund(payment=receivable.payments.get(), amount=amount, reason="gesture")


def refund_in_cash() -> Refund:
    receivable = make_receivable(name="Walk-in Ltd")
    payment = record_payment(receivable=receivable, amount=12_000, method="cash")
    return request_refund(payment=payment, amount=500, reason="gesture")


def read_main_text(answer) -> str:
    return " ".join(html.fromstring(answer.content).find(".//main").text_content().split())


def read_item_texts(answer) -> list[str]:
    """Return the texts of the refunds to make."""
    items = html.fromstring(answer.content).xpath("//section[@id='refunds-to-make']//li")
    return [" ".join(item.text_content().split()) for item in items]


def download_file(client, *refunds: Refund):
    return client.get(reverse("refunds-sepa"), {"refund": [refund.pk for refund in refunds]})


def read_end_to_end_ids(answer) -> list[str | None]:
    root = ElementTree.fromstring(answer.content)
    return [node.text for node in root.iter(f"{{{NAMESPACE}}}EndToEndId")]


def mark_as_done(client, refunds, **typed):
    typed = {"refunded_on": str(timezone.localdate()), **typed}
    values = {"refund": [refund.pk for refund in refunds], **typed}
    return client.post(reverse("refunds-done"), values, follow=True)


def test_list_names_payee_and_iban(client):
    refund_transfer()

    [text] = read_item_texts(client.get(CARDS))

    assert "Acme SA · BE68 5390 0754 7034" in text
    assert "not in the file" not in text


def test_list_says_why_a_refund_is_not_in_the_file_for_the_bank(client):
    refund_transfer(iban="")
    refund_transfer(iban="SA0380000000608010167519")
    refund_in_cash()

    answer = client.get(CARDS)

    unknown, outside, cash = read_item_texts(answer)
    assert "not in the file for the bank: IBAN unknown" in unknown
    assert "not in the file for the bank: account outside the SEPA area" in outside
    assert "not in the file for the bank: not a bank transfer" in cash
    assert "3 refunds, €25.00 in total · 3 cannot be in the file for the bank" in read_main_text(answer)


def test_refund_by_the_processor_is_in_progress_and_not_to_make(client):
    payment = record_payment(receivable=make_receivable(), amount=12_000, method="card")
    request_refund(payment=payment, amount=500, reason="gesture")

    text = read_main_text(client.get(CARDS))

    assert "Refunds in progress" in text
    assert "Refunds to make" not in text


def test_accounts_take_no_query_each(client, django_assert_max_num_queries):
    for _number in range(4):
        refund_transfer()

    with django_assert_max_num_queries(40):
        answer = client.get(CARDS)

    assert len(read_item_texts(answer)) == 4


def test_file_for_the_bank_has_the_ticked_refunds_whose_iban_is_known(client, issuer):
    ticked, _other, without_iban = refund_transfer(), refund_transfer(), refund_transfer(iban="")

    answer = download_file(client, ticked, without_iban)

    assert answer["Content-Type"] == "application/xml"
    assert read_end_to_end_ids(answer) == [ticked.document_reference]


def test_file_for_the_bank_has_all_refunds(client, issuer):
    refunds = [refund_transfer(), refund_transfer()]

    answer = client.get(reverse("refunds-sepa"), {"all": "1"})

    assert read_end_to_end_ids(answer) == [refund.document_reference for refund in refunds]


def test_text_of_a_transfer_names_the_order_in_the_language_of_the_buyer(client, issuer):
    refund = refund_transfer()

    root = ElementTree.fromstring(download_file(client, refund).content)

    [text] = [node.text for node in root.iter(f"{{{NAMESPACE}}}Ustrd")]
    assert text == f"Refund {refund.receivable.reference} The Convention"


def test_debit_of_a_transfer_in_the_file_completes_its_refund(client, issuer):
    refund = refund_transfer()
    root = ElementTree.fromstring(download_file(client, refund).content)
    [text] = [node.text for node in root.iter(f"{{{NAMESPACE}}}Ustrd")]

    import_lines((-1_000, "Acme SA", text, ""))

    refund.refresh_from_db()
    assert refund.state == Refund.State.DONE
    assert BankLine.objects.get(amount=-1_000).refund == refund


def test_same_refunds_give_the_same_id_on_the_same_day(client, issuer):
    first, second = refund_transfer(), refund_transfer()

    names = [
        answer["Content-Disposition"]
        for answer in (
            download_file(client, first, second),
            download_file(client, second, first),
            download_file(client, first),
        )
    ]

    assert names[0] == names[1]
    assert names[0] != names[2]


def test_download_marks_nothing_as_done(client, issuer):
    refund = refund_transfer()

    download_file(client, refund)

    refund.refresh_from_db()
    assert refund.state == Refund.State.REQUESTED


def test_download_of_the_file_is_audited(client, issuer, treasurer):
    refund = refund_transfer()

    download_file(client, refund)

    entry = AuditEntry.objects.get(verb="refunds.export")
    assert entry.actor == treasurer
    assert entry.fields == ["sepa"]
    assert entry.details["refunds"] == [refund.pk]


@pytest.mark.parametrize("address_name", ["refunds-sepa", "refunds-csv", "refunds-done"])
def test_nothing_ticked_is_explained(client, issuer, address_name):
    refund_transfer()

    answer = client.get(reverse(address_name), follow=True)

    assert "Tick the refunds first, or select all of them." in answer.text


def test_file_without_any_known_iban_is_refused(client, issuer):
    answer = client.get(reverse("refunds-sepa"), {"refund": refund_transfer(iban="").pk}, follow=True)

    assert "None of these refunds can be in the file for the bank." in answer.text
    assert not AuditEntry.objects.filter(verb="refunds.export").exists()


def test_file_needs_the_iban_of_the_club(client, issuer):
    Issuer.objects.update(iban="")

    answer = client.get(reverse("refunds-sepa"), {"refund": refund_transfer().pk}, follow=True)

    assert "Enter the club’s IBAN" in answer.text


def test_csv_lists_the_ticked_refunds_with_their_accounts(client):
    refund, cash = refund_transfer(), refund_in_cash()

    answer = client.get(reverse("refunds-csv"), {"refund": [refund.pk, cash.pk]})

    _header, first, second = answer.content.decode("utf-8-sig").splitlines()
    assert refund.document_reference in first
    assert f"Acme SA;{IBAN}" in first or f"Acme SA,{IBAN}" in first
    assert "Walk-in Ltd" in second
    assert AuditEntry.objects.get(verb="refunds.export").fields == ["csv"]


def test_page_to_mark_refunds_as_done_names_them_with_their_sum(client):
    first, second, _other = refund_transfer(1_000), refund_transfer(2_000), refund_transfer()

    answer = client.get(reverse("refunds-done"), {"refund": [first.pk, second.pk]})

    text = read_main_text(answer)
    assert "2 refunds, €30.00 in total. Only confirm once the money has left the account." in text
    assert first.receivable.reference in text
    assert second.receivable.reference in text


def test_ticked_refunds_are_marked_as_done_on_one_day(client):
    first, second, other = refund_transfer(), refund_transfer(), refund_transfer()

    answer = mark_as_done(client, [first, second])

    assert "2 refunds have been marked as done." in answer.text
    assert list(Refund.objects.filter(state="done").order_by("pk")) == [first, second]
    assert list(Refund.objects.filter(state="requested")) == [other]
    assert AuditEntry.objects.filter(verb="refund.done").count() == 2


def test_second_click_says_that_they_are_done(client):
    refund = refund_transfer()

    mark_as_done(client, [refund])
    answer = mark_as_done(client, [refund])

    assert "These refunds have already been marked as done." in answer.text
    assert AuditEntry.objects.filter(verb="refund.done").count() == 1


def test_list_that_changed_since_the_page_is_shown_again(client):
    first, second = refund_transfer(), refund_transfer()
    complete_refund(refund=first)

    answer = mark_as_done(client, [first, second])

    second.refresh_from_db()
    assert "The list has changed in the meantime. Check it again." in answer.text
    assert second.state == Refund.State.REQUESTED


@pytest.mark.parametrize(
    ("days", "sentence"),
    [(1, "Choose a day that is not in the future"), (-1, "The payment of Acme group was received on")],
)
def test_day_of_refunds_is_neither_in_the_future_nor_before_a_payment(client, days, sentence):
    refund = refund_transfer()
    day = timezone.localdate() + datetime.timedelta(days=days)

    answer = mark_as_done(client, [refund], refunded_on=str(day))

    refund.refresh_from_db()
    assert sentence in answer.text
    assert refund.state == Refund.State.REQUESTED


def test_refund_that_is_done_already_keeps_its_day():
    refund = refund_transfer()
    complete_refund(refund=refund)
    later = timezone.localdate() + datetime.timedelta(days=3)

    count = complete_refunds(refunds=[refund], refunded_on=later)

    refund.refresh_from_db()
    assert count == 0
    assert refund.refunded_on == timezone.localdate()


def test_receivables_lead_to_the_refunds_to_make(client):
    refund_transfer()

    document = html.fromstring(client.get("/en/organize/money/").content)

    assert document.xpath("//main//a[text()='Show the refunds']/@href") == [f"{CARDS}#refunds-to-make"]


def test_page_to_mark_refunds_as_done_belongs_to_cards_and_refunds(client):
    answer = client.get(reverse("refunds-done"), {"refund": refund_transfer().pk})

    current = html.fromstring(answer.content).xpath("//nav[@class='organize-nav']//a[@aria-current]")
    assert [link.text_content() for link in current] == ["Cards and refunds"]
