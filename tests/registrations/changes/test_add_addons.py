"""Adding an add-on later through the order's link: rules, price, payment and e-mail."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from lxml import html

from registrations.billing.cancellation import preview_outcome
from registrations.billing.receivables import calculate_balance
from registrations.billing.refund_rules import load_refund_terms
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.change_order import change_ticket
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Payment, Receivable
from registrations.models import Order, RefundRule, Registration
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.payments.cards.unpaid_addons import remove_expired_addons
from registrations.permissions import make_own_secret
from tests.buyer_verification import make_verified_context
from tests.factories import (
    make_account,
    make_addon,
    make_event,
    make_member,
    make_order,
    make_registration,
    make_ticket,
)
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def dinner():
    event = make_event(slug="congress", contact_email="club@example.org")
    make_ticket(event, price=12_000)
    return make_addon(event, capacity=2)


def order_place(dinner, payment: str = "invoice") -> Registration:
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    billing = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
    request = OrderRequest(email="b@example.org", places=(place,), billing=billing, payment=payment)
    return place_order(
        event=dinner.event, request=request, context=make_verified_context()
    ).registrations.get()


def make_path(registration: Registration, secret: str = "") -> str:
    order = registration.order
    return f"/orders/{order.reference}/{secret or order.manage_secret}/{registration.reference}/add-ons/"


def read_form(client: Client, path: str) -> dict[str, str]:
    """Return the fields of the preview's form."""
    page = html.fromstring(client.get(path, {"addons": "dinner"}).content)
    [form] = page.xpath("//main//form[@method='post']")
    return dict(form.form_values())


def test_addon_is_added_on_invoice_and_named_in_confirmation(dinner, client, run_tasks, mailoutbox):
    make_issuer()
    registration = order_place(dinner)
    run_tasks()
    path = make_path(registration)

    order_page = client.get(registration.order.manage_path).text
    preview = client.get(path, {"addons": "dinner"}).text
    answer = client.post(path, read_form(client, path), follow=True)
    run_tasks()
    again = client.post(path, {"addons": "dinner", "difference": "4500"}).text

    assert path in order_page
    assert "45\u00a0€" in preview
    assert "virement" in preview
    assert "Dîner" in answer.text
    assert calculate_balance(registration.order).amount == 16_500
    dinner.refresh_from_db()
    assert dinner.reserved == 1
    assert mailoutbox[-1].to == ["b@example.org"]
    assert "Option ajoutée pour Zoé Müller\u202f: Dîner, 45\u00a0€" in mailoutbox[-1].body
    assert path in answer.text
    assert "error" in again


def test_addon_by_card_leads_to_payment_and_one_mail(dinner, client, run_tasks, mailoutbox):
    registration = order_place(dinner, "card")
    order = registration.order
    record_demo_payment(order=order)
    run_tasks()
    mail_count = len(mailoutbox)
    path = make_path(registration)

    paying = client.post(path, read_form(client, path), follow=True)
    run_tasks()
    unpaid_mails = len(mailoutbox) - mail_count
    order_page = client.get(order.manage_path).text
    english_page = client.get(f"/en{order.manage_path}").text
    record_demo_payment(order=Order.objects.get())
    run_tasks()

    assert paying.redirect_chain[-1][0] == f"{order.manage_path}pay/"
    assert html.fromstring(paying.content).findtext(".//h1") == "Payer 45\u00a0€"
    assert unpaid_mails == 0
    assert "Payer 45\u00a0€" in order_page
    assert "We have e-mailed the confirmation to b@example.org" in english_page
    assert calculate_balance(Order.objects.get()).amount == 0
    [mail] = mailoutbox[mail_count:]
    assert "Option ajoutée pour Zoé Müller\u202f: Dîner" in mail.body
    assert "Payé par carte\u202f: 165\u00a0€" in mail.body


def test_order_page_states_until_when_unpaid_addon_is_reserved(dinner, client):
    registration = order_place(dinner, "card")
    order, path = registration.order, make_path(registration)
    record_demo_payment(order=order)
    client.post(path, read_form(client, path))

    order_page = client.get(f"/en{order.manage_path}").text
    addons_page = client.get(f"/en{path}").text

    assert "“Dinner” is reserved until" in order_page
    assert "Pay or remove it" in order_page
    assert "Pay or remove it" in addons_page


def test_mail_about_unpaid_addon_states_until_when_it_is_reserved(dinner, client, run_tasks, mailoutbox):
    registration = order_place(dinner, "card")
    Order.objects.update(language="en")
    record_demo_payment(order=Order.objects.get())
    run_tasks()
    path = make_path(registration)
    client.post(path, read_form(client, path))

    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())
    run_tasks()

    assert "if it is not paid by then, it is removed at no cost" in " ".join(mailoutbox[-1].body.split())
    assert "if it is not paid by then, it is removed at no cost" in mailoutbox[-1].alternatives[0][0]


