"""The desk without network: transfers, further badges, unpaid guests, and entries that need attention."""

import datetime
import re

import pytest
from django.utils import timezone, translation
from playwright.sync_api import Page, expect

from badges.attendance.models import Scan
from badges.attendance.scanning.verdict import Verdict
from badges.codes import build_badge_code, make_short_code
from badges.desk.models import DeskDevice, DeskEntry
from badges.desk.search import BADGE_PROBLEMS, describe_refused_entry
from convention.events.models import Event
from registrations.invoices.models import Payment
from registrations.models import Order, Registration
from tests.factories import make_event, make_order, make_registration, make_ticket
from tests.journeys.browsing import assert_accessible, pop_page_problems
from tests.journeys.test_desk import (
    PIN,
    TYPE_KEYS,
    check_in,
    enable_offline,
    open_desk,
    open_offline_desk,
    unlock,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

# Apart from the letters of names and company; at a key a second, a walk-in takes well under twenty seconds.
MAX_WALK_IN_KEYS = 7


@pytest.fixture
def event() -> Event:
    event = make_event(slug="x")
    ticket = make_ticket(event, name="Invité", price=9_000)
    make_registration(
        ticket, first_name="Élo", last_name="Keller", company="Énergie", email="elo@example.org"
    )
    make_registration(
        ticket, first_name="Élo", last_name="Abel", order=make_order(event, payment="card", total=9_000),
        price=9_000, confirmed_at=None, hold_expires_at=timezone.now() + datetime.timedelta(hours=1),
    )  # fmt: skip
    return event


@pytest.fixture
def page(open_page, site, client, event) -> Page:
    return open_offline_desk(open_page("desktop"), client, site, event)


def send_entries(page: Page) -> None:
    page.context.set_offline(False)
    page.get_by_role("button", name="Envoyer maintenant").click()
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")


def open_guest(page: Page, name: str) -> None:
    page.locator("#q").fill(name)
    page.get_by_role("button", name="Informations").click()


def test_short_code_finds_the_holder_of_the_badge(page):
    code = make_short_code(build_badge_code(Registration.objects.get(last_name="Keller"))).lower()

    page.keyboard.type(f"{code[:4]} {code[4:]}")

    expect(page.locator(".guests .person-name")).to_have_text(["Élo Keller"])


def scan_badge(page: Page, code: str) -> None:
    page.evaluate(TYPE_KEYS, [*code, "Enter"])


def test_enter_after_scan_of_reprinted_badge_gives_the_reason_and_a_check_in(page):
    with translation.override("fr"):
        revoked = str(BADGE_PROBLEMS["revoked"])
    first_badge = build_badge_code(Registration.objects.get(last_name="Keller"))
    page.locator("#q").fill("kel")
    page.locator(".guests").get_by_role("button", name="Imprimer le badge").click()
    page.locator("#q").fill("kel")
    page.locator(".guests").get_by_role("button", name="Imprimer le badge").click()
    page.get_by_role("button", name="perdu").click()
    expect(page.locator("#pending-count")).to_have_text("2 à envoyer")

    scan_badge(page, first_badge)
    expect(page.locator("#scan-problem")).to_have_text(revoked)
    expect(page.locator(".guests .person-name")).to_have_text(["Élo Keller"])
    expect(page.locator(".guests").get_by_role("button", name="Faire entrer")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#verdict .verdict.refused")).to_have_text(revoked)
    page.locator("#verdict summary").click()
    page.locator("#override-reason").fill("Ancien badge")
    page.locator("#override-reason").press("Enter")

    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")
    send_entries(page)
    assert Scan.objects.get().override_reason == "Ancien badge"


def test_badges_that_are_forged_or_of_another_event_find_nobody(page):
    code = build_badge_code(Registration.objects.get(last_name="Keller"))
    forged = code[:-20] + ("B" if code[-20] == "A" else "A") + code[-19:]
    other = build_badge_code(make_registration(make_ticket(make_event())))
    with translation.override("fr"):
        problems = {forged: str(BADGE_PROBLEMS["forged"]), other: str(BADGE_PROBLEMS["other_event"])}

    for scanned, problem in problems.items():
        scan_badge(page, scanned)

        expect(page.locator("#scan-problem")).to_have_text(problem)
        expect(page.locator(".guests")).to_have_count(0)


def test_badge_newer_than_the_list_is_accepted_with_a_notice(page):
    keller = Registration.objects.get(last_name="Keller")
    keller.badge_version = 2

    scan_badge(page, build_badge_code(keller))
    expect(page.locator("#scan-problem")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")


def test_transfer_refuses_address_of_current_attendee_before_a_badge_is_printed(page):
    open_guest(page, "kel")
    page.locator("#guest-substitute").click()
    expect(page.locator("#transfer-email")).to_have_value("")
    expect(page.locator("#transfer-company")).to_have_value("Énergie")
    page.locator("#transfer-first").fill("Léo")
    page.locator("#transfer-last").fill("Bêta")
    page.locator("#transfer-email").fill("ELO@example.org")

    page.locator("#transfer-form").get_by_role("button", name="Céder la place").click()

    expect(page.locator("#transfer-problem")).to_contain_text("adresse")
    assert_accessible(page)
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")


def test_transfer_is_printed_at_once_and_accepted_later(page):
    open_guest(page, "kel")
    page.locator("#guest-substitute").click()
    page.locator("#transfer-first").fill("Léo")
    page.locator("#transfer-last").fill("Bêta")
    page.locator("#transfer-company").fill("Réseaux")
    page.locator("#transfer-form").get_by_role("button", name="Céder la place").click()
    expect(page.locator("#verdict")).to_contain_text("Léo Bêta")
    page.locator("#verdict").get_by_role("button", name="Imprimer le badge").click()
    expect(page.locator("#badge-sheet svg")).to_have_count(1)

    send_entries(page)

    guest = Registration.objects.get(last_name="Bêta")
    assert guest.company == "Réseaux"
    assert set(DeskEntry.objects.values_list("kind", "state")) == {("substitute", "done"), ("print", "done")}


def test_badge_without_a_further_code_is_printed_again_as_it_is(page):
    page.locator("#walk-in-open").click()
    page.locator("#walk-in-first").fill("Inès")
    page.locator("#walk-in-last").fill("Durand")
    page.get_by_role("button", name="Inscrire et imprimer le badge").click()
    expect(page.locator("#badge-sheet svg")).to_have_count(1)
    page.locator("#q").fill("durand")
    page.locator(".guests").get_by_role("button", name="Imprimer le badge").click()

    page.locator("#guest-reprint button").click()

    expect(page.locator("#guest-dialog")).to_be_hidden()
    assert page.evaluate("window.printed") == 2
    expect(page.locator("#pending-count")).to_have_text("2 à envoyer")


def press(page: Page, *keys: str) -> int:
    """Press keys other than letters; return how many."""
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def test_walk_in_gets_a_badge_offline_by_keyboard_alone_in_few_keys(page):
    page.reload()
    expect(page.locator("#pin")).to_be_focused()
    page.keyboard.type(PIN)
    press(page, "Enter")
    expect(page.locator("#q")).to_be_focused()
    key_count = press(page, "Shift+Tab", "Shift+Tab", "Shift+Tab")
    expect(page.locator("#walk-in-open")).to_be_focused()
    key_count += press(page, "Enter")
    expect(page.locator("#walk-in-first")).to_be_focused()
    page.keyboard.type("Inès")
    key_count += press(page, "Tab")
    page.keyboard.type("Durand")
    key_count += press(page, "Tab")
    page.keyboard.type("Énergie")

    key_count += press(page, "Enter")

    expect(page.locator("#badge-sheet svg")).to_have_count(1)
    expect(page.locator("#verdict")).to_contain_text("Inès Durand")
    expect(page.locator("#q")).to_be_focused()
    assert page.evaluate("window.printed") == 1
    assert key_count == MAX_WALK_IN_KEYS
    check_in(page, "dur")
    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Inès Durand")
    page.context.set_offline(False)
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")
    assert set(DeskEntry.objects.values_list("kind", "state")) == {
        ("walk_in", "done"), ("print", "done"), ("check_in", "done"),
    }  # fmt: skip


def test_ticket_of_a_walk_in_is_chosen_offline_where_prices_differ(open_page, site, client, event):
    make_ticket(event, slug="member", name="Adhérent", price=0)
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    page.context.set_offline(True)
    page.locator("#walk-in-open").click()
    page.keyboard.type("Inès")
    page.keyboard.press("Tab")
    page.keyboard.type("Durand")

    page.keyboard.press("Enter")

    expect(page.locator("#walk-in-problem")).to_have_text("Choisissez un billet.")
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")

    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    expect(page.locator("#badge-sheet svg")).to_have_count(1)
    expect(page.locator("#verdict")).to_contain_text("Inès Durand")


def test_walk_in_with_a_name_of_spaces_is_refused(page):
    page.locator("#walk-in-open").click()
    page.locator("#walk-in-first").fill(" ")
    page.locator("#walk-in-last").fill("Durand")

    page.get_by_role("button", name="Inscrire et imprimer le badge").click()

    expect(page.locator("#walk-in-problem")).to_be_visible()
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")


def test_name_that_the_device_may_not_be_able_to_draw_is_announced(page):
    page.locator("#walk-in-open").click()
    page.locator("#walk-in-first").fill("小明")
    page.locator("#walk-in-last").fill("Durand")

    page.get_by_role("button", name="Inscrire et imprimer le badge").click()

    expect(page.locator("#badge-sheet svg")).to_have_count(1)
    expect(page.locator("#letters-warning")).to_be_visible()
    page.locator("#q").fill("kel")
    expect(page.locator("#letters-warning")).to_be_hidden()
    page.locator(".guests").get_by_role("button", name="Imprimer le badge").click()
    expect(page.locator("#pending-count")).to_have_text("3 à envoyer")
    expect(page.locator("#letters-warning")).to_be_hidden()


def test_clock_set_back_does_not_change_the_time_of_a_check_in(page):
    page.clock.install()
    page.clock.set_system_time(timezone.now() - datetime.timedelta(hours=3))
    check_in(page, "kel")
    expect(page.locator("#pending-count")).to_have_text("1 à envoyer")

    send_entries(page)

    scan = Scan.objects.get()
    assert timezone.now() - scan.effective_at < datetime.timedelta(minutes=5)
    assert scan.is_time_uncertain is False


def evict_storage(page: Page) -> None:
    page.context.new_cdp_session(page).send(
        "Storage.clearDataForOrigin",
        {"origin": page.evaluate("location.origin"), "storageTypes": "indexeddb"},
    )


@pytest.mark.parametrize("is_locked", [False, True])
def test_evicted_storage_is_reported_and_loses_no_entry(page, is_locked):
    check_in(page, "kel")
    expect(page.locator("#pending-count")).to_have_text("1 à envoyer")
    if is_locked:
        page.locator("#lock").click()
        expect(page.locator("#locked-pending")).to_contain_text("1")
        expect(page.locator("#pin")).to_be_focused()

    evict_storage(page)
    if is_locked:
        unlock(page, PIN)
    else:
        page.get_by_role("button", name="Envoyer maintenant").click()
    expect(page.locator("#storage-restored")).to_contain_text("(1)")
    expect(page.locator("#pending-count")).to_have_text("1 à envoyer")
    page.locator("#q").fill("")
    page.locator("#q").focus()
    page.keyboard.type("kel")
    expect(page.locator(".guests .person-name")).to_have_text(["Élo Keller"])
    pop_page_problems(page)  # the browser reports transactions that the eviction interrupted

    send_entries(page)
    assert Scan.objects.get().registration.last_name == "Keller"
    page.reload()
    expect(page.locator("#view-locked")).to_be_visible()


def test_data_erased_in_another_tab_are_not_stored_again(page):
    other = page.context.new_page()
    other.goto("/desk/x/")
    for number in range(10):
        unlock(other, f"00000{number}")
        other.wait_for_function("document.querySelector('#pin').value === ''")
    expect(other.locator("#pin-error")).to_contain_text("effacée")

    page.get_by_role("button", name="Envoyer maintenant").click()

    expect(page.locator("#connection")).to_contain_text("effacée")
    expect(page.locator("#storage-restored")).to_be_hidden()


def test_unpaid_guest_is_checked_in_with_a_reason(page):
    with translation.override("fr"):
        refusal = describe_refused_entry(Verdict("action", "unpaid"))
    check_in(page, "abel")
    expect(page.locator("#verdict .verdict.action")).to_have_text(refusal)

    page.locator("#verdict summary").click()
    assert_accessible(page)
    page.locator("#override-reason").fill("Paie demain")
    page.locator("#override-reason").press("Enter")

    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Abel")
    send_entries(page)
    assert Scan.objects.get().override_reason == "Paie demain"
    expect(page.locator("#problems-section")).to_be_hidden()


def test_payment_is_taken_offline_then_the_guest_gets_a_badge_and_is_checked_in(page):
    check_in(page, "abel")
    verdict, dialog = page.locator("#verdict"), page.locator("#payment-dialog")
    verdict.get_by_role("button", name="Encaisser").click()
    expect(page.locator("#payment-due")).to_contain_text("90\u00a0€")
    assert_accessible(page)
    page.locator("#payment-amount").fill("100")
    dialog.get_by_text("Espèces").click()
    page.locator("#payment-amount").press("Enter")
    expect(page.locator("#payment-problem")).to_have_text("Ce montant dépasse la somme due.")
    page.locator("#payment-amount").fill("90,00")

    page.locator("#payment-amount").press("Enter")

    expect(dialog).to_be_hidden()
    verdict.get_by_role("button", name="Imprimer le badge").click()
    expect(page.locator("#badge-sheet svg .badge-text").first).to_be_attached()
    verdict.get_by_role("button", name="Faire entrer").click()
    expect(verdict.locator(".desk-verdict.admitted")).to_contain_text("Élo Abel")
    send_entries(page)
    assert Payment.objects.get().amount == 9_000
    assert set(DeskEntry.objects.values_list("state", "sentence")) == {("done", "")}


def test_order_is_invoiced_offline_instead_of_paid(page):
    check_in(page, "abel")
    page.locator("#verdict").get_by_role("button", name="Encaisser").click()

    page.locator("#payment-invoice").click()
    expect(page.locator("#verdict .desk-verdict.registered")).to_contain_text("Élo Abel")
    send_entries(page)

    assert Order.objects.get(registrations__last_name="Abel").payment == "invoice"


def test_resolved_entry_is_resolved_on_the_server_too(page):
    open_guest(page, "kel")
    page.locator("#guest-company").fill("Autre")
    page.get_by_role("button", name="Enregistrer").click()
    Registration.objects.filter(last_name="Keller").update(company="Nouvelle")
    send_entries(page)
    problem = page.locator("#problems > li")
    expect(problem).to_contain_text("Autre")
    expect(page.locator("#problems-title")).to_contain_text("(1)")
    search, problems = page.locator("#q").bounding_box(), page.locator("#problems").bounding_box()
    assert search["y"] < problems["y"]
    online = page.context.new_page()
    online.goto("/desk/x/")
    expect(online.locator("#unresolved")).to_be_visible()
    expect(online.locator("#unsent")).to_be_hidden()

    problem.get_by_role("button", name="Informations").click()
    expect(page.locator("#guest-name")).to_have_text("Élo Keller")
    page.locator("#guest-dialog [data-close]").click()
    page.get_by_role("button", name="Traité").click()

    expect(page.locator("#problems-section")).to_be_hidden()
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")
    online.goto("/desk/x/devices/")
    expect(online.locator("tbody tr td").nth(2)).to_have_text("0")
    assert DeskEntry.objects.get(kind="correct").state == "resolved"


def test_walk_in_who_is_registered_already_is_checked_in_or_confirmed_once(page):
    page.locator("#walk-in-open").click()
    page.locator("#walk-in-first").fill("elo")
    page.locator("#walk-in-last").fill("KELLER")
    register = page.get_by_role("button", name="Inscrire et imprimer le badge")
    register.click()
    warning = page.locator("#walk-in-duplicates")
    expect(warning).to_contain_text("Élo Keller · Invité")
    assert_accessible(page)
    expect(page.locator("#pending-count")).to_have_text("0 à envoyer")

    warning.get_by_role("button", name="Faire entrer").click()

    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")
    expect(page.locator("#pending-count")).to_have_text("1 à envoyer")

    page.locator("#walk-in-open").click()
    expect(warning).to_be_hidden()
    expect(page.locator("#walk-in-last")).to_have_value("")
    page.locator("#walk-in-first").fill("elo")
    page.locator("#walk-in-last").fill("KELLER")
    register.click()
    expect(warning).to_be_visible()
    register.click()

    expect(page.locator("#walk-in-dialog")).to_be_hidden()
    expect(page.locator("#verdict .desk-verdict.registered")).to_contain_text("elo KELLER")


def test_trivial_pin_and_empty_device_name_are_refused(open_page, site, client, event):
    page = open_page("phone")
    open_desk(page, client, site, event)
    page.goto("/en/desk-app/?event=x")
    error = page.locator("#setup-error")
    page.get_by_label("Name of this device").fill(" ")
    for label in ("PIN, at least six digits", "Repeat the PIN"):
        page.get_by_label(label).fill("123456")
    enable = page.get_by_role("button", name="Enable offline use")

    enable.click()
    expect(error).to_have_text("Enter a name for this device.")
    page.get_by_label("Name of this device").fill("Desk 1")
    enable.click()

    expect(error).to_contain_text("too easy to guess")
    assert_accessible(page)
    assert not DeskDevice.objects.exists()


def test_search_without_result_says_from_when_the_list_is(page):
    page.context.set_offline(False)
    page.goto("/en/desk-app/?event=x")
    page.locator("#pin").fill(PIN)
    page.get_by_role("button", name="Unlock").click()
    expect(page.locator("#q")).to_be_focused()
    page.context.set_offline(True)

    page.locator("#q").fill("ABCD2345")

    expect(page.locator("#results")).to_contain_text(re.compile(r"list dates from \d+:\d\d:"))
    expect(page.locator("#results")).to_contain_text("A reference or a short code must be complete")


def test_search_and_time_of_the_list_are_shown_after_a_change_to_offline_work(page):
    page.context.set_offline(False)
    page.goto("/en/desk/x/")
    page.context.set_offline(True)
    page.locator("#q").fill("kel")
    page.locator("#no-answer a").click()
    page.locator("#pin").fill(PIN)

    page.get_by_role("button", name="Unlock").click()

    expect(page.locator("#q")).to_have_value("kel")
    expect(page.locator(".guests .person-name")).to_have_text(["Élo Keller"])
    expect(page.locator("#list-time")).to_have_text(re.compile(r"^List of \d+:\d\d$"))
    assert "kel" not in page.url
    page.context.set_offline(False)
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#list-time")).to_be_hidden()
