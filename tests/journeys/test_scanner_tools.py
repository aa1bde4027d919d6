"""Scanner tools: search, short codes, recent scans, overrides, conflicts and the device check."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from badges.attendance.models import Checkpoint, ConflictResolution, Presence, Scan
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.codes import make_short_code
from tests.badges.attendance.factories import make_badge_code, make_event, make_registration
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll
from tests.journeys.scanning import (
    expect_all_sent,
    expect_free,
    expect_verdict,
    let_time_pass,
    pair,
    pair_by_code,
    tap,
    type_as_hand_scanner,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def test_attendee_found_by_name_and_by_short_code(browser_page, prefix, language):
    event = make_event()
    found = make_registration(event, first_name="Élodie", last_name="Martin", company="Acmé", no_photo=True)
    typed = make_registration(event, first_name="Ana", last_name="Silva")
    page = browser_page
    pair_by_code(page, event, prefix)

    page.locator("#search-open").click()
    page.locator("#search-text").fill("acme elo")
    expect(page.locator("#search-results button")).to_have_text("Élodie Martin Acmé · Adhérent")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.locator("#search-results button").click()
    expect_verdict(page, "admitted", name="Élodie Martin")
    expect(page.locator("#verdict-marks")).to_have_text({"fr": "Pas de photo", "en": "No photos"}[language])
    expect_free(page)
    page.locator("#type-open").click()
    page.locator("#type-text").fill("ABCD-2345")
    page.locator("#type-form .primary-button").click()
    expect_verdict(page, "refused")
    expect(page.locator("#verdict-detail")).to_contain_text(
        {"fr": "Aucun badge", "en": "No valid badge"}[language]
    )
    tap(page)
    page.locator("#type-open").click()
    short_code = make_short_code(make_badge_code(typed)).lower()
    page.locator("#type-text").fill(f"{short_code[:4]} {short_code[4:]}")
    page.locator("#type-form .primary-button").click()
    expect_verdict(page, "admitted", name="Ana Silva")
    expect_all_sent(page)

    assert set(Presence.objects.filter(is_inside=True).values_list("registration", flat=True)) == {
        found.pk,
        typed.pk,
    }


def test_supervisor_searches_offline(open_page):
    event = make_event()
    make_registration(event, first_name="Élodie", last_name="Martin")
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    with page.expect_response("**/scanner/attendees/"):
        pair(page, event)
    page.context.set_offline(True)

    page.locator("#search-open").click()
    page.locator("#search-text").fill("sil")
    page.locator("#search-results button").click()
    expect_verdict(page, "admitted", name="Ana Silva")
    expect_free(page)
    page.locator("#type-open").click()
    page.locator("#type-text").fill(make_short_code(make_badge_code(badge)))
    page.get_by_role("button", name="Vérifier ce code").click()
    expect_verdict(page, "already_in", name="Ana Silva")


def test_sent_scan_is_undone_from_recent_scans(open_page):
    event = make_event()
    first, second = make_registration(event, last_name="Un"), make_registration(event, last_name="Deux")
    page = open_page("phone", "en")
    pair_by_code(page, event, "/en")
    for badge in (first, second):
        type_as_hand_scanner(page, make_badge_code(badge))
        expect_verdict(page, "admitted")
    expect_free(page)
    expect_all_sent(page)

    page.get_by_role("button", name="Recent scans").click()
    assert_accessible(page)
    lines = page.locator("#recent-list li")
    expect(lines).to_have_count(2)
    lines.nth(1).get_by_role("button").click()
    expect(lines.nth(1)).to_contain_text("undone")
    page.locator("#recent-close").click()
    expect_all_sent(page)
    type_as_hand_scanner(page, make_badge_code(first))
    expect_verdict(page, "admitted", name="Zoé Un")
    expect_all_sent(page)

    undo = Scan.objects.get(undoes__isnull=False)
    assert undo.verdict == "admitted"
    assert undo.reason == "undone"
    assert undo.registration == first
    assert Presence.objects.filter(is_inside=True).count() == 2


@pytest.mark.long
def test_override_with_reason_raises_no_warning(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    other = make_registration(event, first_name="Bea", last_name="Costa")
    cancelled = make_registration(event, first_name="Cléa", last_name="Dias", cancelled_at=timezone.now())
    first, page = open_page("phone"), open_page("phone")
    pair_by_code(first, event)
    for entered in (badge, other):
        type_as_hand_scanner(first, make_badge_code(entered))
        expect_verdict(first, "admitted")
        expect_free(first)
    expect_all_sent(first)
    pair_by_code(page, event, rights=["can_override"])
    type_as_hand_scanner(page, make_badge_code(badge))
    expect_verdict(page, "already_in")
    tap(page)

    page.get_by_role("button", name="Admettre quand même").click()
    page.locator("#override-reason").fill("sortie sans scan")
    page.keyboard.press("Enter")
    expect_verdict(page, "admitted", name="Ana Silva")
    expect_free(page)
    expect_all_sent(page)

    expect(page.locator("#last-line")).to_contain_text("Bienvenue")
    expect(page.locator("#verdict")).to_be_hidden()
    assert "deux" not in page.locator("#announcement").text_content()
    # The same for an attendee found by name.
    page.locator("#search-open").click()
    page.locator("#search-text").fill("cos")
    page.locator("#search-results button").click()
    expect_verdict(page, "already_in", name="Bea Costa")
    tap(page)
    page.get_by_role("button", name="Admettre quand même").click()
    page.locator("#override-reason").fill("sortie sans scan")
    page.keyboard.press("Enter")
    expect_verdict(page, "admitted", name="Bea Costa")
    expect_all_sent(page)
    expect_free(page)
    # The same for a typed short code that the server refused.
    page.locator("#type-open").click()
    page.locator("#type-text").fill(make_short_code(make_badge_code(cancelled)))
    page.get_by_role("button", name="Vérifier ce code").click()
    expect_verdict(page, "refused", name="Cléa Dias")
    tap(page)
    page.get_by_role("button", name="Admettre quand même").click()
    page.locator("#override-reason").fill("annulée par erreur")
    page.keyboard.press("Enter")
    expect_verdict(page, "admitted", name="Cléa Dias")
    expect_all_sent(page)
    assert Scan.objects.filter(registration=other, override_reason="sortie sans scan").exists()
    assert Presence.objects.get(registration=cancelled).is_inside


@pytest.mark.long
def test_device_check_reads_test_badge_without_storing_scan(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    pair_by_code(page, event)
    page.locator("#menu-open").click()
    line = page.locator("#checks [data-check=badge]")
    expect(line).to_contain_text("Touchez «\u202fTester un badge\u202f»")
    assert_accessible(page)

    page.get_by_label("Votre nom").fill("Lise")
    page.get_by_role("button", name="Tester un badge").click()
    type_as_hand_scanner(page, make_badge_code(badge))
    expect(page.locator("#verdict-word")).to_have_text("Essai")
    tap(page)
    page.locator("#menu-open").click()
    expect(line).to_have_text("OK\u202f:Badge d’essai lu")
    page.locator("#menu-close").click()
    assert Scan.objects.count() == 0
    type_as_hand_scanner(page, make_badge_code(badge))
    expect_verdict(page, "admitted", name="Ana Silva")
    expect_all_sent(page)
    event.devices.update(seen_at=None)
    page.locator("#menu-open").click()
    with page.expect_response("**/scanner/snapshot/**"):
        page.locator("#send-now").click()

    assert Scan.objects.get().operator == "Lise"
    state = event.devices.get().state
    assert set(state) >= {"version", "pending", "battery", "camera", "test_badge", "storage"}


@pytest.mark.long
def test_scan_conflict_is_shown_on_both_phones_and_resolved_on_one(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    first, second = open_page("phone"), open_page("phone", "en")
    for page, prefix in ((first, ""), (second, "/en")):
        page.clock.install()
        pair_by_code(page, event, prefix)
        page.context.set_offline(True)
        type_as_hand_scanner(page, make_badge_code(badge))
        expect_verdict(page, "admitted")
        expect_free(page)

    for page in (first, second):
        page.context.set_offline(False)
        page.evaluate("window.dispatchEvent(new Event('focus'))")
        expect_all_sent(page)
    expect(second.locator("#verdict-word")).to_have_text("Let in twice")
    expect(second.locator("#verdict-detail")).to_contain_text(re.compile(r"Entrée \d+:\d\d, this phone$"))
    let_time_pass(first, 60)
    expect(first.locator("#verdict-word")).to_have_text("Entré deux fois")
    assert_accessible(first)
    first.get_by_role("button", name="Laisser à l’accueil").click()
    expect(first.locator("#conflicts-open")).to_have_text("À traiter\u202f: 1")
    second.get_by_role("button", name="Left without a scan and came back").click()
    expect(second.locator("#verdict")).to_be_hidden()

    expect(second.locator("#conflicts-open")).to_be_hidden()
    let_time_pass(first, 60)
    expect(first.locator("#conflicts-open")).to_be_hidden()
    assert ConflictResolution.objects.values_list("kind", flat=True).get() == "reentry"


@pytest.mark.long
def test_late_scan_of_a_guest_whom_the_desk_checked_in_sends_nobody_back(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone", "en")
    page.clock.install()
    pair_by_code(page, event, "/en")
    page.context.set_offline(True)
    type_as_hand_scanner(page, make_badge_code(badge))
    expect_verdict(page, "admitted")
    expect_free(page)
    check_in_registration(registration=badge, checkpoint=event.checkpoints.get(), operator=None)

    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect_all_sent(page)

    expect(page.locator("#verdict-word")).to_have_text("Recorded twice")
    expect(page.locator("#verdict-detail")).to_contain_text("The guest can stay inside.")
    expect(page.locator("#verdict-detail")).to_contain_text(re.compile(r"Entrée \d+:\d\d, desk"))
    page.get_by_role("button", name="Same person, recorded twice").click()
    expect(page.locator("#conflicts-open")).to_be_hidden()
    assert ConflictResolution.objects.values_list("kind", flat=True).get() == "duplicate"


def test_supervisor_moves_the_phone_to_another_checkpoint(open_page):
    event = make_event()
    room = Checkpoint.objects.create(event=event, name="Salle A")
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone", "en")
    pair_by_code(page, event, "/en", rights=["can_override"])
    type_as_hand_scanner(page, make_badge_code(badge))
    expect_verdict(page, "admitted")
    expect_free(page)

    page.locator("#menu-open").click()
    page.get_by_label("Checkpoint").select_option("Salle A")
    expect(page.locator("#checkpoint")).to_have_text("Salle A")
    page.locator("#menu-close").click()
    type_as_hand_scanner(page, make_badge_code(badge))
    expect_verdict(page, "admitted", name="Ana Silva")
    expect_all_sent(page)

    assert Presence.objects.filter(is_inside=True, checkpoint=room).count() == 1


def test_typed_code_that_is_none_or_not_on_the_list_is_explained(open_page):
    event = make_event()
    make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone", "en")
    with page.expect_response("**/scanner/attendees/"):
        pair_by_code(page, event, "/en", rights=["can_override"])
    page.context.set_offline(True)
    page.locator("#type-open").click()
    code, check = page.locator("#type-text"), page.get_by_role("button", name="Check this code")
    error = page.locator("#type-error")

    code.fill("ABCD-234")
    check.click()
    expect(error).to_contain_text("A short code has 8 characters and a whole code 125; this one has 7.")
    code.fill("ABCD-2349")
    check.click()
    expect(error).to_contain_text("Not a valid code.")
    code.fill("ABCD-2345")
    check.click()

    expect(error).to_contain_text(re.compile(r"not on this phone’s list, which dates from \d+:\d\d\."))
    assert Scan.objects.count() == 0