def test_unpaid_addon_by_card_can_be_removed(dinner, client):
    registration = order_place(dinner, "card")
    order = registration.order
    record_demo_payment(order=order)
    path, paying = make_path(registration), f"{order.manage_path}pay/"
    client.post(path, read_form(client, path))

    [button] = html.fromstring(client.get(paying).content).xpath("//button[@name='remove']")
    removed = client.post(paying, {"remove": button.get("value")}, follow=True)
    again = client.post(paying, {"remove": button.get("value")}, follow=True)

    assert "L’option a été retirée" in removed.text
    assert "ne reste rien à payer" in again.text
    assert calculate_balance(Order.objects.get()).amount == 0
    dinner.refresh_from_db()
    assert dinner.reserved == 0


def test_paid_addon_cannot_be_removed_when_another_amount_is_due(dinner, client):
    registration = order_place(dinner, "card")
    order, path = registration.order, make_path(registration)
    record_demo_payment(order=order)
    client.post(path, read_form(client, path))
    record_demo_payment(order=Order.objects.get())
    dearer = make_ticket(dinner.event, slug="vip", price=20_000)
    change_ticket(registration=registration, ticket=dearer, expected_cents=8_000)

    paying = client.get(f"{order.manage_path}pay/")

    assert html.fromstring(paying.content).findtext(".//h1") == "Payer 80\u00a0€"
    assert html.fromstring(paying.content).xpath("//button[@name='remove']") == []


def switch_to_transfer(client: Client, order: Order):
    """Press the button on the page to pay; return the page that follows."""
    return client.post(f"/en{order.manage_path}pay/", {"transfer": "yes"}, follow=True)


def test_later_addon_by_card_is_paid_by_transfer_instead(dinner, client, run_tasks, mailoutbox):
    make_issuer()
    registration = order_place(dinner, "card")
    order, path = registration.order, make_path(registration)
    record_demo_payment(order=order)
    client.post(path, read_form(client, path))
    run_tasks()
    mailoutbox.clear()
    paying = client.get(f"/en{order.manage_path}pay/").text

    answer = switch_to_transfer(client, order)
    run_tasks()

    order.refresh_from_db()
    registration.refresh_from_db()
    assert "Pay by transfer instead" in paying
    assert order.payment == "invoice"
    assert not order.awaits_verification
    assert registration.state == "confirmed"
    assert registration.addons.get().pay_by is None
    assert calculate_balance(order).amount == 4_500
    assert order.creditor_reference in answer.text
    assert order.creditor_reference in mailoutbox[-1].body


def test_addon_to_be_paid_by_transfer_is_not_removed(dinner, client):
    make_issuer()
    registration = order_place(dinner, "card")
    path = make_path(registration)
    record_demo_payment(order=registration.order)
    client.post(path, read_form(client, path))
    registration.addons.update(pay_by=timezone.now() - datetime.timedelta(minutes=1))
    switch_to_transfer(client, registration.order)

    remove_expired_addons()

    assert registration.addons.get().cancelled_at is None


def test_paid_order_offers_no_transfer(dinner, client):
    make_issuer()
    registration = order_place(dinner, "card")
    path = make_path(registration)
    record_demo_payment(order=registration.order)
    client.post(path, read_form(client, path))
    record_demo_payment(order=Order.objects.get())

    switch_to_transfer(client, registration.order)

    assert Order.objects.get().payment == "card"


def test_addon_not_paid_in_time_is_removed(dinner, client, run_tasks, mailoutbox):
    registration = order_place(dinner, "card")
    record_demo_payment(order=registration.order)
    path = make_path(registration)
    client.post(path, read_form(client, path))

    remove_expired_addons()
    kept = registration.addons.filter(cancelled_at=None).count()
    registration.addons.update(pay_by=timezone.now() - datetime.timedelta(minutes=1))
    remove_expired_addons()
    run_tasks()

    assert kept == 1
    dinner.refresh_from_db()
    assert dinner.reserved == 0
    assert calculate_balance(Order.objects.get()).amount == 0
    assert mailoutbox[-1].to == ["b@example.org"]


def test_addon_covered_by_overpayment_awaits_no_payment(dinner, client):
    registration = order_place(dinner, "card")
    record_demo_payment(order=registration.order)
    record_payment(receivable=Receivable.objects.get(), amount=5_000, method=Payment.Method.TRANSFER)
    path = make_path(registration)

    added = client.post(path, read_form(client, path), follow=True)

    [item] = registration.addons.filter(cancelled_at=None)
    assert item.pay_by is None
    assert calculate_balance(Order.objects.get()).amount == -500
    assert added.redirect_chain[-1][0] == registration.order.manage_path


def test_attendee_link_adds_only_free_addons(dinner, client):
    registration = order_place(dinner)
    walk = make_addon(dinner.event, slug="walk", name="Visite guidée", price=0)
    path = make_path(registration, make_own_secret(registration))

    page = client.get(path).text
    refused = client.post(path, {"addons": "dinner", "difference": "4500"}).text
    added = client.post(path, {"addons": "walk", "difference": "0"}, follow=True).text

    assert "b@example.org" not in added
    assert "Visite guidée" in page
    assert "Dîner" not in page
    assert "error" in refused
    assert [item.addon for item in Registration.objects.get().active_addons] == [walk]


