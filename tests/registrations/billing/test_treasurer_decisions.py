"""Decisions of the treasurer are preserved: billing details, credit notes and manual payments."""

import pytest
from django.core import mail
from django.tasks.signals import task_started
from django.urls import reverse
from django.utils import timezone

from convention.events.models import Event
from convention.tables.files import read_table
from registrations.billing.receivables import calculate_balance, sync_receivable
from registrations.changes.cancel import cancel_registration, cancel_with_fee
from registrations.changes.correct import Correction, correct_registration
from registrations.import_export.import_registrations import import_registrations
from registrations.invoices.documents.credit_notes import credit_invoice, credit_invoice_amount
from registrations.invoices.documents.credit_preview import (
    CreditScope,
    issue_credit_note,
    preview_credit_note,
)
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import record_manual_payment
from registrations.invoices.models.documents import Invoice, Receivable
from registrations.orders.payment_terms import build_payment_context
from registrations.orders.transfer_details import get_transfer_details
from registrations.payments.bank.assignments import assign_line
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.models import BankLine
from registrations.payments.payment_problems import list_unplaced_orders
from registrations.periodic_jobs import release_expired_holds
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.registrations.payments.factories import expire_holds, get_balance_cents, list_states, order_by_card
from tests.registrations.payments.statements import camt

pytestmark = pytest.mark.django_db


def make_invoiced_order(event: Event):
    """Return an order of two places on invoice, and its invoice."""
    make_issuer()
    order = order_by_card(event, people=2, payment="invoice")
    return order, issue_invoice(receivable=sync_receivable(order))


def pay_by_transfer(order, cents: int) -> None:
    """Import a bank statement with a transfer of `cents` for the order."""
    content = camt((cents, "Acme", "", order.creditor_reference))
    import_statement(file=read_statement("x.xml", content))


def pay_cash(order, cents: int) -> None:
    """Record a cash payment of `cents` by hand."""
    said = {"method": "cash", "external_id": "hand-1", "received_on": timezone.localdate()}
    record_manual_payment(receivable=sync_receivable(order), amount=cents, **said)


def test_credited_line_is_not_charged_again_after_payment_and_sync(event: Event):
    order, document = make_invoiced_order(event)
    credit_invoice(invoice=document, reason="Invité par le club", line_ids=[document.lines.first().pk])

    assert calculate_balance(order).amount == 12_000
    assert get_transfer_details(order).amount.amount == 12_000

    pay_by_transfer(order, 12_000)
    sync_receivable(order)

    assert get_balance_cents(order) == (12_000, 12_000, 0)
    assert calculate_balance(order).amount == 0


def test_discount_reduces_balance_of_buyer(event: Event):
    order, document = make_invoiced_order(event)
    credit_invoice_amount(invoice=document, amount=2_000, reason="Geste")

    assert calculate_balance(order).amount == 22_000

    pay_by_transfer(order, 22_000)

    assert get_balance_cents(order) == (22_000, 22_000, 0)
    assert calculate_balance(order).amount == 0


def test_order_page_shows_balance_after_partial_payment(client, event: Event):
    make_issuer()
    order = order_by_card(event)
    pay_by_transfer(order, 2_000)
    assign_line(line=BankLine.objects.get(), reference=order.reference, amount=2_000)

    page = client.get(reverse("order", args=[order.reference, order.manage_secret]))

    assert page.context["balance"].amount == 10_000
    assert page.context["awaits_payment"]


def test_credited_place_is_charged_again_at_new_price(event: Event):
    order, document = make_invoiced_order(event)
    credit_invoice(invoice=document, reason="Erreur")

    assert calculate_balance(order).amount == 0

    order.registrations.filter(pk=order.registrations.first().pk).update(price=15_000)
    sync_receivable(order)

    assert get_balance_cents(order) == (15_000, 0, 0)
    assert calculate_balance(order).amount == 15_000


def test_billing_details_of_treasurer_survive_payment_and_pro_forma(client, event: Event):
    order, _document = make_invoiced_order(event)
    said = {
        "siren": "542051180",
        "service_code": "SERVICE-7",
        "name": "Mairie",
        "email": "compta@acme.example",
    }
    Receivable.objects.update(**said)
    pay_by_transfer(order, 24_000)

    client.get(reverse("order-pro-forma", args=[order.reference, order.manage_secret]))

    assert Receivable.objects.values(*said).get() == said


