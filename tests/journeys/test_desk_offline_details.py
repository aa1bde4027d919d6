"""The details of a guest at a desk without network: each button but “Back” saves what was typed."""

import pytest
from playwright.sync_api import Page, expect

from badges.desk.models import DeskEntry
from convention.events.models import Event
from registrations.models import Registration
from tests.factories import make_event, make_order, make_registration, make_ticket
from tests.journeys.test_desk import open_offline_desk
from tests.journeys.test_desk_offline import open_guest, send_entries

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def event() -> Event:
    event = make_event(slug="x")
    ticket = make_ticket(event, name="Invité", price=9_000)
    order = make_order(event, payment="invoice", total=9_000)
    make_registration(
        ticket, first_name="Élo", last_name="Keller", company="Énergie", order=order, price=9_000
    )
    return event


@pytest.fixture
def page(open_page, site, client, event) -> Page:
    return open_offline_desk(open_page("desktop"), client, site, event)


def test_reprint_of_corrected_details_prints_the_correction(page):
    page.locator("#q").fill("kel")
    page.locator(".guests").get_by_role("button", name="Imprimer le badge").click()
    expect(page.locator("#badge-sheet svg")).to_contain_text("Énergie")
    open_guest(page, "kel")
    page.locator("#guest-company").fill("Réseaux")
    page.locator("#guest-note").fill("Fauteuil roulant")

    page.locator("#guest-reprint").get_by_role("button", name="corrigés").click()

    expect(page.locator("#guest-dialog")).to_be_hidden()
    expect(page.locator("#badge-sheet svg")).to_contain_text("Réseaux")
    send_entries(page)
    guest = Registration.objects.get()
    assert guest.company == "Réseaux"
    assert guest.badge_version == 2
    assert guest.staff_note.text == "Fauteuil roulant"
    assert set(DeskEntry.objects.values_list("state", flat=True)) == {"done"}


def test_badge_printed_again_as_it_is_shows_the_correction(page):
    page.locator("#walk-in-open").click()
    page.locator("#walk-in-first").fill("Inès")
    page.locator("#walk-in-last").fill("Durand")
    page.get_by_role("button", name="Inscrire et imprimer le badge").click()
    expect(page.locator("#badge-sheet svg")).to_have_count(1)
    open_guest(page, "durand")
    page.locator("#guest-company").fill("Réseaux")

    page.locator("#guest-reprint button").click()

    expect(page.locator("#guest-dialog")).to_be_hidden()
    expect(page.locator("#badge-sheet svg")).to_contain_text("Réseaux")


def test_payment_saves_what_was_typed_and_names_the_corrected_guest(page):
    open_guest(page, "kel")
    page.locator("#guest-last").fill("Kellner")
    page.locator("#guest-note").fill("Fauteuil roulant")

    page.locator("#guest-payment").click()

    expect(page.locator("#payment-due")).to_contain_text("Élo Kellner")
    page.locator("#payment-dialog [data-close]").click()
    send_entries(page)
    guest = Registration.objects.get()
    assert guest.last_name == "Kellner"
    assert guest.staff_note.text == "Fauteuil roulant"


def test_transfer_saves_what_was_typed_and_starts_from_the_corrected_company(page):
    open_guest(page, "kel")
    page.locator("#guest-company").fill("Réseaux")

    page.locator("#guest-substitute").click()

    expect(page.locator("#transfer-company")).to_have_value("Réseaux")
    page.locator("#transfer-dialog [data-close]").click()
    send_entries(page)
    assert Registration.objects.get().company == "Réseaux"


def test_invalid_details_keep_the_dialog_open(page):
    open_guest(page, "kel")
    page.locator("#guest-last").fill(" ")
    page.locator("#guest-note").fill("Fauteuil roulant")

    page.locator("#guest-payment").click()

    expect(page.locator("#guest-problem")).to_be_visible()
    expect(page.locator("#guest-note")).to_have_value("Fauteuil roulant")
    expect(page.locator("#payment-dialog")).to_be_hidden()
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")


def test_back_discards_what_was_typed(page):
    open_guest(page, "kel")
    page.locator("#guest-company").fill("Réseaux")

    page.locator("#guest-dialog [data-close]").click()

    expect(page.locator("#guest-dialog")).to_be_hidden()
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")


def test_language_of_the_e_mails_to_a_walk_in_is_chosen(page):
    page.locator("#walk-in-open").click()
    page.locator("#walk-in-first").fill("Inès")
    page.locator("#walk-in-last").fill("Durand")
    page.locator("#walk-in-email").fill("ines@example.org")
    page.locator("#walk-in-language").select_option("en")

    page.get_by_role("button", name="Inscrire et imprimer le badge").click()

    expect(page.locator("#badge-sheet svg")).to_have_count(1)
    send_entries(page)
    assert Registration.objects.get(last_name="Durand").mail_language == "en"


def test_mistyped_address_of_a_walk_in_is_asked_about_once(page):
    page.locator("#walk-in-open").click()
    page.locator("#walk-in-first").fill("Inès")
    page.locator("#walk-in-last").fill("Durand")
    page.locator("#walk-in-email").fill("ines@gmial.com")
    hint = page.locator("#walk-in-form [data-address-hint]")

    page.locator("#walk-in-email").press("Enter")

    expect(hint).to_contain_text("ines@gmail.com")
    expect(hint.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#walk-in-email")).to_have_value("ines@gmail.com")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict section.registered")).to_contain_text("Inès Durand")
    expect(hint).to_be_empty()


def test_mistyped_address_of_a_guest_gets_a_hint_in_the_details(page):
    open_guest(page, "kel")

    page.locator("#guest-email").fill("elo@orage.fr")
    page.locator("#guest-email").press("Tab")

    expect(page.locator("#guest-form [data-address-hint]")).to_contain_text("elo@orange.fr")
