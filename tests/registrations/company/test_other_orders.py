"""Orders and quotations that a company's contacts made outside the company area."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.club.appointments.contacts import dismiss_contact
from registrations.billing.receivables import sync_receivable
from registrations.changes.cancel import cancel_registration
from registrations.company.permissions import list_contacts_orders
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import complete_refund
from registrations.invoices.models import Refund
from registrations.models import Order
from registrations.order_context import ANONYMOUS_CONTEXT
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.quotations.create import create_order_quotation
from tests.factories import make_company, make_contact, make_order, make_registration, verify_address
from tests.registrations.company.factories import Desk, make_company_quotation, make_desk
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.sponsors.factories import make_package, make_sponsorship

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def desk() -> Desk:
    """Return a company whose contact has a verified address."""
    desk = make_desk(name="Acme")
    verify_address(desk.contact)
    return desk


def order_on_public_page(desk: Desk, **fields) -> Order:
    values = {"email": desk.contact.email, "company": "Acme", "payment": "invoice", "total": 30_000, **fields}
    order = make_order(desk.event, **values)
    make_registration(desk.event.tickets.get(slug="guest"), order=order, price=30_000)
    return order


def read_section(desk: Desk, title: str):
    """Return the section of the list of orders in English, or None."""
    page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/").content)
    return next(iter(page.xpath(f"//section[h2='{title}']")), None)


def read_rows(desk: Desk) -> list[list[str]]:
    """Return content, purchase order, total and payment of each other order."""
    section = read_section(desk, "Other orders")
    rows = [] if section is None else section.xpath(".//tbody/tr")
    return [["".join(cell.itertext()).strip() for cell in row][2:] for row in rows]


def test_contact_sees_their_order_of_the_public_page_with_a_link(desk):
    order = order_on_public_page(desk)

    section = read_section(desk, "Other orders")

    assert read_rows(desk) == [["1 place", "", "€300", "to pay: €300"]]
    assert section.xpath(".//th/a/@href") == [f"/en/orders/{order.reference}/{order.manage_secret}/"]


def test_refunded_order_of_the_public_page_is_not_listed_as_free(desk):
    order = order_on_public_page(desk)
    record_payment(receivable=sync_receivable(order), amount=30_000, method="transfer")
    cancel_registration(registration=order.registrations.get())

    complete_refund(refund=Refund.objects.get(), refunded_on=datetime.date(2026, 5, 4))

    assert read_rows(desk) == [["0 places", "", "€0", "refunded: €300"]]


def test_order_of_another_contact_is_listed_without_its_link(desk):
    other = make_contact(desk.company)
    order_on_public_page(desk, email=other.email)

    section = read_section(desk, "Other orders")

    assert len(section.xpath(".//tbody/tr")) == 1
    assert section.xpath(".//th/a") == []


def test_other_order_names_its_purchase_order(desk):
    order_on_public_page(desk, purchase_order="PO-77")

    assert read_rows(desk) == [["1 place", "PO-77", "€300", "to pay: €300"]]


def test_buyer_is_not_told_to_ask_the_buyer(desk):
    order_on_public_page(desk)

    assert "ask its buyer" not in read_section(desk, "Other orders").text_content()


def test_order_of_another_contact_is_changed_by_its_buyer(desk):
    order_on_public_page(desk, email=make_contact(desk.company).email)

    assert "ask its buyer" in read_section(desk, "Other orders").text_content()


def test_package_of_the_company_is_listed_by_its_title(desk):
    make_sponsorship(make_package(desk.event), email=desk.contact.email, name="Acme")

    [row] = read_rows(desk)
    assert row[0].startswith("Gold")
    assert row[1:] == ["", "€1,200", "to pay: €1,200"]


def test_own_package_leads_to_the_page_of_its_logo(desk):
    order = make_sponsorship(make_package(desk.event), email=desk.contact.email, name="Acme").order

    links = read_section(desk, "Other orders").xpath(".//td[@data-label='Content']/a/@href")

    assert links == [f"/en/orders/{order.reference}/{order.manage_secret}/sponsor/"]


def test_package_of_another_contact_has_no_link_to_its_logo(desk):
    make_sponsorship(make_package(desk.event), email=make_contact(desk.company).email, name="Acme")

    assert read_section(desk, "Other orders").xpath(".//td[@data-label='Content']/a") == []


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "stranger@example.org"},
        {"company": "Globex"},
        {"needs_verification": True},
        {"payment": "card"},
        {"payment": "free", "total": 0},
    ],
    ids=["stranger", "another company", "unconfirmed address", "unverified card", "unverified free"],
)
def test_order_that_may_not_be_of_the_company_is_not_listed(desk, fields):
    order_on_public_page(desk, **fields)

    assert read_rows(desk) == []


@pytest.mark.parametrize(
    "fields",
    [{"verified_at": timezone.now()}, {"source": Order.Source.ORGANIZER.value}],
    ids=["verified address", "trusted channel"],
)
def test_free_order_of_a_verified_buyer_is_listed(desk, fields):
    order_on_public_page(desk, payment="free", total=0, **fields)

    assert len(read_rows(desk)) == 1


def test_order_with_a_lookalike_of_the_contacts_address_is_not_listed(desk):
    """Some databases take boſs for boss, which is another person’s mailbox."""
    desk.contact.email = "boss@acme.example"
    desk.contact.save()
    order_on_public_page(desk, email="boſs@acme.example")

    assert read_rows(desk) == []


def test_order_of_a_former_contact_is_not_listed(desk):
    other = make_contact(desk.company)
    order_on_public_page(desk, email=other.email)

    dismiss_contact(contact=desk.company.contacts.get(person=other))

    assert read_rows(desk) == []


def quote_place(desk: Desk, **fields):
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Alpha")
    request = {"email": desk.contact.email, "company": "Acme", "language": "en", "places": (place,), **fields}
    return create_order_quotation(
        event=desk.event, request=OrderRequest(**request), context=ANONYMOUS_CONTEXT
    )


def test_contact_sees_their_valid_quotations_for_the_company(desk):
    make_issuer()
    quotation = quote_place(desk)
    quote_place(desk, company="Globex")
    quote_place(desk, email="stranger@example.org")

    section = read_section(desk, "Your quotations")

    assert [link.text for link in section.xpath(".//a")] == [quotation.number]


def test_expired_quotation_is_not_listed(desk):
    make_issuer()
    quotation = quote_place(desk)

    type(quotation).objects.update(valid_until=timezone.localdate() - DAY)

    assert read_section(desk, "Your quotations") is None


def test_quotation_of_the_company_area_is_listed_whatever_name_it_is_billed_to(desk):
    make_issuer()
    quotation = make_company_quotation(desk.event.tickets.get(slug="guest"), desk.company.slug)
    type(quotation).objects.update(
        buyer_name="Acme – Communication", details=quotation.details | {"company": ""}
    )

    section = read_section(desk, "Your quotations")

    assert [link.text for link in section.xpath(".//a")] == [quotation.number]


def test_quotation_of_another_companys_area_is_not_listed(desk):
    make_issuer()
    quotation = make_company_quotation(desk.event.tickets.get(slug="guest"), desk.company.slug)
    type(quotation).objects.update(details=quotation.details | {"company_id": make_company().pk})

    assert read_section(desk, "Your quotations") is None


def test_ordered_quotation_is_listed_with_its_order(desk):
    make_issuer()
    quotation = quote_place(desk)
    order = order_on_public_page(desk, quotation_number=quotation.number)

    section = read_section(desk, "Your quotations")

    assert f"ordered: {order.reference}" in section.text_content()


def test_page_of_an_ordered_quotation_names_the_order(desk):
    make_issuer()
    quotation = quote_place(desk)
    order = order_on_public_page(desk, quotation_number=quotation.number)

    page = desk.client.get(f"/en/quotations/{quotation.link_token}/")

    assert f"This quotation has already been ordered: order {order.reference}." in page.text


def read_quotation(desk: Desk, quotation):
    return html.fromstring(desk.client.get(f"/en/quotations/{quotation.link_token}/").content)


def test_buyer_reaches_the_order_of_a_quotation_and_others_do_not(desk):
    make_issuer()
    quotation = quote_place(desk)
    order = order_on_public_page(desk, quotation_number=quotation.number)

    own_page = read_quotation(desk, quotation)
    desk.client.force_login(make_contact(desk.company))
    other_page = read_quotation(desk, quotation)

    assert own_page.xpath("//a[.='Open the order']/@href") == [f"/en{order.manage_path}"]
    assert not other_page.xpath("//a[.='Open the order']")


def test_ordered_quotation_does_not_ask_for_a_second_order(desk):
    make_issuer()
    quotation = quote_place(desk)
    before = read_quotation(desk, quotation)

    order_on_public_page(desk, quotation_number=quotation.number)

    after = read_quotation(desk, quotation)
    [button_before] = before.xpath("//button[.='Order these places']/@class")
    [button_after] = after.xpath("//button[.='Order these places']/@class")
    assert button_before == "button big"
    assert button_after == "button quiet"


def test_quotation_names_the_price_of_each_line(desk):
    make_issuer()

    page = read_quotation(desk, quote_place(desk))

    [line] = page.xpath("//ul[contains(@class, 'listing prose')]/li")
    assert line.xpath("normalize-space(p[@class='number'])") == "€300"


def test_only_a_quotation_that_the_company_lists_needs_no_bookmark(desk):
    make_issuer()
    listed = make_company_quotation(desk.event.tickets.get(slug="guest"), desk.company.slug)

    listed_page = read_quotation(desk, listed)
    public_page = read_quotation(desk, quote_place(desk))

    assert "Bookmark this page" not in listed_page.text_content()
    assert "Bookmark this page" in public_page.text_content()


def test_order_with_the_accented_name_in_capitals_is_listed(desk):
    desk.company.name = "Écurie Acme"
    desk.company.save()
    order = order_on_public_page(desk, company="ÉCURIE ACME")

    assert list(list_contacts_orders(desk.company)) == [order]
