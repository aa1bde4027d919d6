"""A sponsor on a phone orders a package, pays by card and uploads a logo; an organizer sees them."""

import pytest
from django.test import Client
from playwright.sync_api import Page

from convention.club.models import ClubRole
from registrations.models import Sponsorship
from tests.factories import make_event, make_person, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.registrations.sponsors.factories import make_package, make_picture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def look_at(page: Page) -> None:
    assert_no_sideways_scroll(page)
    assert_accessible(page)


def click_first(page: Page, locator: str) -> None:
    page.locator(locator).first.click()
    page.wait_for_load_state()


@pytest.mark.long
@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_sponsor_orders_and_pays_package_and_logo_is_shown(browser_page, prefix, site):
    page, event = browser_page, make_event(slug="congress")
    make_package(event, make_ticket(event), capacity=1, stand="9 m²")
    page.goto(f"{prefix}/events/congress/sponsors/")
    look_at(page)
    click_first(page, "main .listing a.button")
    look_at(page)
    for name, text in {
        "name": "Acme", "contact": "Zoé Müller", "email": "zoe@acme.example", "billing_name": "Acme SA",
        "billing_street": "1 quai", "billing_postcode": "69002", "billing_city": "Lyon",
    }.items():  # fmt: skip
        page.locator(f"main [name={name}]").fill(text)
    page.locator("[name=payment][value=card]").check()
    click_first(page, "main button.big")
    look_at(page)
    one = Sponsorship.objects.get()
    assert one.state == "pending"

    # The sponsor's page while unpaid, then the test payment, then the logo.
    own = f"{prefix}/orders/{one.order.reference}/{one.order.manage_secret}/"
    page.goto(f"{own}sponsor/")
    look_at(page)
    page.goto(f"{own}pay/")
    click_first(page, "main button.big")
    look_at(page)
    click_first(page, "main button[name=pay]")
    look_at(page)
    page.goto(f"{own}sponsor/")
    logo = {"name": "logo.png", "mimeType": "image/png", "buffer": make_picture().read()}
    page.locator("main [name=logo]").set_input_files(logo)
    click_first(page, "main button[name=send_logo]")
    look_at(page)
    page.goto(f"{prefix}/events/congress/sponsors/")
    assert page.locator("main img[alt=Acme]").count() == 1
    look_at(page)

    # The organizer's pages.
    organizer = make_person()
    ClubRole.objects.create(person=organizer, role=ClubRole.Role.ORGANIZER)
    sign_in(page, Client(), site, organizer)
    for path in ("sponsors/", f"sponsors/{one.pk}/", "sponsors/packages/", "sponsors/packages/gold/"):
        answer = page.goto(f"{prefix}/organize/congress/{path}")
        assert answer is not None
        assert answer.status == 200, path
        look_at(page)