def test_unavailable_or_repriced_addon_is_refused(dinner, client):
    registration = order_place(dinner)
    path = make_path(registration)
    workshop = make_addon(dinner.event, slug="workshop", name="Atelier")
    workshop.tickets.add(make_ticket(dinner.event, slug="vip"))
    fields = {"addons": "dinner", "difference": "4500"}

    dinner.capacity = 0
    dinner.save()
    is_full = client.post(path, fields).text
    dinner.capacity, dinner.closes_at = None, timezone.now() - datetime.timedelta(hours=1)
    dinner.save()
    is_closed = client.get(path).text
    dinner.closes_at, dinner.price = None, 5_000
    dinner.save()
    is_dearer = client.post(path, fields).text

    assert "n’est plus disponible" in is_full
    assert "Dîner" not in is_closed
    assert "Atelier" not in is_closed
    assert "Le prix a changé" in is_dearer
    assert Registration.objects.get().active_addons == []


def test_free_order_adds_addon_on_invoice_only_for_signed_in_buyer(client, settings):
    event = make_event(slug="congress")
    buyer = make_account(email="zoe@example.org")
    registration = make_registration(make_ticket(event), order=make_order(event, email=buyer.email))
    make_addon(event)
    path = make_path(registration)
    address = {
        "billing_name": "Acme", "billing_street": "1 rue", "billing_postcode": "35000",
        "billing_city": "Rennes", "payment": "invoice",
    }  # fmt: skip

    settings.CARD_PAYMENT = False
    refused = client.post(path, {"addons": "dinner", "difference": "4500"}).text
    settings.CARD_PAYMENT = True
    untouched = Order.objects.get()
    empty = client.get(path, {"review": "1"}).text
    stranger = client.get(path, {"addons": "dinner"})
    client.post(path, {**read_form(client, path), **address})
    unknown = Order.objects.get()
    Order.objects.update(payment="free", total=0)
    Registration.objects.get().addons.all().delete()
    client.force_login(buyer)
    mine = client.get("/me/").text
    incomplete = client.post(path, {**read_form(client, path), "billing_name": ""}).text
    client.post(path, {**read_form(client, path), **address})

    assert 'value="invoice"' not in stranger.text
    assert unknown.payment == "card"
    assert unknown.billing_name == "Acme"
    assert "Connectez-vous avec zoe@example.org" in refused
    assert untouched.payment == "free"
    assert untouched.total == 0
    assert "Choisissez au moins une option" in empty
    assert path in mine
    assert "Indiquez le nom" in incomplete
    order = Order.objects.get()
    assert order.payment == "invoice"
    assert order.total == 4_500
    assert order.billing_city == "Rennes"


def test_member_behind_the_mailed_link_adds_addon_on_invoice(client, settings):
    settings.CARD_PAYMENT = True
    event = make_event(slug="congress")
    member = make_member(email="zoe@example.org")
    ticket = make_ticket(event, slug="member", audience="member")
    order = make_order(event, email=member.email)
    registration = make_registration(ticket, order=order, email=member.email, person=member, company="Acme")
    make_addon(event)

    form = read_form(client, make_path(registration))

    assert form["payment"] == "invoice"
    assert form["billing_name"] == "Acme"


@pytest.mark.parametrize(("refund_percent", "fee_cents"), [(0, 12_000), (100, 0)])
def test_unpaid_addon_by_card_is_dropped_with_its_registration(
    dinner, client, refund_percent: int, fee_cents: int
):
    RefundRule.objects.create(event=dinner.event, days_before=0, refund_percent=refund_percent)
    registration = order_place(dinner, "card")
    order, path = registration.order, make_path(registration)
    record_demo_payment(order=order)
    client.post(path, read_form(client, path))
    registration = Registration.objects.get()

    preview = preview_outcome(registration, load_refund_terms(registration, at=timezone.now()))
    cancelled = cancel_registration(registration=registration)
    page = client.get(order.manage_path)
    balance = compute_balance(Receivable.objects.get())
    dinner.refresh_from_db()

    assert preview.is_paid
    assert preview.refund_cents == 12_000 - fee_cents == balance.amount_refunded
    assert cancelled.cancellation_fee == fee_cents == balance.amount_owed
    assert calculate_balance(Order.objects.get()).amount == balance.amount_due == 0
    assert f"{order.manage_path}pay/" not in page.text
    assert dinner.reserved == 0


def test_page_of_addons_is_named_like_its_button_where_they_can_only_be_removed(dinner, client):
    registration = order_place(dinner)
    client.post(make_path(registration), read_form(client, make_path(registration)))

    page = html.fromstring(client.get(f"/en{make_path(registration)}").text)

    assert page.xpath("string(//h1)") == "Add-ons"
    assert page.findtext(".//title").startswith("Add-ons ·")
