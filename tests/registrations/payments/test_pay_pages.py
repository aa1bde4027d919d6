"""The buyer's payment pages: by card, simulated in the demo, and by bank transfer."""

import datetime

import pytest
from django.utils import timezone
from lxml import html
from stdnum import iso11649

from registrations.models import Order
from registrations.orders.transfer_details import get_transfer_details
from registrations.payments.models import CardPaymentAttempt
from registrations.periodic_jobs import release_expired_holds
from registrations.permissions import make_own_secret
from tests.pdf_readers import decode_qr, qr_image
from tests.registrations.invoices.conftest import make_issuer
from tests.registrations.payments.factories import (
    begin_payment,
    expire_holds,
    get_balance_cents,
    get_latest_attempt,
    list_states,
    order_by_card,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def build_page_path(order: Order, what: str = "pay") -> str:
    return f"/orders/{order.reference}/{order.manage_secret}/{what}/"


def read_heading(answer) -> str:
    return html.fromstring(answer.content).findtext(".//h1")


def test_registration_by_card_leads_to_payment_page(client, event):
    client.post("/events/congress/register/", {
        "person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "1", "person-0-first_name": "Zoé",
        "person-0-last_name": "Müller", "person-0-email": "zoe@example.org", "person-0-company": "Acme",
    })  # fmt: skip
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})
    page = html.fromstring(client.get("/events/congress/register/check/").content)

    fields = dict(page.xpath("//main//form")[0].form_values())

    assert fields["payment"] == "invoice"

    address = {"billing_street": "1 rue", "billing_postcode": "35000", "billing_city": "Rennes"}
    answer = client.post("/events/congress/register/check/", {**fields, **address, "payment": "card"})

    order = Order.objects.get()
    assert answer["Location"] == build_page_path(order)
    assert order.payment == "card"
    assert list_states(order) == ["pending"]
    assert read_heading(client.get(build_page_path(order))) == "Payer 120\u00a0€"


def test_paying_redirects_to_stripe_and_csp_allows_it(client, stripe, event):
    order = order_by_card(event)
    page = client.get(build_page_path(order))

    assert f"form-action 'self' {stripe.url}" in page["Content-Security-Policy"]

    answer = client.post(build_page_path(order))

    assert answer.status_code == 302
    assert answer["Location"] == stripe.world.objects[get_latest_attempt(order).session_id]["url"]


def test_returning_buyer_waits_then_sees_confirmed_order(client, stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin_payment(order)
    back = f"{build_page_path(order)}?returned=1"

    page = html.fromstring(client.get(back).content)

    assert page.findtext(".//h1") == "En attente de la confirmation de la banque"
    assert page.xpath("//noscript/meta/@content") == ["5"]

    stripe.world.pay(session)
    stripe.post.lose()

    run_tasks()  # the task that the page queued

    assert client.get(back)["Location"] == f"/orders/{order.reference}/{order.manage_secret}/"
    assert list_states(order) == ["confirmed"]


def test_return_page_polls_stripe_at_most_every_few_seconds(client, stripe, event, run_tasks):
    order = order_by_card(event)
    begin_payment(order)
    stripe.asked.clear()

    for _time in range(3):
        client.get(f"{build_page_path(order)}?returned=1")
        run_tasks()

    assert len(stripe.asked) == 1


def test_expired_order_can_be_paid_while_places_are_left(client, stripe, event):
    order = order_by_card(event, people=2)
    expire_holds(order)

    release_expired_holds()

    assert read_heading(client.get(build_page_path(order))) == "Payer 240\u00a0€"

    order_by_card(event)

    assert read_heading(client.get(build_page_path(order))) == "Il ne reste plus de place"
    assert client.post(build_page_path(order)).status_code == 409
    assert CardPaymentAttempt.objects.count() == 0


def test_order_with_expired_hold_not_yet_released_can_be_paid(client, stripe, event):
    order = order_by_card(event, people=2)
    moment = timezone.now() - datetime.timedelta(seconds=1)

    order.registrations.update(hold_expires_at=moment)

    assert read_heading(client.get(build_page_path(order))) == "Payer 240\u00a0€"


def test_pending_debit_is_shown_as_processing(client, stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order), "sepa_debit")
    stripe.post.deliver()

    run_tasks()

    assert read_heading(client.get(build_page_path(order))) == "La banque traite votre paiement"