def test_corrected_buyer_email_is_copied_to_receivable(event: Event):
    order, _document = make_invoiced_order(event)
    one = order.registrations.first()
    order.email = one.email
    order.save()
    Receivable.objects.update(email=one.email)
    other = Correction(
        first_name=one.first_name,
        last_name=one.last_name,
        email="new@acme.example",
        company="",
        no_photo=False,
    )

    correct_registration(registration=one, correction=other)

    assert Receivable.objects.get().email == "new@acme.example"


def test_imported_purchase_order_is_copied_to_receivable(event: Event):
    order, _document = make_invoiced_order(event)
    one = order.registrations.order_by("pk").first()
    cells = (one.reference, one.last_name, one.first_name, "PO-7")
    rows = "reference,last name,first name,purchase order\n" + ",".join(cells)

    import_registrations(event=event, table=read_table("list.csv", rows.encode()))

    assert Receivable.objects.get().purchase_order == "PO-7"


def test_discount_ends_once_all_discounted_items_are_cancelled_or_credited(event: Event):
    """Cancel one place with a fee, which is invoiced, then the other place, and credit the fee last."""
    order, document = make_invoiced_order(event)
    credit_invoice_amount(invoice=document, amount=7_000, reason="Geste")
    first, second = order.registrations.order_by("pk")
    cancel_with_fee(registration=first, fee_cents=12_000, reason="Frais")
    cancel_registration(registration=second)
    fee = Invoice.objects.filter(kind="invoice").latest("pk")

    credit_invoice(invoice=fee, reason="Erreur")

    assert get_balance_cents(order) == (0, 0, 0)
    assert calculate_balance(order).amount == 0
    assert sum(invoice.sign * invoice.total for invoice in Invoice.objects.all()) == 0


@pytest.mark.parametrize("sold_out", [False, True])
def test_money_of_cancelled_place_confirms_expired_place(event: Event, run_tasks, sold_out: bool):
    """Half was paid and both holds expired: cancelling one place makes the other fully paid."""
    order = order_by_card(event, people=2)
    pay_cash(order, 12_000)
    run_tasks()
    expire_holds(order)
    release_expired_holds()
    if sold_out:
        event.tickets.update(capacity=0)
    cancel_registration(registration=order.registrations.order_by("pk").first())

    run_tasks()

    assert list_states(order) == ["cancelled", "expired" if sold_out else "confirmed"]
    assert get_balance_cents(order) == (0 if sold_out else 12_000, 12_000, 0)
    assert list_unplaced_orders().count() == sold_out
    assert sum("Paiement reçu, mais" in message.subject for message in mail.outbox) == sold_out


def test_unplaced_payment_mail_names_only_amount_to_return(event: Event, run_tasks):
    """Both holds expired and one place is left: one is confirmed, and the money of the other is returned."""
    order = order_by_card(event, people=2)
    pay_cash(order, 24_000)
    order.registrations.filter(pk=order.registrations.first().pk).update(confirmed_at=timezone.now())
    expire_holds(order)
    release_expired_holds()
    event.tickets.update(capacity=1)

    run_tasks()

    assert sorted(list_states(order)) == ["confirmed", "expired"]
    assert get_balance_cents(order) == (12_000, 24_000, 0)

    [message] = [message for message in mail.outbox if "Paiement reçu, mais" in message.subject]

    assert "Nous avons reçu 120\u00a0€ pour la commande" in message.body
    assert "n’a donc pas pu être confirmée" not in message.body


@pytest.mark.parametrize("is_late", [False, True])
def test_cash_payment_confirms_card_order(event: Event, run_tasks, is_late: bool):
    order = order_by_card(event)
    if is_late:
        expire_holds(order)
        release_expired_holds()
    pay_cash(order, 12_000)

    run_tasks()

    assert list_states(order) == ["confirmed"]


