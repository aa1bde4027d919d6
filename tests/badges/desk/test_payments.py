"""Test that the desk takes payments with receipts or switches orders to invoice."""

import datetime
import uuid

import pytest
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.text.dates import format_date
from registrations.booking.build_order import HOLD_DURATION
from registrations.inventory.stock import release_ticket_holds
from registrations.invoices.ledger.refunds import cancel_payment
from registrations.invoices.models import Payment, Receivable
from registrations.models import RegistrationAddon
from registrations.payments.cards.gateway import SessionFacts
from registrations.payments.cards.settlement import settle_session
from registrations.payments.models import CardPaymentAttempt
from tests.factories import (
    make_addon,
    make_event,
    make_order,
    make_person,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_issuer
from tests.site_objects import make_delegated_role, make_delegation

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def zoe():
    """Return a guest whose order by card is unpaid, so that the place is held."""
    event = make_event(slug="x")
    order = make_order(event, payment="card", total=12_000, company="Énergie")
    hold = timezone.now() + datetime.timedelta(hours=1)
    return make_registration(
        make_ticket(event, price=12_000), order=order, price=12_000, vat_rate=2000, confirmed_at=None,
        hold_expires_at=hold, is_reserved=True,
    )  # fmt: skip


@pytest.fixture
def desk(zoe, client):
    client.force_login(make_staff(zoe.event, "desk"))
    return f"/desk/x/guests/{zoe.reference}/"


def pay(client, desk, **typed):
    return client.post(
        f"{desk}payment/",
        {"key": str(uuid.uuid4()), "amount": "120", "method": "terminal", **typed},
        follow=True,
    )


def test_payment_of_amount_due_confirms_order_and_has_receipt(zoe, desk, client):
    make_issuer()
    listed = client.get("/desk/x/?q=zoe").content.decode()
    typed = {"key": str(uuid.uuid4()), "note": "Ticket 42"}

    page = pay(client, desk, **typed).content.decode()
    pay(client, desk, **typed)
    [payment] = Payment.objects.all()
    receipt = client.get(f"{desk}receipts/{payment.pk}.pdf")

    assert "à régler\u202f: 120" in listed
    assert payment.amount == 12_000
    assert payment.method == "terminal"
    assert payment.note == "Ticket 42"
    assert "Paiement de 120\u00a0€ enregistré" in page
    zoe.refresh_from_db()
    assert zoe.state == "confirmed"
    text = pdf_text(receipt.content)
    assert "Reçu de paiement" in text
    assert "terminal de paiement" in text
    assert "120,00" in text
    assert "ce n’est pas une facture" in text
    assert AuditEntry.objects.get(verb="payment.record").event == "x"
    assert AuditEntry.objects.filter(verb="payment.receipt").count() == 1


def test_links_of_a_payment_name_amount_and_date_to_screen_readers(zoe, desk, client):
    make_issuer()
    pay(client, desk)
    received_on = Payment.objects.get().received_on

    page = html.fromstring(client.get(f"/en{desk}").content)

    hidden = [
        " ".join(node.text_content().split()) for node in page.xpath("//a/span[@class='visually-hidden']")
    ]
    with translation.override("en"):
        expected = " ".join(f": €120, card terminal, {format_date(received_on)}".split())
    assert [text for text in hidden if "120" in text] == [expected, expected]


def test_part_payment_holds_place_until_event_ends(zoe, desk, client):
    page = pay(client, f"/en{desk}", amount="50").text
    zoe.refresh_from_db()

    assert "Payment of €50 recorded. €70 left to pay." in page
    assert zoe.state == "pending"
    assert zoe.hold_expires_at == zoe.event.ends_at


def test_cancelled_part_payment_ends_the_hold_after_the_usual_time(zoe, desk, client, run_tasks):
    pay(client, desk, amount="20")

    cancel_payment(payment=Payment.objects.get(), reason="Mauvaise commande")
    run_tasks()

    zoe.refresh_from_db()
    assert zoe.hold_expires_at <= timezone.now() + HOLD_DURATION
    assert zoe.hold_expires_at > timezone.now()


def test_hold_stays_while_another_part_payment_is_left(zoe, desk, client, run_tasks):
    pay(client, desk, amount="20")
    pay(client, desk, amount="30")

    cancel_payment(payment=Payment.objects.first(), reason="Mauvaise commande")
    run_tasks()

    zoe.refresh_from_db()
    assert zoe.hold_expires_at == zoe.event.ends_at


def test_part_payment_reserves_lapsed_place_again_after_registration_closed(zoe, desk, client):
    now = timezone.now()
    type(zoe).objects.filter(pk=zoe.pk).update(hold_expires_at=now - datetime.timedelta(hours=1))
    release_ticket_holds({zoe.ticket_id}, at=now)
    type(zoe.event).objects.filter(pk=zoe.event_id).update(registration_closes_at=now)

    page = pay(client, f"/en{desk}", amount="50").text

    zoe.refresh_from_db()
    assert "refund the payment" not in page
    assert zoe.state == "pending"
    assert zoe.is_reserved
    assert zoe.hold_expires_at == zoe.event.ends_at


def test_part_payment_for_place_that_is_gone_is_recorded_with_a_warning(zoe, desk, client):
    now = timezone.now()
    type(zoe).objects.filter(pk=zoe.pk).update(hold_expires_at=now - datetime.timedelta(hours=1))
    release_ticket_holds({zoe.ticket_id}, at=now)
    type(zoe.ticket).objects.filter(pk=zoe.ticket_id).update(capacity=0)

    page = pay(client, f"/en{desk}", amount="50").text

    zoe.refresh_from_db()
    assert "no place is left: refund the payment" in page
    assert zoe.state == "expired"
    assert Payment.objects.get().amount == 5_000


def test_card_payment_given_up_after_part_payment_leaves_place_held(zoe, desk, client):
    pay(client, desk, amount="50")
    expires_at = timezone.now() + datetime.timedelta(hours=1)
    CardPaymentAttempt.objects.create(
        order=zoe.order,
        number=1,
        amount=7_000,
        idempotency_key="rest",
        session_id="cs_1",
        expires_at=expires_at,
    )
    facts = SessionFacts(
        session_id="cs_1", url="", status="expired", payment_status="unpaid", amount_cents=7_000,
        currency="EUR", attempt_key="rest",
    )  # fmt: skip

    settle_session(facts=facts)

    zoe.refresh_from_db()
    assert CardPaymentAttempt.objects.get().closed_at is not None
    assert zoe.hold_expires_at == zoe.event.ends_at


def test_payment_above_amount_due_or_by_card_is_refused(zoe, desk, client):
    too_much = pay(client, desk, amount="120,01").content.decode()
    by_card = pay(client, desk, method="card").content.decode()

    assert "Ce montant dépasse la somme due" in too_much
    assert 'value="120,01"' in too_much
    assert by_card.count("error-summary") == 1
    assert not Payment.objects.exists()


def test_unpaid_order_is_switched_to_invoice(zoe, desk, client):
    page = client.post(f"{desk}invoice/", follow=True).content.decode()

    zoe.refresh_from_db()
    assert zoe.state == "confirmed"
    assert zoe.order.payment == "invoice"
    assert zoe.order.billing_name == "Énergie"
    assert "sur facture" in page
    assert AuditEntry.objects.filter(verb="order.invoice_later").count() == 1


def test_place_that_awaits_its_member_is_not_billed_yet(zoe, desk, client, run_tasks, mailoutbox):
    zoe.event.tickets.update(audience="member")
    type(zoe).objects.update(email=make_person().email)
    zoe.refresh_from_db()

    client.post(f"{desk}invoice/", follow=True)
    run_tasks()

    assert not Receivable.objects.exists()
    assert [mail.to for mail in mailoutbox] == [[zoe.email]]


def test_addon_awaiting_a_card_payment_is_invoiced_with_its_order(zoe, desk, client):
    dinner = RegistrationAddon.objects.create(
        registration=zoe, addon=make_addon(zoe.event), price=4_500, vat_rate=1_000, pay_by=timezone.now()
    )

    client.post(f"{desk}invoice/", follow=True)

    dinner.refresh_from_db()
    assert dinner.pay_by is None


def test_paid_free_or_cancelled_order_is_not_switched_to_invoice(zoe, desk, client):
    type(zoe).objects.filter(pk=zoe.pk).update(cancelled_at=timezone.now())
    cancelled = client.post(f"{desk}invoice/", follow=True).content.decode()
    type(zoe).objects.filter(pk=zoe.pk).update(cancelled_at=None)
    type(zoe.order).objects.filter(pk=zoe.order_id).update(payment="free")
    free = client.post(f"{desk}invoice/", follow=True).content.decode()
    type(zoe.order).objects.filter(pk=zoe.order_id).update(payment="card")
    pay(client, desk)
    paid = client.post(f"{desk}invoice/", follow=True).content.decode()

    assert "est gratuite" in free
    assert "est déjà payée" in paid
    assert "a été annulée" in cancelled
    zoe.order.refresh_from_db()
    assert zoe.order.payment == "card"
    assert not AuditEntry.objects.filter(verb="order.invoice_later").exists()


def test_cancelled_guest_owes_nothing_of_the_rest_of_the_order(zoe, desk, client):
    rest = make_registration(
        zoe.ticket, order=zoe.order, price=12_000, vat_rate=2000, first_name="Léo", last_name="Bêta"
    )
    type(zoe).objects.filter(pk=zoe.pk).update(cancelled_at=timezone.now())

    row = client.get("/desk/x/", {"q": zoe.reference, "part": ""}).text
    guest = client.get(desk).text
    other_row = client.get("/desk/x/", {"q": "bêta", "part": ""}).text

    assert zoe.reference in row
    assert "à régler" not in row
    assert "à régler" not in guest
    assert f"/guests/{zoe.reference}/payment/" not in guest
    assert rest.reference in other_row
    assert "à régler" in other_row


def test_receipts_of_two_payments_state_what_was_due_at_their_time(zoe, desk, client):
    make_issuer()
    pay(client, desk, amount="50")
    pay(client, desk, amount="70", method="cash")
    first, second = Payment.objects.order_by("pk")

    texts = [
        " ".join(
            pdf_text(client.get(f"{desk}receipts/{payment.pk}.pdf").content).replace("\xa0", " ").split()
        )
        for payment in (first, second)
    ]

    assert "Reste à payer 70,00 €" in texts[0]
    assert "Déjà réglé" not in texts[0]
    assert "Déjà réglé −50,00 €" in texts[1]
    assert "Reste à payer 0,00 €" in texts[1]


def test_receipt_of_another_order_is_not_found(zoe, desk, client):
    pay(client, desk)
    other = make_registration(zoe.ticket)

    answer = client.get(f"/desk/x/guests/{other.reference}/receipts/{Payment.objects.get().pk}.pdf")

    assert answer.status_code == 404


@pytest.mark.parametrize("role", ["organizer", "desk"])
def test_outside_organizer_sees_no_amounts_and_takes_no_payments(zoe, client, role):
    person = make_person()
    make_delegated_role(make_delegation(zoe.event), person, role)
    client.force_login(person)
    guest = f"/desk/x/guests/{zoe.reference}/"

    pages = [client.get(address).content.decode() for address in ("/desk/x/?q=zoe&part", guest)]
    statuses = [client.get(f"{guest}payment/").status_code, client.post(f"{guest}invoice/").status_code]

    assert all("Énergie" in page or zoe.name in page for page in pages)
    assert not any("120" in page or "payment/" in page for page in pages)
    assert statuses == [403, 403]
    zoe.order.refresh_from_db()
    assert zoe.order.payment == "card"


def test_amount_due_of_group_is_shown_as_the_orders_and_not_to_those_with_a_free_ticket(desk, zoe, client):
    order = make_order(zoe.event, payment="invoice", total=18_000)
    member = make_registration(zoe.ticket, order=order, price=0, first_name="Sylvain", last_name="Fournier")
    make_registration(zoe.ticket, order=order, price=9_000, first_name="Luc", last_name="Roy")
    make_registration(zoe.ticket, order=order, price=9_000, first_name="Lise", last_name="Roy")
    make_registration(zoe.ticket, order=order, price=9_000, cancelled_at=timezone.now())

    payer_found = client.get("/en/desk/x/?q=luc").text
    member_found = client.get("/en/desk/x/?q=sylvain").text
    member_page = client.get(f"/en/desk/x/guests/{member.reference}/").text

    assert "order of 3 people: €180 on invoice" in payer_found
    assert "€180" not in member_found
    assert member_page.count("order of 3 people: €180 on invoice") == 1
