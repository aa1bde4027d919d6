"""Automatic issuing and sending of invoices, batches, and sending again."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import html

from registrations.billing.receivables import sync_receivable
from registrations.invoices import uninvoiced
from registrations.invoices.documents.completeness import InvalidInvoice, require_buyer_address
from registrations.invoices.documents.credit_notes import credit_invoice, credit_invoice_amount
from registrations.invoices.documents.invoiced_balance import build_lines_to_invoice
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.ledger.charges import ChargeItem, withdraw_charges
from registrations.invoices.ledger.manual_charges import MANUAL_KEY_PREFIX
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Charge, Invoice, InvoiceMail, Issuer, Receivable
from registrations.invoices.sending import queue_invoice_mail, queue_new_invoice_mails
from registrations.invoices.uninvoiced import (
    has_complete_buyer,
    issue_due_invoices,
    list_uninvoiced_receivables,
)
from tests.factories import make_event, make_ticket
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import DINNER, GUESTS, read_main_text
from tests.registrations.payments.factories import order_by_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(treasurer):
    return treasurer


def configure_issuer(**fields) -> None:
    """Configure automatic issuing and sending of invoices since an hour ago."""
    before = timezone.now() - datetime.timedelta(hours=1)
    Issuer.objects.update(issues_since=before, sends_since=before, **fields)


@pytest.fixture
def run_jobs(run_tasks, mailoutbox):
    """Run both periodic jobs twice, as a worker does; return the mails."""

    def run():
        for _ in range(2):
            issue_due_invoices()
            queue_new_invoice_mails()
            run_tasks()
        return list(mailoutbox)

    return run


def issue_as_the_page_does(receivable):
    require_buyer_address(receivable)
    return issue_invoice(receivable=receivable)


def test_credit_note_of_a_cancellation_is_sent_like_an_invoice(issuer, run_jobs):
    configure_issuer(issues_on=Issuer.IssueTime.ORDER)
    receivable = make_receivable(GUESTS)
    invoice = issue_as_the_page_does(receivable)

    credit_invoice(invoice=invoice, reason="Annulation")
    mails = run_jobs()

    credit_note = Invoice.objects.get(kind=Invoice.Kind.CREDIT_NOTE)
    assert [mail.attachments[0][0] for mail in mails if credit_note.number in mail.subject] == [
        f"{credit_note.number}.pdf"
    ]


@pytest.mark.parametrize(
    ("fields", "is_complete"),
    [
        ({}, True),
        ({"postcode": ""}, True),
        ({"name": " "}, False),
        ({"street": ""}, False),
        ({"city": " "}, False),
        ({"country": "XX"}, False),
    ],
)
def test_invoice_is_offered_if_it_can_be_issued_to_the_buyer(issuer, fields, is_complete):
    receivable = make_receivable(GUESTS)
    Receivable.objects.update(**fields)
    receivable.refresh_from_db()

    assert has_complete_buyer(receivable) is is_complete
    if is_complete:
        assert issue_as_the_page_does(receivable).pk
    else:
        with pytest.raises(InvalidInvoice):
            issue_as_the_page_does(receivable)


def test_uninvoiced_amounts_match_between_sql_and_python(issuer):
    # One receivable in each state that documents can lead to.
    issued = make_receivable(GUESTS)
    issue_invoice(receivable=issued)
    credited = make_receivable(GUESTS)
    credit_invoice(invoice=issue_invoice(receivable=credited), reason="erreur")
    discounted = make_receivable(GUESTS)
    credit_invoice_amount(invoice=issue_invoice(receivable=discounted), amount=500, reason="geste")
    deposit = make_receivable(GUESTS, DINNER)
    issue_deposit_invoice(receivable=deposit, amount=5_000)
    deducted = make_receivable(GUESTS, DINNER)
    issue_deposit_invoice(receivable=deducted, amount=5_000)
    issue_invoice(receivable=deducted)
    partly = make_receivable(GUESTS, DINNER)
    withdraw_charges(receivable=partly, keys=["dinner"])
    withdrawn = make_receivable(GUESTS)
    withdraw_charges(receivable=withdrawn)

    found = dict(list_uninvoiced_receivables().values_list("pk", "uninvoiced"))

    expected = {}
    for receivable in Receivable.objects.all():
        lines = build_lines_to_invoice(receivable)
        if lines:
            expected[receivable.pk] = sum(line.gross_cents for line in lines)
    assert found == expected
    assert set(found) == {deposit.pk, partly.pk}
    assert found[deposit.pk] == 37_600


def test_a_paid_receivable_is_invoiced_and_sent_once(issuer, run_jobs):
    configure_issuer(issues_on="payment")
    paid, unpaid = make_receivable(GUESTS, language="en", subject="Convention"), make_receivable(GUESTS)
    record_payment(receivable=paid, amount=36_000, method="card")

    mails = run_jobs()

    document = Invoice.objects.get()
    [mail] = mails
    assert document.receivable == paid
    assert mail.to == [paid.email]
    assert mail.subject == f"Invoice {document.number} · Convention"
    assert "It has been paid in full" in mail.body
    assert "IBAN" not in mail.body
    assert [attachment.filename for attachment in mail.attachments] == [f"{document.number}.pdf"]
    assert unpaid.invoices.count() == 0


def test_invoice_issued_on_order_explains_how_to_pay(issuer, run_jobs):
    configure_issuer(issues_on="order")
    make_receivable(GUESTS)

    [mail] = run_jobs()

    assert "360,00\u00a0€" in mail.body
    assert "IBAN FR14" in mail.body


def test_invoice_mail_states_current_balance(issuer, run_tasks, mailoutbox):
    paid, credited = make_receivable(GUESTS, language="en"), make_receivable(GUESTS, language="en")
    documents = [issue_invoice(receivable=receivable) for receivable in (paid, credited)]
    record_payment(receivable=paid, amount=36_000, method="transfer")
    credit_invoice(invoice=documents[1], reason="erreur")

    for document in documents:
        queue_invoice_mail(invoice=document)
    # A second click, before the first mail left.
    queue_invoice_mail(invoice=documents[0])
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[paid.email], [credited.email]]
    assert "It has been paid in full" in mailoutbox[0].body
    assert "It has been credited in full" in mailoutbox[1].body
    assert "IBAN" not in mailoutbox[1].body
    assert InvoiceMail.objects.filter(sent_at__isnull=False).count() == 2


def test_invoice_is_not_issued_before_configured_day(issuer, run_jobs):
    configure_issuer(issues_on="day", issue_days_before=10)
    soon = make_event(slug="soon", starts_at=timezone.now() + datetime.timedelta(days=9))
    late = make_event(slug="late", starts_at=timezone.now() + datetime.timedelta(days=11))
    due, _not_yet = make_receivable(GUESTS, event=soon), make_receivable(GUESTS, event=late)
    # An invoice needs the address of the buyer, which the treasurer has to add.
    make_receivable(GUESTS, event=soon, city="")

    run_jobs()

    assert [document.receivable for document in Invoice.objects.all()] == [due]


def test_refused_receivables_do_not_block_later_ones(issuer, run_jobs, monkeypatch):
    configure_issuer(issues_on="order")
    monkeypatch.setattr(uninvoiced, "ISSUE_BATCH_SIZE", 1)
    for _ in range(3):
        make_receivable()
    # The query cannot tell that a line without a description is refused.
    Charge.objects.update(description=" ")
    last = make_receivable(GUESTS)

    issue_due_invoices()

    assert [document.receivable for document in Invoice.objects.all()] == [last]


@pytest.mark.parametrize("issues_on", [Issuer.IssueTime.ORDER, Issuer.IssueTime.PAYMENT])
def test_receivables_added_by_hand_are_not_invoiced_automatically(issuer, run_jobs, issues_on):
    configure_issuer(issues_on=issues_on)
    receivable = make_receivable(ChargeItem(f"{MANUAL_KEY_PREFIX}1", "Cotisation 2027", 240_000, 2000))
    record_payment(receivable=receivable, amount=240_000, method="transfer")

    run_jobs()

    assert Invoice.objects.count() == 0


def test_a_deposit_suspends_the_invoice_of_a_confirmed_order(issuer, run_jobs):
    configure_issuer(issues_on=Issuer.IssueTime.ORDER)
    deposit = issue_deposit_invoice(receivable=make_receivable(GUESTS), amount=5_000)

    run_jobs()

    assert list(Invoice.objects.all()) == [deposit]


def test_a_deposit_is_deducted_automatically_once_the_order_is_paid(issuer, run_jobs):
    configure_issuer(issues_on=Issuer.IssueTime.PAYMENT)
    receivable = make_receivable(GUESTS)
    issue_deposit_invoice(receivable=receivable, amount=5_000)
    record_payment(receivable=receivable, amount=36_000, method="transfer")

    run_jobs()

    assert Invoice.objects.get(kind=Invoice.Kind.INVOICE).total == 31_000


@pytest.mark.once
def test_incomplete_issuer_logs_one_warning(issuer, run_jobs, caplog):
    configure_issuer(issues_on="order", siren="")
    for _ in range(3):
        make_receivable(GUESTS)

    issue_due_invoices()

    assert Invoice.objects.count() == 0
    assert len([record for record in caplog.records if record.name == uninvoiced.__name__]) == 1


def test_receivables_older_than_setting_are_not_invoiced(issuer, run_jobs):
    make_receivable(GUESTS)
    issue_invoice(receivable=make_receivable(DINNER))
    Issuer.objects.update(issues_on="order", issues_since=timezone.now(), sends_since=timezone.now())

    mails = run_jobs()

    assert mails == []
    assert Invoice.objects.count() == 1


def test_an_order_waiting_for_its_card_payment_is_not_invoiced(issuer, run_jobs):
    configure_issuer(issues_on="order")
    event = make_event()
    make_ticket(event, price=12_000)
    sync_receivable(order_by_card(event))

    run_jobs()

    assert Invoice.objects.count() == 0


@pytest.mark.once
def test_ten_invoices_are_issued_and_sent_in_three_clicks(issuer, client, run_tasks, mailoutbox):
    for _ in range(10):
        make_receivable(GUESTS)
    without_address = make_receivable(DINNER, city="")

    listed = client.get(reverse("receivables"))
    [link] = html.fromstring(listed.content).xpath("//main//a[contains(., '10 factures')]/@href")
    preview = client.get(link)
    [form] = html.fromstring(preview.content).xpath("//main//form[not(@action)]")
    answer = client.post(link, dict(form.form_values()), follow=True)
    run_tasks()

    assert "3 600,00 €" in read_main_text(preview).replace("\u202f", " ")
    assert without_address.reference in read_main_text(preview)
    assert "10 factures" in read_main_text(answer)
    assert Invoice.objects.count() == 10
    assert len(mailoutbox) == 10


@pytest.mark.once
def test_a_batch_that_changed_is_shown_again(issuer, client, run_tasks):
    make_receivable(GUESTS)
    address = reverse("invoices-issue")
    [form] = html.fromstring(client.get(address).content).xpath("//main//form")
    make_receivable(DINNER)

    answer = client.post(address, dict(form.form_values()))
    run_tasks()

    assert "entre-temps" in read_main_text(answer)
    assert Invoice.objects.count() == 0


@pytest.mark.once
def test_sending_invoice_again_sends_another_mail(issuer, client, run_tasks, mailoutbox):
    receivable = make_receivable(GUESTS)
    document = issue_invoice(receivable=receivable)
    address = reverse("invoice-send", args=[document.pk])

    for _ in range(2):
        client.post(address)
        run_tasks()

    assert len(mailoutbox) == 2
    assert mailoutbox[0].extra_headers["Message-ID"] != mailoutbox[1].extra_headers["Message-ID"]
    assert InvoiceMail.objects.filter(sent_at__isnull=False).count() == 2
    page = client.get(reverse("receivable", args=[receivable.reference]))
    assert "Renvoyer" in read_main_text(page)


@pytest.mark.once
def test_issuing_setting_applies_from_moment_of_change(issuer, client):
    address = reverse("issuer")
    [form] = html.fromstring(client.get(address).content).xpath("//main//form")

    client.post(address, {**dict(form.form_values()), "issues_on": "payment", "sends_invoices": "on"})
    first = Issuer.get_current()
    client.post(address, {**dict(form.form_values()), "issues_on": "order", "sends_invoices": "on"})
    second = Issuer.get_current()
    client.post(address, {**dict(form.form_values()), "issues_on": "order", "sends_invoices": "on"})
    third = Issuer.get_current()

    assert first.issues_since is not None
    # A new issuing moment applies only to later charges.
    assert second.issues_since > first.issues_since
    assert third.issues_since == second.issues_since
    assert second.sends_since == first.sends_since
    client.post(address, {**dict(form.form_values()), "issues_on": "by_hand"})
    assert Issuer.get_current().issues_since is None
    assert Issuer.get_current().sends_since is None