@pytest.mark.parametrize(
    ("is_expired", "is_sold_out", "expected"),
    [(False, False, "confirmed"), (True, False, "confirmed"), (True, True, "expired")],
)
def test_credit_of_the_difference_confirms_partly_paid_card_order(
    event: Event, run_tasks, is_expired: bool, is_sold_out: bool, expected: str
):
    make_issuer()
    order = order_by_card(event)
    pay_cash(order, 10_000)
    run_tasks()
    if is_expired:
        expire_holds(order)
        release_expired_holds()
    if is_sold_out:
        event.tickets.update(capacity=0)
    document = issue_invoice(receivable=sync_receivable(order))
    issue_credit_note(invoice=document, scope=CreditScope(amount=2_000), reason="Geste")

    run_tasks()

    assert list_states(order) == [expected]
    assert list_unplaced_orders().count() == is_sold_out
    assert sum("Paiement reçu, mais" in message.subject for message in mail.outbox) == is_sold_out


def test_full_credit_of_an_unpaid_card_order_confirms_its_held_place(event: Event, run_tasks):
    make_issuer()
    order = order_by_card(event)
    document = issue_invoice(receivable=sync_receivable(order))
    issue_credit_note(invoice=document, scope=CreditScope(), reason="Invité par le club")

    run_tasks()

    assert list_states(order) == ["confirmed"]


def test_preview_of_a_credit_note_confirms_nothing_where_tasks_run_at_once(event: Event, settings):
    make_issuer()
    order = order_by_card(event)
    document = issue_invoice(receivable=sync_receivable(order))
    backend = "django.tasks.backends.immediate.ImmediateBackend"
    settings.TASKS = {"default": {**settings.TASKS["default"], "BACKEND": backend}}

    names = []

    def record_name(sender, task_result, **kwargs) -> None:
        names.append(task_result.task.name)

    task_started.connect(record_name)
    preview_credit_note(invoice=document, scope=CreditScope(), reason="Geste")

    assert "confirm_credited_order" not in names
    assert "send_order_mails" not in names


def test_order_page_and_mail_show_amount_and_vat_after_discount(client, event: Event):
    order, document = make_invoiced_order(event)
    credit_invoice_amount(invoice=document, amount=12_000, reason="Geste")

    page = client.get(reverse("order", args=[order.reference, order.manage_secret]))

    assert page.context["owed"].amount == 12_000
    assert page.context["vat"] == ["dont TVA 20\xa0%\u202f: 20\u00a0€"]
    assert build_payment_context(order)["amount_due"].amount == 12_000


def test_fully_credited_order_shows_invoice_and_credit_note(client, event: Event):
    order, document = make_invoiced_order(event)
    credit_note = credit_invoice(invoice=document, reason="Invités par le club")
    link = [order.reference, order.manage_secret]

    page = client.get(reverse("order", args=link))

    for issued in (document, credit_note):
        path = reverse("order-invoice", args=[*link, issued.pk])
        assert path in page.text
        assert client.get(path).content.startswith(b"%PDF")


def test_order_with_one_invoice_lists_it_once(client, event: Event):
    order, document = make_invoiced_order(event)
    link = [order.reference, order.manage_secret]

    page = client.get(reverse("order", args=link))

    assert reverse("order-pro-forma", args=link) in page.text
    assert reverse("order-invoice", args=[*link, document.pk]) not in page.text


def test_invoice_of_another_order_is_not_found(client, event: Event):
    order, _document = make_invoiced_order(event)
    other = issue_invoice(receivable=make_receivable())

    answer = client.get(reverse("order-invoice", args=[order.reference, order.manage_secret, other.pk]))

    assert answer.status_code == 404


def test_fully_credited_order_asks_for_no_payment(client, event: Event):
    order, document = make_invoiced_order(event)
    credit_invoice(invoice=document, reason="Invités par le club")

    page = client.get(reverse("order", args=[order.reference, order.manage_secret]))

    pro_forma_path = reverse("order-pro-forma", args=[order.reference, order.manage_secret])
    assert page.context["owed"].amount == 0
    assert "240" not in page.text.partition("Référence de commande")[2]
    assert "Payer par virement" not in page.text
    assert pro_forma_path not in page.text
    assert client.get(pro_forma_path).status_code == 404
    assert not build_payment_context(order)["is_settled"]
