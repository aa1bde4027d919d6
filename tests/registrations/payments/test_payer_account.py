"""The account that a transfer came from, which the treasurer needs to refund it."""

import pytest
from django.utils import timezone, translation
from lxml import html

from convention.personal_data import DataSubject
from convention.privacy.erase import erase_subject
from registrations.invoices.ledger.refunds import request_refund
from registrations.invoices.models import Payment
from registrations.models import Registration
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.models import BankLine
from tests.registrations.payments.factories import order_by_card
from tests.registrations.payments.statements import camt

pytestmark = [pytest.mark.django_db, pytest.mark.once]
IBAN = "BE68539007547034"


def add_payer_iban(content: bytes, iban: str) -> bytes:
    account = f"</Dbtr><DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct>"
    return content.replace(b"</Dbtr>", account.encode())


def import_transfer(event) -> Payment:
    """Import a transfer from Acme’s account, which pays an order."""
    order = order_by_card(event, payment="invoice")
    content = add_payer_iban(camt((12_000, "Acme SA", "", order.creditor_reference)), IBAN)
    import_statement(file=read_statement("x.xml", content))
    return Payment.objects.get()


@pytest.mark.parametrize(("iban", "expected"), [("BE68 5390 0754 7034", IBAN), ("BE68 5390 0754 7035", "")])
def test_camt_names_the_account_of_the_payer_if_it_is_valid(iban, expected):
    content = add_payer_iban(camt((12_000, "Acme", "a", "")), iban)

    [entry] = read_statement("x.xml", content).entries

    assert entry.payer_iban == expected


def test_refund_page_names_the_account_that_the_transfer_came_from(client, treasurer, event):
    payment = import_transfer(event)
    client.force_login(treasurer)

    with translation.override("en"):
        answer = client.get(f"/en/organize/money/payments/{payment.pk}/refund/")

    text = html.fromstring(answer.content).find(".//main").text_content()
    assert "Paid from: Acme SA · BE68\u00a05390\u00a00754\u00a07034" in text


def test_page_to_mark_a_refund_as_done_names_the_account(client, treasurer, event):
    refund = request_refund(payment=import_transfer(event), amount=1_000, reason="gesture")
    client.force_login(treasurer)

    answer = client.get(f"/en/organize/money/refunds/{refund.pk}/done/")

    text = html.fromstring(answer.content).find(".//main").text_content()
    assert "BE68\u00a05390\u00a00754\u00a07034" in text


def test_erasure_of_the_buyer_removes_the_account(event):
    payment = import_transfer(event)
    Registration.objects.update(cancelled_at=timezone.now())

    erase_subject(DataSubject(addresses=frozenset({payment.receivable.email})))

    assert BankLine.objects.get().payer_iban == ""
