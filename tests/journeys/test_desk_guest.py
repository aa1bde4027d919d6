"""The desk's forms: what was typed is not lost."""

import re

import pytest
from playwright.sync_api import expect

from registrations.models import Registration
from registrations.notes.models import StaffNote
from tests.factories import make_event, make_registration, make_ticket
from tests.journeys.browsing import assert_accessible
from tests.journeys.test_desk import count_inside, open_desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def guest() -> Registration:
    return make_registration(make_ticket(make_event(slug="x")), first_name="Élo", last_name="Keller")


@pytest.mark.parametrize(
    "action", [("button", "Faire entrer"), ("button", "Imprimer le badge"), ("link", "Aperçu")]
)
def test_typed_note_is_saved_with_the_next_action(open_page, site, client, guest, action):
    role, name = action
    page = open_page("desktop")
    open_desk(page, client, site, guest.event)
    page.goto(f"/desk/x/guests/{guest.reference}/")
    page.wait_for_load_state()

    page.locator("#id_text").fill("Remettre le dossier")
    page.get_by_role(role, name=name).click()

    page.wait_for_url(lambda url: not url.endswith(f"/{guest.reference}/"))
    assert StaffNote.objects.get().text == "Remettre le dossier"


def test_typed_note_stays_on_the_page_if_it_cannot_be_saved(open_page, site, client, guest):
    page = open_page("desktop")
    open_desk(page, client, site, guest.event)
    page.goto(f"/desk/x/guests/{guest.reference}/")
    page.wait_for_load_state()
    page.route("**/note/", lambda route: route.fulfill(status=502))

    page.locator("#id_text").fill("Remettre le dossier")
    page.get_by_role("button", name="Faire entrer").click()

    expect(page.locator("#unreachable")).to_be_visible()
    expect(page.locator("#id_text")).to_have_value("Remettre le dossier")
    assert count_inside() == 0


def test_walk_in_form_is_filled_again_after_the_session_ended(open_page, site, client, guest):
    page = open_page("desktop")
    open_desk(page, client, site, guest.event)
    page.goto("/desk/x/walk-in/")
    page.wait_for_load_state()
    page.keyboard.type("Inès")
    page.keyboard.press("Tab")
    page.keyboard.type("Durand")
    cookies = page.context.cookies()
    page.context.clear_cookies()

    page.keyboard.press("Enter")
    page.wait_for_url("**/login/**")
    # Its script asks for a passkey, which sets the cookie of another session.
    page.wait_for_load_state("networkidle")
    page.context.add_cookies(cookies)
    page.goto("/desk/x/walk-in/")

    expect(page.locator("#draft-restored")).to_be_visible()
    expect(page.get_by_label("Prénom")).to_have_value("Inès")
    assert_accessible(page)
    page.get_by_label("Prénom").press("Enter")
    expect(page.get_by_role("button", name="Imprimer le badge")).to_be_visible()
    assert Registration.objects.filter(first_name="Inès", last_name="Durand").count() == 1
    page.goto("/desk/x/walk-in/")
    expect(page.get_by_label("Prénom")).to_have_value("")


def test_ticket_of_a_walk_in_is_chosen_by_keyboard_where_prices_differ(open_page, site, client, guest):
    make_ticket(guest.event, slug="member", name="Adhérent", price=9_000)
    page = open_page("desktop")
    open_desk(page, client, site, guest.event)
    page.goto("/desk/x/walk-in/")
    page.wait_for_load_state()
    page.keyboard.type("Inès")
    page.keyboard.press("Tab")
    page.keyboard.type("Durand")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")

    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Imprimer le badge")).to_be_focused()
    assert Registration.objects.filter(last_name="Durand").count() == 1


@pytest.mark.parametrize("page_name", ["walk-in", "guests/{}/correct", "guests/{}/substitute"])
def test_mistyped_address_is_corrected_with_one_click(open_page, site, client, guest, page_name):
    page = open_page("phone")
    open_desk(page, client, site, guest.event)
    page.goto(f"/desk/x/{page_name.format(guest.reference)}/")
    page.wait_for_load_state()
    email = page.locator("main [type=email]")

    email.fill("ines@gmial.com")
    email.press("Tab")
    expect(page.locator("[data-address-hint]")).to_contain_text("ines@gmail.com")
    assert_accessible(page)
    page.locator("[data-address-hint] button").click()

    expect(email).to_have_value("ines@gmail.com")
    expect(email).to_be_focused()
    expect(page.locator("[data-address-hint]")).to_be_empty()


def test_mistyped_address_is_corrected_by_keyboard_before_it_is_sent(open_page, site, client, guest):
    page = open_page("desktop")
    open_desk(page, client, site, guest.event)
    page.goto(f"/desk/x/guests/{guest.reference}/correct/")
    page.wait_for_load_state()
    email = page.locator("main [type=email]")
    email.fill("ines@gmial.com")

    email.press("Enter")
    expect(page.locator("[data-address-hint] button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(email).to_be_focused()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/guests/\w+/$"))
    guest.refresh_from_db()
    assert guest.email == "ines@gmail.com"


def test_tab_leads_to_the_hint_and_the_address_can_be_sent_as_it_is(open_page, site, client, guest):
    page = open_page("desktop")
    open_desk(page, client, site, guest.event)
    page.goto(f"/desk/x/guests/{guest.reference}/correct/")
    page.wait_for_load_state()
    email = page.locator("main [type=email]")
    email.fill("ines@gmial.com")

    email.press("Tab")
    expect(page.locator("[data-address-hint] button")).to_be_focused()
    email.press("Enter")

    expect(page).to_have_url(re.compile(r"/guests/\w+/$"))
    guest.refresh_from_db()
    assert guest.email == "ines@gmial.com"
