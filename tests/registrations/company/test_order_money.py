"""What a company's contact reads about the money of an order."""

import datetime

import pytest
from django.utils import timezone, translation
from lxml import html

from convention.events.models import Event
from convention.text.dates import format_date
from registrations.billing.receivables import sync_receivable
from registrations.changes.cancel import cancel_registration
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import cancel_payment, complete_refund, fail_refund
from registrations.invoices.models import Refund
from registrations.models import Order, Registration
from tests.factories import make_addon
from tests.registrations.company.factories import make_desk, make_posted_rows, make_row, order_rows
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db


def order_and_cancel_place(desk) -> Order:
    """Return a paid order of two places, one of which was cancelled."""
    order_rows(desk, make_row("Alpha"), make_row("Beta"))
    order = Order.objects.get()
    record_payment(receivable=sync_receivable(order), amount=60_000, method="transfer")
    cancel_registration(registration=order.registrations.get(last_name="Beta"))
    return order


def normalize_text(node) -> str:
    return " ".join(" ".join(node.itertext()).split())


def read_facts(desk, order: Order) -> dict[str, str]:
    """Return the facts of the order's page in English, label by label."""
    page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/{order.reference}/").content)
    rows = page.xpath("(//main//dl[contains(@class, 'facts')])[1]/div")
    return {normalize_text(row.find("dt")): normalize_text(row.find("dd")) for row in rows}


def read_payments(desk) -> list[str]:
    """Return the payment column of the list of orders in English."""
    page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/").content)
    return [normalize_text(cell) for cell in page.xpath("//td[@data-label='Payment']")]


def test_contact_sees_what_was_paid_and_that_a_refund_was_requested():
    desk = make_desk()

    order = order_and_cancel_place(desk)

    facts = read_facts(desk, order)
    assert facts["Total"] == "€300"
    assert facts["Paid"] == "€600"
    assert facts["Refund requested"].startswith("€300 The treasurer will refund €300 by bank transfer")
    assert facts["Balance due"] == "€0"
    assert read_payments(desk) == ["paid refund requested: €300"]


def test_contact_sees_when_the_refund_was_sent():
    desk = make_desk()
    order = order_and_cancel_place(desk)

    complete_refund(refund=Refund.objects.get(), refunded_on=datetime.date(2026, 5, 4))

    facts = read_facts(desk, order)
    assert facts["Paid"] == "€600"
    assert facts["Refunded on 4 May 2026"] == "€300"
    assert read_payments(desk) == ["paid"]


def test_cancelled_and_refunded_order_is_not_listed_as_free():
    desk = make_desk()
    order = order_and_cancel_place(desk)
    cancel_registration(registration=order.registrations.get(last_name="Alpha"))

    for refund in Refund.objects.all():
        complete_refund(refund=refund, refunded_on=datetime.date(2026, 5, 4))

    page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/").content)
    assert read_payments(desk) == ["cancelled refunded: €600"]
    assert [normalize_text(cell) for cell in page.xpath("//td[@data-label='Total']")] == ["€0"]


def test_cancelled_free_order_is_listed_as_cancelled():
    desk = make_desk()
    desk.event.tickets.filter(slug="guest").update(price=0)
    order_rows(desk, make_row("Alpha"))

    cancel_registration(registration=Order.objects.get().registrations.get())

    assert read_payments(desk) == ["cancelled"]


def test_failed_refund_is_shown_until_it_is_requested_again():
    desk = make_desk()
    order = order_and_cancel_place(desk)
    refund = Refund.objects.get()

    fail_refund(refund=refund, reason="closed account")
    failed = read_facts(desk, order)
    Refund.objects.create(
        receivable=refund.receivable, payment=refund.payment, method="transfer", amount=30_000,
        refunded_on=refund.refunded_on,
    )  # fmt: skip
    repeated = read_facts(desk, order)

    assert failed["Refund failed"] == "€300 The treasurer is looking into it."
    assert failed["Overpaid"] == "€300"
    assert "Refund failed" not in repeated
    assert repeated["Refund requested"].startswith("€300")


@pytest.mark.parametrize(
    ("event_email", "expected"), [("org@event.example", "org@event.example"), ("", "billing@club.example")]
)
def test_invoiced_order_says_who_corrects_its_billing_details(event_email, expected):
    desk = make_desk()
    Event.objects.update(contact_email=event_email)
    make_issuer(email="billing@club.example")
    order_rows(desk, make_row("Alpha"))
    order = Order.objects.get()
    before = read_facts(desk, order)["Billing details"]

    issue_invoice(receivable=sync_receivable(order))

    after = read_facts(desk, order)["Billing details"]
    assert "The invoice has been issued" not in before
    assert after.endswith(f"can no longer be changed here. To have them corrected, write to {expected}.")


def test_payment_entered_by_mistake_was_never_paid():
    desk = make_desk()
    order_rows(desk, make_row("Alpha"))
    order = Order.objects.get()
    payment = record_payment(receivable=sync_receivable(order), amount=30_000, method="transfer")

    cancel_payment(payment=payment, reason="wrong order")

    facts = read_facts(desk, order)
    assert "Paid" not in facts
    assert facts["Balance due"] == "€300"


