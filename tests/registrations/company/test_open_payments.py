"""What the overview of a company says about money: unpaid invoices, card payments, packages without names."""

import datetime

import pytest
from django.utils import formats, timezone, translation
from lxml import html

from registrations.billing.receivables import sync_receivable
from registrations.company.attention import list_attention_items
from registrations.company.open_payments import load_open_payments
from registrations.company.overview import load_company_overview
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Invoice
from registrations.models import Order
from tests.factories import make_contact, make_order, make_registration, make_ticket, verify_address
from tests.registrations.company.factories import (
    BILLING,
    Desk,
    make_desk,
    make_posted_rows,
    make_row,
    order_rows,
)
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.sponsors.factories import make_package, make_sponsorship

pytestmark = [pytest.mark.django_db, pytest.mark.once]
DAY = datetime.timedelta(days=1)


@pytest.fixture
def desk() -> Desk:
    make_issuer()
    desk = make_desk(name="Acme")
    verify_address(desk.contact)
    return desk


def read_sentences(desk: Desk, words: str) -> list[str]:
    """Return the sentences with these words that need attention, in English."""
    page = html.fromstring(desk.client.get(f"/en{desk.at}/").content)
    sentences = [span.text_content() for span in page.xpath("//ul[@class='attention']/li/span")]
    return [" ".join(sentence.split()) for sentence in sentences if words in sentence]


def read_links(desk: Desk, words: str) -> list[str]:
    """Return the links beside the sentences with these words."""
    page = html.fromstring(desk.client.get(f"/en{desk.at}/").content)
    return page.xpath(f"//ul[@class='attention']/li[contains(span, '{words}')]/a/@href")


def invoice_order(desk: Desk) -> Order:
    order_rows(desk, make_row("Alpha"))
    order = Order.objects.get()
    issue_invoice(receivable=sync_receivable(order))
    return order


def test_unpaid_invoice_is_named_with_its_amount(desk):
    invoice_order(desk)

    [sentence] = read_sentences(desk, "nvoices")

    assert sentence.startswith("Invoices to pay: €300, next due date")


def test_late_invoice_is_overdue(desk):
    invoice_order(desk)
    later = timezone.now() + (Invoice.objects.get().due_on - timezone.localdate()) + DAY
    payments = load_open_payments(desk.company, reader=desk.contact, at=later)

    with translation.override("en"):
        items = list_attention_items(load_company_overview(desk.company), payments, at=later)

    assert items[0].gravity == 2
    assert items[0].sentence.startswith("Overdue invoices: €300, due since")


def test_paid_invoice_needs_no_attention(desk):
    order = invoice_order(desk)

    record_payment(receivable=sync_receivable(order), amount=30_000, method="transfer")

    assert read_sentences(desk, "nvoices") == []


def test_order_without_an_invoice_needs_no_attention(desk):
    order_rows(desk, make_row("Alpha"))

    assert read_sentences(desk, "nvoices") == []


def test_unpaid_order_by_card_is_named_with_the_time_left(desk, settings):
    settings.CARD_PAYMENT = True
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha", "z@x.fr"), check="1"))
    nonce = desk.client.get(f"{desk.many}check/").context["draft"].nonce
    desk.client.post(f"{desk.many}check/", {**BILLING, "nonce": nonce, "payment": "card"})

    [sentence] = read_sentences(desk, "pay by card")

    order = Order.objects.get()
    assert sentence.startswith(f"Order {order.reference}: pay by card by")
    assert read_links(desk, "pay by card") == [f"/en{desk.at}/orders/{order.reference}/"]


def make_public_card_order(desk: Desk, email: str) -> Order:
    now = timezone.now()
    fields = {"email": email, "company": "Acme", "verified_at": now}
    order = make_order(desk.event, payment="card", total=30_000, **fields)
    make_registration(
        desk.event.tickets.get(slug="guest"), order=order, confirmed_at=None, hold_expires_at=now + DAY
    )
    return order


def test_own_unpaid_order_of_the_public_page_leads_to_its_page(desk):
    order = make_public_card_order(desk, desk.contact.email)

    assert read_links(desk, "pay by card") == [f"/en{order.manage_path}"]


def test_unpaid_order_of_another_contact_leads_to_the_list_of_orders(desk):
    make_public_card_order(desk, make_contact(desk.company).email)

    assert read_links(desk, "pay by card") == [f"/en{desk.at}/orders/#other-orders"]


def test_places_without_a_name_lead_to_their_event(desk):
    order_rows(desk, make_row("", first_name="", is_to_follow="on"))
    anchor = f"event-{desk.event.slug}"

    listing = html.fromstring(desk.client.get(f"/en{desk.at}/registrations/").content)

    assert read_links(desk, "no name yet") == [f"/en{desk.at}/registrations/#{anchor}"]
    assert listing.xpath(f"//section[@id='{anchor}']//h2")


def test_places_of_a_package_without_a_name_are_counted(desk):
    package = make_package(desk.event, make_ticket(desk.event, slug="pass", is_public=False))
    make_sponsorship(package, email=desk.contact.email, name="Acme")

    [sentence] = read_sentences(desk, "package")

    assert "2 places of your package have no name yet." in sentence


def make_unnamed_package(desk: Desk, email: str) -> Order:
    ticket = make_ticket(desk.event, slug=f"pass-{Order.objects.count()}", is_public=False)
    package = make_package(desk.event, ticket, slug=f"gold-{Order.objects.count()}")
    return make_sponsorship(package, email=email, name="Acme", has_logo=False).order


def test_places_of_own_package_lead_to_the_form_that_names_them(desk):
    order = make_unnamed_package(desk, desk.contact.email)

    assert read_links(desk, "package") == [f"/en{order.manage_path}names/"]


def test_places_of_two_packages_lead_to_a_form_each(desk):
    orders = [make_unnamed_package(desk, desk.contact.email) for _package in range(2)]

    assert read_links(desk, "package") == [f"/en{order.manage_path}names/" for order in orders]


def test_places_of_the_package_of_another_contact_lead_to_the_list_of_orders(desk):
    make_unnamed_package(desk, make_contact(desk.company).email)

    assert read_links(desk, "package") == [f"/en{desk.at}/orders/#other-orders"]


def test_list_of_orders_states_the_due_date_of_an_unpaid_invoice(desk):
    order = invoice_order(desk)
    with translation.override("en"):
        day = formats.date_format(Invoice.objects.get().due_on, "j F Y")

    page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/").content)

    [payment] = page.xpath(f"//tr[contains(., '{order.reference}')]/td[@data-label='Payment']")
    assert " ".join(" ".join(payment.itertext()).split()) == f"to pay: €300 due on {day}"


def test_list_of_orders_states_no_due_date_of_a_paid_invoice(desk):
    order = invoice_order(desk)
    record_payment(receivable=sync_receivable(order), amount=30_000, method="transfer")

    page = desk.client.get(f"/en{desk.at}/orders/")

    assert "due on" not in page.text


def test_package_of_another_company_needs_no_attention(desk):
    package = make_package(desk.event, make_ticket(desk.event, slug="pass", is_public=False))
    make_sponsorship(package, email="boss@globex.example", name="Globex")

    assert read_sentences(desk, "package") == []
