"""The page of a colleague's registration in the company area."""

import pytest
from lxml import html

from convention.club.models import Membership
from registrations.models import Order, Registration
from tests.factories import make_addon, make_contact
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db


def read_page(desk, registration):
    return html.fromstring(desk.client.get(f"/en{desk.at}/registrations/{registration.reference}/").content)


def read_facts(desk, registration) -> dict[str, str]:
    """Return the facts of the registration's page in English, label by label."""
    rows = read_page(desk, registration).xpath("//main//dl[contains(@class, 'facts')]/div")
    return {row.xpath("normalize-space(dt)"): row.xpath("normalize-space(dd)") for row in rows}


def test_colleague_who_got_a_place_is_being_e_mailed():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    registration = Registration.objects.get()
    substitute = {"first_name": "Léo", "last_name": "Roi", "email": "leo@x.fr"}

    desk.client.post(f"{desk.at}/registrations/{registration.reference}/", substitute)

    page = read_page(desk, registration)
    listing = html.fromstring(desk.client.get(f"/en{desk.at}/registrations/").content)
    assert read_facts(desk, registration)["Details"] == "e-mail being sent"
    assert page.xpath("normalize-space(//form[contains(@action, '/invite/')])") == "Send the link again"
    assert listing.xpath("normalize-space(//td[@data-label='Details'])") == "e-mail being sent"


def test_addons_are_listed_with_their_prices():
    desk = make_desk()
    make_addon(desk.event, price=4_500)
    order_rows(desk, make_row("Alpha", "z@x.fr", addons=["dinner"]))

    facts = read_facts(desk, Registration.objects.get())

    assert facts["Add-ons"] == "Dinner, €45"


def test_buyer_reaches_the_full_page_of_the_order():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    registration = Registration.objects.get()
    order = registration.order

    hrefs = read_page(desk, registration).xpath("//main//a/@href")
    order_page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/{order.reference}/").content)

    assert f"/en{desk.at}/orders/{order.reference}/" in hrefs
    assert f"/en{order.manage_path}" in hrefs
    assert f"/en{order.manage_path}" in order_page.xpath("//main//a/@href")


def test_other_contact_does_not_see_the_link_of_the_order():
    desk = make_desk()
    order_rows(desk, make_row("Alpha"))
    registration = Registration.objects.get()
    desk.client.force_login(make_contact(desk.company))

    page = desk.client.get(f"{desk.at}/registrations/{registration.reference}/")
    order_page = desk.client.get(f"{desk.at}/orders/{registration.order.reference}/")

    assert registration.order.manage_secret not in page.text
    assert registration.order.manage_secret not in order_page.text


@pytest.mark.parametrize("is_own_address", [False, True])
def test_buyer_completes_the_details_of_a_colleague_without_an_address(is_own_address):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", desk.contact.email if is_own_address else ""))
    registration = Registration.objects.get()

    page = read_page(desk, registration)

    assert read_facts(desk, registration)["Details"] == (
        "to be completed by the buyer Complete the details on the order’s full page"
    )
    assert not page.xpath("//form[contains(@action, '/invite/')]")


def test_cancelling_a_place_that_a_pass_covers_releases_the_pass():
    desk = make_desk()
    desk.event.tickets.filter(slug="member").update(uses_pass=True)
    Membership.objects.update(passes=1)
    order_rows(desk, make_row("Silva", desk.colleague.email, "member"))
    registration = Registration.objects.get()

    page = desk.client.get(f"/en{desk.at}/registrations/{registration.reference}/cancel/")

    assert registration.membership_pass is not None
    assert "The membership pass that covers this place becomes available again." in page.text


def test_buyer_reaches_the_payment_page_of_an_order_by_transfer():
    desk = make_desk()
    make_issuer()
    order_rows(desk, make_row("Alpha"))
    order = Order.objects.get()

    page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/{order.reference}/").content)

    assert f"/en{order.manage_path}transfer/" in page.xpath("//main//a/@href")
