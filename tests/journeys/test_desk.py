"""The desk: check-in by keyboard, a walk-in with badge, and both without network."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from badges.attendance.models import Presence
from badges.codes import build_badge_code
from badges.desk.models import BadgePrint, DeskEntry
from convention.events.models import Event
from registrations.models import Registration
from tests.factories import make_addon, make_event, make_registration, make_staff, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in, wait_for_value

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

LAST_NAMES = """
Abel Brun Caron Dupuis Evrard Fabre Garnier Huet Imbert Jacob Keller Lambert Marchal Noël Olivier Petit
Quentin Renard Simon Thomas
""".split()
PIN = "314159"
# The desks of all events and the offline page, in two languages.
ARE_ALL_WORKERS_ACTIVE = """() => navigator.serviceWorker.getRegistrations().then(
  (all) => all.length === 4 && all.every((each) => each.active?.state === "activated"))"""
# As a hand scanner types: Playwright has no keys for letters of another keyboard.
TYPE_KEYS = """(keys) => keys.forEach((key) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""
# Counts calls of window.print() instead of printing.
COUNT_PRINTS = "window.printed = 0; window.print = () => { window.printed += 1; };"


@pytest.fixture
def event() -> Event:
    event = make_event(slug="x")
    ticket = make_ticket(event, name="Invité")
    for name in LAST_NAMES:
        make_registration(ticket, first_name="Élo", last_name=name, company="Énergie")
    return event


def open_desk(page: Page, client, site: str, event: Event) -> None:
    sign_in(page, client, site, make_staff(event, "desk"))
    page.add_init_script(COUNT_PRINTS)
    page.goto("/desk/x/")


def count_inside() -> int:
    return Presence.objects.filter(is_inside=True).count()


def test_twenty_guests_are_checked_in_by_keyboard_alone(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    for name in LAST_NAMES:
        page.keyboard.type(name[:3].lower())
        expect(page.locator(".guests .person-name")).to_have_text([f"Élo {name}"])
        page.keyboard.press("Enter")
        expect(page.locator("#verdict .person-name")).to_have_text(f"Élo {name}")
        expect(page.locator("#q")).to_be_focused()
        expect(page.locator("#q")).to_have_value("")

    assert count_inside() == len(LAST_NAMES)
    assert_accessible(page)
    page.locator("#verdict").get_by_role("button", name="Annuler").click()
    expect(page.locator("#verdict")).to_contain_text("Passage annulé")
    assert count_inside() == len(LAST_NAMES) - 1
    # Enter before the results are shown selects nobody if several guests match.
    page.keyboard.type("energie")
    page.keyboard.press("Enter")
    expect(page.locator(".guests > li")).to_have_count(20)
    assert count_inside() == len(LAST_NAMES) - 1


@pytest.mark.parametrize("layout", ["same", "azerty"])
def test_hand_scanner_finds_attendee_and_enter_checks_in(open_page, site, client, event, layout):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    code = build_badge_code(Registration.objects.get(last_name="Keller"))
    if layout == "azerty":
        code = code.rsplit("/", 1)[1].translate(str.maketrans("AQZWM234567", "QAWZ?é\"'(-è"))

    page.evaluate(TYPE_KEYS, [*code, "Enter"])
    expect(page.locator(".guests .person-name")).to_have_text(["Élo Keller"])
    assert count_inside() == 0
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_contain_text("Élo Keller")
    assert count_inside() == 1


def test_desk_asks_for_another_scan_of_an_incomplete_code(open_page, site, client, event):
    page = open_page("desktop", "en")
    open_desk(page, client, site, event)
    page.goto("/en/desk/x/")
    code = build_badge_code(Registration.objects.get(last_name="Keller"))

    page.evaluate(TYPE_KEYS, [*code[:-20], "Enter"])

    expect(page.locator("#incomplete-code")).to_be_visible()
    expect(page.locator("#not-a-badge")).to_be_hidden()

    page.evaluate(TYPE_KEYS, [*code, "Enter"])

    expect(page.locator(".guests .person-name")).to_have_text(["Élo Keller"])
    expect(page.locator("#incomplete-code")).to_be_hidden()


def test_walk_in_is_registered_and_badge_printed_by_keyboard(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    page.get_by_role("link", name="Inscrire quelqu’un").click()
    # The script that asks the server before it sends the form.
    page.wait_for_load_state()
    page.keyboard.type("Inès")
    page.keyboard.press("Tab")
    page.keyboard.type("Durand")
    # As a proxy answers while the server is down.
    page.route("**/numbers/", lambda route: route.fulfill(status=502))
    page.keyboard.press("Enter")
    expect(page.locator("#unreachable")).to_be_visible()
    page.unroute("**/numbers/")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Imprimer le badge")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Retour à l’accueil")).to_be_focused()

    assert page.evaluate("window.printed") == 1
    assert page.locator(".badge-sheet svg").count() == 1
    assert BadgePrint.objects.get().registration.last_name == "Durand"
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Inès Durand")


def test_search_without_network_clears_the_list_and_leads_to_offline_work(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    page.keyboard.type("kel")
    expect(page.locator(".guests .person-name")).to_have_count(1)

    page.context.set_offline(True)
    page.keyboard.type("l")

    expect(page.locator("#no-answer")).to_be_visible()
    expect(page.locator(".guests")).to_have_count(0)
    expect(page.locator("#no-answer a")).to_have_attribute("href", re.compile(r"event=x$"))
    assert count_inside() == 0
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")
    expect(page.locator("#no-answer")).to_be_hidden()


def test_check_in_is_named_while_the_server_does_not_answer(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    page.route("**/check-in/**", lambda _route: None)

    check_in(page, "kel")

    expect(page.locator("#sending")).to_contain_text("Élo Keller")
    expect(page.locator("#no-answer")).to_contain_text("Élo Keller", timeout=12_000)
    expect(page.locator("#sending")).to_be_hidden()
    expect(page.locator("#q")).to_have_value("kel")


def test_guest_served_after_an_outage_is_not_passed_on_to_offline_work(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    page.route("**/check-in/**", lambda route: route.fulfill(status=502))
    check_in(page, "kel")
    expect(page.locator("#no-answer")).to_contain_text("Élo Keller")
    page.unroute("**/check-in/**")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")

    page.get_by_role("link", name="Travailler hors ligne").first.click()

    expect(page).to_have_url(re.compile(r"/desk/x/devices/#?$"))


def test_enter_after_scan_of_replaced_badge_gives_the_reason_once_and_a_check_in(
    open_page, site, client, event
):
    guest = Registration.objects.get(last_name="Keller")
    code = build_badge_code(guest)
    Registration.objects.filter(pk=guest.pk).update(badge_version=2)
    page = open_page("desktop")
    open_desk(page, client, site, event)
    page.evaluate(TYPE_KEYS, [*code, "Enter"])
    expect(page.locator("#results .notice")).to_have_count(1)

    page.keyboard.press("Enter")

    expect(page.locator("#verdict .verdict.refused")).to_contain_text("Ce badge n’est plus valable")
    expect(page.locator("#results .notice")).to_have_count(0)
    page.locator("#verdict summary").click()
    page.get_by_label("Motif").fill("Ancien badge")
    page.locator("#verdict").get_by_role("button", name="Faire entrer quand même").click()
    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")


def enable_offline(page: Page) -> None:
    page.goto("/desk/x/devices/")
    page.get_by_role("link", name="Travailler hors ligne sur cet appareil").click()
    page.get_by_label("Nom de cet appareil").fill("Portable")
    page.get_by_label("Code PIN, au moins six chiffres").fill(PIN)
    page.get_by_label("Confirmation du code PIN").fill(PIN)
    page.get_by_role("button", name="Activer").click()
    expect(page.locator("#connection")).to_have_text("En ligne, tout est à jour")
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    wait_for_value(page, ARE_ALL_WORKERS_ACTIVE, value=True)


def open_offline_desk(page: Page, client, site: str, event: Event) -> Page:
    """Open the desk and cut its network; return the page with the focus in the search."""
    open_desk(page, client, site, event)
    enable_offline(page)
    page.context.set_offline(True)
    page.locator("#q").focus()
    return page


def unlock(page: Page, pin: str) -> None:
    page.locator("#pin").fill(pin)
    page.get_by_role("button", name="Déverrouiller").click()


def test_desk_works_offline_and_sends_entries_later(open_page, site, client, event):
    make_addon(event)
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    page.context.set_offline(True)
    page.goto("/desk/x/")
    unlock(page, "000000")
    expect(page.locator("#pin-error")).to_contain_text("9")
    unlock(page, PIN)
    expect(page.locator("#connection")).to_contain_text("Hors ligne")
    page.keyboard.type("kel")
    expect(page.locator(".guests .person-name")).to_have_text(["Élo Keller"])
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_contain_text("Élo Keller")
    assert_accessible(page)
    page.get_by_role("button", name="Inscrire quelqu’un").click()
    expect(page.locator("#walk-in-addons")).to_contain_text("ne se réservent pas sans réseau")
    page.locator("#walk-in-first").fill("Inès")
    page.locator("#walk-in-last").fill("Durand")
    page.get_by_role("button", name="Inscrire et imprimer le badge").dblclick()
    expect(page.locator("#badge-sheet svg")).to_have_count(1)
    assert page.evaluate("window.printed") == 1
    # Registered, as at the online desk, and not checked in.
    expect(page.locator("#verdict")).to_contain_text("Inscription enregistrée")
    expect(page.locator("#pending-count")).to_have_text("3 à envoyer")
    page.locator("#verdict").get_by_role("button", name="Faire entrer").click()
    expect(page.locator("#pending-count")).to_have_text("4 à envoyer")
    page.locator("#q").fill("kel")
    page.locator(".guests").get_by_role("button", name="Imprimer le badge").dblclick()
    expect(page.locator("#pending-count")).to_have_text("5 à envoyer")
    # No name or company is stored in readable form.
    stored = page.evaluate(READ_STORED)
    assert not re.search("Keller|Durand|Énergie", stored)
    page.reload()
    unlock(page, PIN)
    expect(page.locator("#pending-count")).to_have_text("5 à envoyer")
    assert count_inside() == 0
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.get_by_role("button", name="Envoyer maintenant").click()
    expect(page.locator("#connection")).to_contain_text("déconnecté")
    expect(page.get_by_role("link", name="Se connecter")).to_be_visible()
    sign_in(page, client, site, make_staff(event, "desk"))
    page.get_by_role("button", name="Envoyer maintenant").click()
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")

    assert count_inside() == 2
    walk_in = Registration.objects.get(last_name="Durand")
    assert walk_in.state == "confirmed"
    assert set(BadgePrint.objects.values_list("registration__last_name", flat=True)) == {"Durand", "Keller"}
    assert set(DeskEntry.objects.values_list("state", flat=True)) == {"done"}


def check_in(page: Page, name: str) -> None:
    page.keyboard.type(name)
    expect(page.locator(".guests .person-name")).to_have_count(1)
    page.keyboard.press("Enter")


def assert_refusals_replace_verdict(page: Page, refusal: str) -> None:
    """Check in Keller, then try Abel, who is cancelled, and Keller again."""
    verdict, field = page.locator("#verdict"), page.locator("#q")
    check_in(page, "kel")
    expect(verdict.locator(".desk-verdict.admitted")).to_contain_text("Élo Keller")
    for name, kind, text in (("abel", "refused", refusal), ("kelle", "already_in", "Déjà sur place")):
        check_in(page, name)
        expect(verdict.locator(f".desk-verdict.{kind} > .verdict")).to_have_text(text)
        expect(verdict.locator(".desk-verdict")).to_have_count(1)
        expect(field).to_be_focused()
        # The whole text is selected: the next name replaces it.
        assert page.evaluate("getSelection().toString()") == name
    assert count_inside() <= 1


def test_enter_on_guest_who_cannot_enter_replaces_last_verdict(open_page, site, client, event):
    Registration.objects.filter(last_name="Abel").update(cancelled_at=timezone.now())
    page = open_page("desktop")
    open_desk(page, client, site, event)

    assert_refusals_replace_verdict(page, "Entrée refusée\u202f: inscription annulée")

    page.keyboard.type("abel")
    expect(page.locator(".guests .person-name")).to_have_text(["Élo Abel"])
    page.keyboard.press("Enter")
    assert_accessible(page)
    page.locator("#verdict summary").click()
    page.get_by_label("Motif").fill("Invitée du président")
    page.locator("#verdict").get_by_role("button", name="Faire entrer quand même").click()
    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Abel")


def test_sent_entry_is_no_longer_marked_as_to_send(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("Hors ligne")
    page.locator("#q").focus()
    check_in(page, "kel")
    expect(page.locator("#verdict")).to_contain_text("à envoyer")
    expect(page.locator("#verdict")).to_contain_text(re.compile(r"arrivée à \d+\sh"))

    page.context.set_offline(False)
    page.get_by_role("button", name="Envoyer maintenant").click()

    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")
    expect(page.locator("#verdict")).to_contain_text("Élo Keller")
    expect(page.locator("#verdict")).not_to_contain_text("à envoyer")


def test_offline_enter_on_guest_who_cannot_enter_replaces_last_verdict(open_page, site, client, event):
    Registration.objects.filter(last_name="Abel").update(cancelled_at=timezone.now())
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    page.context.set_offline(True)
    page.locator("#q").focus()

    assert_refusals_replace_verdict(page, "Entrée refusée\u202f: inscription annulée")

    page.keyboard.type("abel")
    page.get_by_role("button", name="Informations").click()
    expect(page.locator("#guest-facts")).to_contain_text("annulée")
    expect(page.get_by_role("button", name="Céder la place")).to_be_hidden()


def test_search_field_of_phone_is_as_wide_as_the_page(open_page, site, client, event):
    page = open_page("phone")
    open_desk(page, client, site, event)
    page.locator("#q").fill("keller")
    expect(page.locator(".guests .person-name")).to_have_count(1)

    form, field = page.locator("#desk-search").bounding_box(), page.locator("#q").bounding_box()
    guest = page.locator(".guests > li").bounding_box()
    button = page.locator(".guests .button").last.bounding_box()

    assert form
    assert field
    assert guest
    assert button
    assert field["width"] == form["width"]
    assert button["x"] + button["width"] < guest["x"] + guest["width"] - 4
    assert_no_sideways_scroll(page)


def assert_next_guest_clears_verdict(page: Page) -> None:
    verdict, names = page.locator("#verdict .desk-verdict"), page.locator(".guests .person-name")
    check_in(page, "kel")
    expect(verdict).to_contain_text("Élo Keller")

    page.evaluate(TYPE_KEYS, [*build_badge_code(Registration.objects.get(last_name="Abel")), "Enter"])
    expect(names).to_have_text(["Élo Abel"])
    expect(verdict).to_have_count(0)
    page.keyboard.press("Enter")
    expect(verdict).to_contain_text("Élo Abel")

    page.keyboard.type("energie")
    expect(names).to_have_count(20)
    expect(verdict).to_have_count(0)


def test_next_guest_clears_verdict(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)

    assert_next_guest_clears_verdict(page)


def test_scan_of_admitted_badge_clears_verdict(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    check_in(page, "kel")
    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")

    page.evaluate(TYPE_KEYS, [*build_badge_code(Registration.objects.get(last_name="Keller")), "Enter"])

    expect(page.locator(".guests .person-name")).to_have_text(["Élo Keller"])
    expect(page.locator("#verdict .desk-verdict")).to_have_count(0)


def test_offline_next_guest_clears_verdict(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    page.context.set_offline(True)
    page.locator("#q").focus()

    assert_next_guest_clears_verdict(page)


READ_STORED = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("convention-desk");
  opening.onerror = reject;
  opening.onsuccess = async () => {
    const texts = [];
    for (const name of opening.result.objectStoreNames) {
      const asked = opening.result.transaction(name).objectStore(name).getAll();
      await new Promise((done) => { asked.onsuccess = done; });
      const decode = (bytes) => new TextDecoder().decode(bytes);
      const read = (key, value) => value instanceof ArrayBuffer ? decode(value) : value;
      texts.push(JSON.stringify(asked.result, read));
    }
    resolve(texts.join());
  };
})"""


def test_entry_conflict_is_resolved_and_ten_wrong_pins_erase_data(open_page, site, client, event):
    page = open_page("phone")
    open_desk(page, client, site, event)
    enable_offline(page)
    page.context.set_offline(True)
    page.goto("/desk/x/")
    unlock(page, PIN)
    page.locator("#q").fill("kel")
    page.get_by_role("button", name="Informations").click()
    page.locator("#guest-company").fill("Autre")
    page.get_by_role("button", name="Enregistrer").click()
    Registration.objects.filter(last_name="Keller").update(company="Nouvelle")
    page.context.set_offline(False)
    page.get_by_role("button", name="Envoyer maintenant").click()

    expect(page.locator("#problems")).to_contain_text("Un autre poste d’accueil a modifié")

    assert_no_sideways_scroll(page)
    assert_accessible(page)

    page.get_by_role("button", name="Traité").click()
    expect(page.locator("#problems-section")).to_be_hidden()
    page.get_by_role("button", name="Verrouiller").click()
    for _number in range(9):
        unlock(page, "000000")
        expect(page.locator("#pin-error")).to_be_visible()
        page.wait_for_function("document.querySelector('#pin').value === ''")
    unlock(page, "000000")

    expect(page.locator("#pin-error")).to_contain_text("effacée")

    assert "Keller" not in page.content()