def test_colleague_link_cannot_open_payment_pages(client, stripe, event):
    order = order_by_card(event, people=2)
    registration = order.registrations.first()
    registration.order = order

    for what in ("pay", "transfer"):
        address = f"/orders/{order.reference}/{make_own_secret(registration)}/{what}/"
        assert client.get(address).status_code == 404

    assert "/pay/" not in client.get(f"/orders/{order.reference}/{make_own_secret(registration)}/").text


def test_unreachable_stripe_shows_error_page(client, stripe, event, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    order = order_by_card(event)

    answer = client.post(build_page_path(order))

    assert answer.status_code == 503
    assert "Réessayez dans une minute" in answer.text


def test_demo_simulates_payment_and_says_so(client, event, mailoutbox, run_tasks):
    order = order_by_card(event)

    assert client.post(build_page_path(order))["Location"] == build_page_path(order, "pay/test")

    page = client.get(build_page_path(order, "pay/test"))

    assert read_heading(page) == "Paiement d’essai\u202f: aucun débit"
    assert "refusée" in client.post(build_page_path(order, "pay/test"), {"decline": "1"}).text
    assert list_states(order) == ["pending"]

    client.post(build_page_path(order, "pay/test"), {"pay": "1"})
    client.post(build_page_path(order, "pay/test"), {"pay": "1"})

    run_tasks()

    assert list_states(order) == ["confirmed"]
    assert get_latest_attempt(order).payment.method == "test"
    assert get_balance_cents(order) == (12_000, 12_000, 0)
    assert len(mailoutbox) == 1


def test_simulated_payment_is_unavailable_with_stripe_or_in_production(client, stripe, event, settings):
    order = order_by_card(event)

    assert client.post(build_page_path(order, "pay/test"), {"pay": "1"}).status_code == 404
    settings.STRIPE_SECRET_KEY = ""
    settings.PRODUCTION = True
    settings.CARD_PAYMENT = False
    assert client.post(build_page_path(order, "pay/test"), {"pay": "1"}).status_code == 404
    assert client.post(build_page_path(order)).status_code == 404
    assert list_states(order) == ["pending"]


def test_transfer_page_shows_iban_reference_and_qr_code(client, event):
    make_issuer()
    order = order_by_card(event, payment="invoice")
    page = client.get(build_page_path(order, "transfer"))

    said = " ".join(html.fromstring(page.content).find(".//main").text_content().split())

    assert "FR14 2004 1010 0505 0001 3M02 606" in said
    assert order.creditor_reference in said
    assert iso11649.is_valid(order.creditor_reference)
    assert get_transfer_details(order).qr_svg in page.text
    assert order.creditor_reference in client.get(f"/orders/{order.reference}/{order.manage_secret}/").text


def test_epc_qr_code_contains_transfer_details(event):
    make_issuer()
    order = order_by_card(event, payment="invoice")

    transfer = get_transfer_details(order)

    assert transfer.epc_text.split("\n") == [
        "BCD", "002", "1", "SCT", "PSSTFRPP", "Club des infrastructures", "FR1420041010050500013M02606",
        "EUR120.00", "", order.creditor_reference.replace(" ", ""),
    ]  # fmt: skip
    assert decode_qr(qr_image(transfer.epc_text)) == [transfer.epc_text]


def test_transfer_page_without_issuer_redirects_to_order(client, event):
    order = order_by_card(event, payment="invoice")
    assert (
        client.get(build_page_path(order, "transfer"))["Location"]
        == f"/orders/{order.reference}/{order.manage_secret}/"
    )
