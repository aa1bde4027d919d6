"""The buyer's pages: before and after the payment, the demo's, and bank transfer."""

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
from tests.registrations.payments.factories import begin, lapse, latest, money, order_by_card, states

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def page_of(order: Order, what: str = "pay") -> str:
    return f"/orders/{order.reference}/{order.manage_secret}/{what}/"


def heading(answer) -> str:
    return html.fromstring(answer.content).findtext(".//h1")


def test_the_register_page_leads_by_card_to_the_payment(client, event):
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
    assert answer["Location"] == page_of(order)
    assert (order.payment, states(order)) == ("card", ["pending"])
    assert heading(client.get(page_of(order))) == "Payer 120\u00a0€"


def test_paying_leads_to_stripe_which_the_policy_lets_a_form_do(client, stripe, event):
    order = order_by_card(event)
    page = client.get(page_of(order))
    assert f"form-action 'self' {stripe.url}" in page["Content-Security-Policy"]
    answer = client.post(page_of(order))
    assert (answer.status_code, answer["Location"]) == (
        302, stripe.world.objects[latest(order).session_id]["url"],
    )  # fmt: skip


def test_whoever_returns_waits_and_then_sees_the_order(client, stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin(order)
    back = f"{page_of(order)}?returned=1"
    page = html.fromstring(client.get(back).content)
    assert page.findtext(".//h1") == "En attente de la confirmation de la banque"
    assert page.xpath("//noscript/meta/@content") == ["5"]
    stripe.world.pay(session)
    stripe.post.lose()
    run_tasks()  # the page asked for it
    assert client.get(back)["Location"] == f"/orders/{order.reference}/{order.manage_secret}/"
    assert states(order) == ["confirmed"]


def test_the_page_asks_stripe_not_more_often_than_every_few_seconds(client, stripe, event, run_tasks):
    order = order_by_card(event)
    begin(order)
    stripe.asked.clear()
    for _time in range(3):
        client.get(f"{page_of(order)}?returned=1")
        run_tasks()
    assert len(stripe.asked) == 1


def test_a_lapsed_order_may_be_paid_while_places_are_left(client, stripe, event):
    order = order_by_card(event, people=2)
    lapse(order)
    release_expired_holds()
    assert heading(client.get(page_of(order))) == "Payer 240\u00a0€"
    order_by_card(event)
    assert heading(client.get(page_of(order))) == "Il ne reste plus de place"
    assert client.post(page_of(order)).status_code == 409
    assert CardPaymentAttempt.objects.count() == 0


def test_places_whose_time_is_over_but_that_nobody_gave_back_yet_count_as_left(client, stripe, event):
    order = order_by_card(event, people=2)
    moment = timezone.now() - datetime.timedelta(seconds=1)
    order.registrations.update(hold_expires_at=moment)
    assert heading(client.get(page_of(order))) == "Payer 240\u00a0€"


def test_a_debit_under_way_says_so(client, stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin(order), "sepa_debit")
    stripe.post.deliver()
    run_tasks()
    assert heading(client.get(page_of(order))) == "La banque traite votre paiement"


def test_a_colleagues_own_link_pays_and_sees_nothing(client, stripe, event):
    order = order_by_card(event, people=2)
    registration = order.registrations.first()
    registration.order = order
    for what in ("pay", "transfer"):
        address = f"/orders/{order.reference}/{make_own_secret(registration)}/{what}/"
        assert client.get(address).status_code == 404
    assert "/pay/" not in client.get(f"/orders/{order.reference}/{make_own_secret(registration)}/").text


def test_stripe_away_is_a_page_with_a_sentence(client, stripe, event, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    order = order_by_card(event)
    answer = client.post(page_of(order))
    assert answer.status_code == 503
    assert "Réessayez dans une minute" in answer.text


def test_the_demo_plays_a_payment_and_says_so(client, event, mailoutbox, run_tasks):
    order = order_by_card(event)
    assert client.post(page_of(order))["Location"] == page_of(order, "pay/test")
    page = client.get(page_of(order, "pay/test"))
    assert heading(page) == "Paiement d’essai\u202f: aucun débit"
    assert "refusée" in client.post(page_of(order, "pay/test"), {"decline": "1"}).text
    assert states(order) == ["pending"]
    client.post(page_of(order, "pay/test"), {"pay": "1"})
    client.post(page_of(order, "pay/test"), {"pay": "1"})
    run_tasks()
    assert states(order) == ["confirmed"]
    assert latest(order).payment.method == "test"
    assert money(order) == (12_000, 12_000, 0)
    assert len(mailoutbox) == 1


def test_nothing_is_played_where_money_is_real(client, stripe, event, settings):
    order = order_by_card(event)
    assert client.post(page_of(order, "pay/test"), {"pay": "1"}).status_code == 404
    settings.STRIPE_SECRET_KEY = ""
    settings.PRODUCTION = True
    settings.CARD_PAYMENT = False
    assert client.post(page_of(order, "pay/test"), {"pay": "1"}).status_code == 404
    assert client.post(page_of(order)).status_code == 404
    assert states(order) == ["pending"]


def test_a_transfer_is_told_in_words_and_as_a_code(client, event, tmp_path):
    make_issuer()
    order = order_by_card(event, payment="invoice")
    page = client.get(page_of(order, "transfer"))
    said = " ".join(html.fromstring(page.content).find(".//main").text_content().split())
    assert "FR14 2004 1010 0505 0001 3M02 606" in said
    assert order.creditor_reference in said
    assert iso11649.is_valid(order.creditor_reference)
    assert order.creditor_reference in client.get(f"/orders/{order.reference}/{order.manage_secret}/").text


def test_the_code_says_what_banking_apps_read(event):
    make_issuer()
    order = order_by_card(event, payment="invoice")
    transfer = get_transfer_details(order)
    assert transfer.epc_text.split("\n") == [
        "BCD", "002", "1", "SCT", "PSSTFRPPXXX", "Club des infrastructures", "FR1420041010050500013M02606",
        "EUR120.00", "", order.creditor_reference.replace(" ", ""),
    ]  # fmt: skip
    assert decode_qr(qr_image(transfer.epc_text)) == [transfer.epc_text]


def test_without_an_account_there_is_no_transfer_to_make(client, event):
    order = order_by_card(event, payment="invoice")
    assert (
        client.get(page_of(order, "transfer"))["Location"]
        == f"/orders/{order.reference}/{order.manage_secret}/"
    )
