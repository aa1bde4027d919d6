"""The card of the last guest at a desk without network: what comes next, until the server answers."""

import pytest
from playwright.sync_api import Page, expect

from convention.events.models import Event
from registrations.invoices.models import Payment
from tests.factories import make_event, make_registration, make_ticket
from tests.journeys.browsing import assert_accessible
from tests.journeys.test_desk import check_in, open_offline_desk
from tests.journeys.test_desk_offline import open_guest, send_entries

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def event() -> Event:
    event = make_event(slug="x")
    make_registration(make_ticket(event, name="Invité", price=9_000), first_name="Élo", last_name="Keller")
    # No membership is recorded for it, so that the server refuses a transfer.
    member_ticket = make_ticket(event, slug="member", name="Adhérent", audience="member")
    make_registration(member_ticket, first_name="Jérôme", last_name="Martel")
    return event


@pytest.fixture
def page(open_page, site, client, event) -> Page:
    return open_offline_desk(open_page("desktop"), client, site, event)


def transfer_place(page: Page, name: str) -> None:
    """Give the place of the guest with this last name to Lina Durand."""
    open_guest(page, name)
    page.locator("#guest-substitute").click()
    page.locator("#transfer-first").fill("Lina")
    page.locator("#transfer-last").fill("Durand")
    page.locator("#transfer-email").fill("lina@example.org")
    page.locator("#transfer-form").get_by_role("button", name="Céder la place").click()
    expect(page.locator("#verdict .person-name")).to_have_text("Lina Durand")


def test_refused_transfer_replaces_the_card_until_it_is_resolved(page):
    verdict = page.locator("#verdict")
    transfer_place(page, "martel")
    expect(verdict.get_by_role("button", name="Imprimer le badge")).to_be_visible()

    send_entries(page)

    expect(verdict.locator(".desk-verdict.refused .person-name")).to_contain_text("Lina Durand")
    expect(verdict.get_by_role("button")).to_have_count(0)
    expect(page.locator("#problems > li")).to_have_count(1)
    assert_accessible(page)

    page.locator("#problems").get_by_role("button", name="Traité").click()

    expect(verdict.locator(".desk-verdict")).to_have_count(0)


def test_transfer_of_a_members_place_asks_for_the_address_beforehand(page):
    hint, optional = page.locator("#transfer-email-hint"), page.locator("#transfer-email-optional")

    open_guest(page, "martel")
    page.locator("#guest-substitute").click()
    expect(hint).to_be_visible()
    expect(optional).to_be_hidden()
    page.locator("#transfer-dialog [data-close]").click()

    open_guest(page, "keller")
    page.locator("#guest-substitute").click()
    expect(hint).to_be_hidden()
    expect(optional).to_be_visible()


def test_walk_in_takes_the_searched_name_and_can_pay(page):
    verdict = page.locator("#verdict")
    page.locator("#q").fill("inès durand")

    page.locator("#results").get_by_role("button", name="Inscrire quelqu’un").click()

    expect(page.locator("#walk-in-first")).to_have_value("Inès")
    expect(page.locator("#walk-in-last")).to_have_value("Durand")
    page.locator("#walk-in-tickets").get_by_text("Invité").click()
    page.get_by_role("button", name="Inscrire et imprimer le badge").click()
    verdict.get_by_role("button", name="Encaisser").click()
    page.locator("#payment-dialog").get_by_text("Espèces").click()
    page.locator("#payment-amount").press("Enter")
    expect(page.locator("#payment-dialog")).to_be_hidden()
    expect(verdict.get_by_role("button", name="Encaisser")).to_have_count(0)
    verdict.get_by_role("button", name="Faire entrer").click()
    send_entries(page)
    assert Payment.objects.get().amount == 9_000


def test_searched_name_replaces_what_is_left_of_another_person_but_no_correction(page):
    first_name, last_name = page.locator("#walk-in-first"), page.locator("#walk-in-last")
    register = page.locator("#results").get_by_role("button", name="Inscrire quelqu’un")
    close = page.locator("#walk-in-dialog [data-close]")
    page.locator("#q").fill("ines durand")
    register.click()
    first_name.fill("Inès")
    close.click()

    register.click()
    expect(first_name).to_have_value("Inès")
    close.click()
    page.locator("#q").fill("roy")
    register.click()

    expect(first_name).to_have_value("")
    expect(last_name).to_have_value("Roy")


def test_new_attendee_is_not_inside_although_the_former_one_was(page):
    check_in(page, "keller")
    expect(page.locator("#inside-count")).to_contain_text("1")

    transfer_place(page, "keller")

    expect(page.locator("#inside-count")).to_contain_text("0")
    expect(page.locator("#verdict")).to_contain_text("pas encore sur place")
    page.locator("#verdict").get_by_role("button", name="Faire entrer").click()
    expect(page.locator("#verdict .desk-verdict.admitted .person-name")).to_have_text("Lina Durand")
    expect(page.locator("#inside-count")).to_contain_text("1")


def test_check_in_offers_the_badge_as_online(page):
    check_in(page, "keller")

    page.locator("#verdict .admitted").get_by_role("button", name="Imprimer le badge").click()

    expect(page.locator("#badge-sheet svg")).to_contain_text("Keller")