def test_cancelled_people_come_last_with_their_price_struck_out():
    desk = make_desk()
    order_rows(desk, make_row("Alpha"), make_row("Beta"))
    order = Order.objects.get()
    cancel_registration(registration=order.registrations.get(last_name="Alpha"))

    page = html.fromstring(desk.client.get(f"{desk.at}/orders/{order.reference}/").content)
    registrations = html.fromstring(desk.client.get(f"{desk.at}/registrations/").content)

    rows = page.xpath("//tbody/tr")
    assert [row.xpath("string(th/a)") for row in rows] == ["Zoé Beta", "Zoé Alpha"]
    assert [bool(row.xpath("td//s")) for row in rows] == [False, True]
    assert registrations.xpath("//tbody/tr/th/a/text()") == ["Zoé Beta", "Zoé Alpha"]


def test_cancellation_fee_is_named_beside_the_struck_price():
    desk = make_desk()
    order_rows(desk, make_row("Alpha"))
    order = Order.objects.get()
    order.registrations.update(cancelled_at=timezone.now(), cancellation_fee=5_000)

    page = desk.client.get(f"/en{desk.at}/orders/{order.reference}/").text

    assert "Cancellation fee: €50" in page


def review_order(desk) -> str:
    """Return the text of the review page in English."""
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))
    return normalize_text(html.fromstring(desk.client.get(f"/en{desk.many}check/").content))


@pytest.mark.parametrize(
    ("issuer", "sentence"),
    [
        (
            {"issues_on": "order", "payment_days": 30},
            "We will issue the invoice as soon as the order is confirmed. Please pay within 30 days of",
        ),
        (
            {"issues_on": "payment", "payment_days": 15},
            "Please pay within 15 days of your order. We will send the invoice",
        ),
        (
            {"issues_on": "by_hand", "payment_days": 0},
            "The organizer will issue the invoice later. Please pay on",
        ),
        ({"issues_on": "day", "issue_days_before": 365}, "We will issue the invoice as soon as"),
        ({"issues_on": "day", "issue_days_before": 0}, "The invoice will be issued on"),
    ],
)
def test_review_says_when_the_invoice_comes_and_until_when_to_pay(issuer, sentence):
    make_issuer(issues_since=timezone.now(), **issuer)

    text = review_order(make_desk())

    assert f"nothing is due now. {sentence}" in text


def test_order_page_names_the_due_date_once_it_is_invoiced():
    make_issuer()
    desk = make_desk()
    order_rows(desk, make_row("Alpha"))
    order = Order.objects.get()

    before = desk.client.get(f"/en{desk.at}/orders/{order.reference}/").text
    document = issue_invoice(receivable=sync_receivable(order))
    after = desk.client.get(f"/en{desk.at}/orders/{order.reference}/")

    page = html.fromstring(after.content)
    with translation.override("en"):
        due_on = normalize_text(html.fromstring(f"<p>{format_date(document.due_on)}</p>"))
    assert "of the invoice date." in before
    assert "The organizer will issue the invoice later." in before
    assert f"Pay by bank transfer by {due_on}." in normalize_text(page)
    assert "Invoice (PDF)" not in after.text


def test_order_from_before_the_setting_is_left_to_the_organizer():
    desk = make_desk()
    order_rows(desk, make_row("Alpha"))
    make_issuer(issues_on="order", issues_since=timezone.now())

    text = desk.client.get(f"/en{desk.at}/orders/{Order.objects.get().reference}/").text

    assert "The organizer will issue the invoice later." in text
    assert "We will issue the invoice as soon as" not in text


def read_attendees(desk, order: Order) -> list[str]:
    """Return ticket, prices and state of each attendee on the order's page in English."""
    page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/{order.reference}/").content)
    rows = page.xpath("//tr[td[@data-label='Ticket']]")
    return [" ".join(normalize_text(cell) for cell in row.xpath("td")) for row in rows]


def test_each_free_place_of_an_order_reads_free():
    desk = make_desk()
    desk.event.tickets.filter(slug="member").update(price=0)
    make_addon(desk.event)
    free = make_row("Silva", desk.colleague.email, ticket="member", addons=["dinner"])
    order_rows(desk, free, make_row("Contact", desk.contact.email, ticket="member"))

    attendees = read_attendees(desk, Order.objects.get())

    assert [text.split(" confirmed")[0] for text in attendees] == [
        "Adhérent Free Dinner · €45",
        "Adhérent Free",
    ]


def test_place_that_awaits_its_card_payment_says_so(settings):
    settings.CARD_PAYMENT = True
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    Order.objects.update(payment=Order.Payment.CARD)
    Registration.objects.update(
        confirmed_at=None, hold_expires_at=timezone.now() + datetime.timedelta(hours=1)
    )

    assert read_attendees(desk, Order.objects.get()) == ["Invité €300 payment pending"]
