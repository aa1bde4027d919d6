"""The scanner in a browser: pairing, scanning and the verdict of each badge."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from badges.attendance.models import Device, Presence, Scan
from badges.attendance.scanning.record_scans import record_scan_items
from tests.badges.attendance.factories import (
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll
from tests.journeys.scanning import (
    expect_all_sent,
    expect_free,
    expect_verdict,
    pair,
    pair_by_code,
    tap,
    type_as_hand_scanner,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def list_verdicts() -> list[tuple[str, str]]:
    """Return verdict and reason of each stored scan, in the order of the device."""
    return list(Scan.objects.order_by("device_sequence").values_list("verdict", "reason"))


@pytest.mark.long
def test_camera_scans_show_verdicts(camera_page, site):
    event = make_event()
    zoe = make_registration(event, first_name="Zoé", last_name="Müller", company="Acme")
    gone = make_registration(event, cancelled_at=timezone.now(), badge_version=2)
    foreign = make_registration(make_event())
    codes = [
        make_badge_code(zoe),
        None,
        make_badge_code(zoe),
        None,
        make_badge_code(gone),
        None,
        make_badge_code(foreign),
        None,
    ]
    page = camera_page(codes, seconds=3)

    pair(page, event)

    expect_verdict(page, "admitted", name="Zoé Müller")
    expect_free(page)
    expect_verdict(page, "already_in", name="Zoé Müller")

    page.wait_for_timeout(3000)

    expect_verdict(page, "already_in")

    tap(page)
    seen = set()

    for _ in range(2):
        expect_verdict(page, "refused")
        seen.add(page.locator("#verdict-detail").text_content())
        tap(page)

    assert seen == {"Cette inscription a été annulée.", "Badge d’un autre événement."}
    expect_all_sent(page)
    assert list_verdicts()[:2] == [("admitted", ""), ("already_in", "")]
    assert set(list_verdicts()[2:4]) == {("refused", "cancelled"), ("refused", "other_event")}


def test_unpaired_phone_shows_pairing_page(browser_page, prefix, language):
    browser_page.goto(f"{prefix}/scan/")
    title = {"fr": "Faire de ce téléphone un scanner", "en": "Use this phone as a scanner"}[language]

    expect(browser_page.get_by_role("heading", name=title)).to_be_visible()

    assert_no_sideways_scroll(browser_page)
    assert_accessible(browser_page)


def test_phone_is_paired_by_link_and_scans_with_hand_scanner(browser_page, prefix, language):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    event.tickets.update(name_en="Member")
    page = browser_page

    pair(page, event, prefix)

    assert "#" not in page.url

    type_as_hand_scanner(page, make_badge_code(badge))

    expect_verdict(page, "admitted", name="Ana Silva")

    expect(page.locator("#verdict-ticket")).to_have_text({"fr": "Adhérent", "en": "Member"}[language])
    expect(page.locator("#verdict-word")).to_have_text({"fr": "Bienvenue", "en": "Welcome"}[language])

    assert_accessible(page)
    expect_free(page)

    type_as_hand_scanner(page, make_badge_code(badge))

    expect_verdict(page, "already_in")
    assert_accessible(page)
    assert_no_sideways_scroll(page)

    tap(page)

    expect_all_sent(page)
    assert list_verdicts() == [("admitted", ""), ("already_in", "")]
    assert_accessible(page)


def test_hand_scanner_with_another_keyboard_layout_is_understood(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("desktop")
    pair(page, event)
    usual = "QWERTYUIOPASDFGHJKLZXCVBNM234567/.:-"
    french = "AZERTYUIOPQSDFGHJKLWXCVBN?é\"'(-è!:M)"
    token = make_badge_code(badge).split("/B/")[1]
    seen = "HTTPSM!!EXQ?PLE:ORG!B!" + "".join(french[usual.index(letter)] for letter in token)

    type_as_hand_scanner(page, seen)

    expect_verdict(page, "admitted", name="Ana Silva")
    expect_all_sent(page)
    assert list_verdicts() == [("admitted", "")]


def test_incomplete_code_of_hand_scanner_asks_for_another_scan(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone", "en")
    pair(page, event, "/en")

    type_as_hand_scanner(page, make_badge_code(badge)[:-30])

    expect_verdict(page, "unverified")
    expect(page.locator("#verdict-detail")).to_have_text("Incomplete code: scan again.")
    expect_all_sent(page)
    assert list_verdicts() == []


def test_badge_code_can_be_typed(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    pair(page, event)
    page.get_by_role("button", name="Saisir un code").click()
    page.get_by_label("Code court ou code complet").fill("abc")
    page.get_by_role("button", name="Vérifier ce code").click()
    expect(page.locator("#type-error")).to_be_visible()
    page.get_by_label("Code court ou code complet").fill(make_badge_code(badge).lower())

    page.get_by_role("button", name="Vérifier ce code").click()

    expect_verdict(page, "admitted", name="Ana Silva")


def test_second_phone_knows_presences_of_first_phone(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    first, second = open_page("phone"), open_page("phone", "en")
    pair(first, event)
    pair(second, event, "/en")

    type_as_hand_scanner(first, make_badge_code(badge))

    expect_verdict(first, "admitted")
    expect_all_sent(first)

    second.locator("#menu-open").click()
    second.locator("#send-now").click()
    second.locator("#menu-close").click()
    expect(second.locator("#inside")).to_have_text("1 inside")

    type_as_hand_scanner(second, make_badge_code(badge))

    expect_verdict(second, "already_in", name="Ana Silva")

    expect(second.locator("#verdict-detail")).to_contain_text("Entrée")
    expect(second.locator("#verdict-detail")).to_contain_text(re.compile(r"\d:\d\d"))

    type_as_hand_scanner(first, make_badge_code(badge))

    expect_verdict(first, "already_in", name="Ana Silva")

    expect(first.locator("#verdict-detail")).to_contain_text(re.compile(r"\d\sh"))


def test_phone_shows_bounds_of_headcount_while_another_phone_is_silent(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    silent_since = timezone.now() - datetime.timedelta(minutes=5)
    silent, _token = make_device(event, "silent", seen_at=silent_since)
    recorded = [make_item(make_badge_code(badge), let_in=True, at=(silent_since).isoformat())]
    record_scan_items(device=silent, items=recorded)
    Device.objects.filter(pk=silent.pk).update(seen_at=silent_since)

    page = open_page("phone", "en")
    pair(page, event, "/en")

    expect(page.locator("#inside")).to_have_text("1 inside (1–2)")
    page.locator("#menu-open").click()
    expect(page.locator("#headcount-reason")).to_have_text(
        "Between 1 and 2 people are inside. Devices not responding: 1; they may still have scans to send."
    )


def test_second_phone_knows_presences_after_server_clock_is_set_back(open_page, monkeypatch):
    """A second phone that misses the presence would admit the same badge again, unnoticed."""
    event = make_event(sequence=1)
    early, late = (make_registration(event, first_name=name, last_name="Silva") for name in ("Ana", "Eva"))
    first, second = open_page("phone"), open_page("phone", "en")
    pair(first, event)
    pair(second, event, "/en")

    type_as_hand_scanner(first, make_badge_code(early))

    expect_verdict(first, "admitted")
    expect_all_sent(first)

    synchronize_phone(second)
    expect(second.locator("#inside")).to_have_text("1 inside")
    before = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: before() - datetime.timedelta(minutes=20))

    type_as_hand_scanner(first, make_badge_code(late))

    expect_verdict(first, "admitted")
    expect_all_sent(first)

    synchronize_phone(second)
    expect(second.locator("#inside")).to_have_text("2 inside")

    type_as_hand_scanner(second, make_badge_code(late))

    expect_verdict(second, "already_in", name="Eva Silva")


def synchronize_phone(page) -> None:
    """Make a phone exchange scans with the server at once."""
    page.locator("#menu-open").click()
    page.locator("#send-now").click()
    page.locator("#menu-close").click()


def test_registration_unknown_to_phone_is_admitted_by_server(open_page):
    event = make_event()
    page = open_page("phone")
    pair(page, event)
    late = make_registration(event, first_name="Luc", last_name="Tardif", sequence=0)

    type_as_hand_scanner(page, make_badge_code(late))

    expect_verdict(page, "admitted", name="Luc Tardif")
    expect_all_sent(page)
    assert list(Scan.objects.values_list("local_verdict", "verdict")) == [("unverified", "admitted")]


def test_refusal_by_server_is_shown_on_phone(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    pair(page, event)
    page.route("**/scanner/snapshot/**", lambda route: route.abort())
    event.registrations.update(cancelled_at=timezone.now(), badge_version=2)

    type_as_hand_scanner(page, make_badge_code(badge))

    expect_verdict(page, "refused", name="Ana Silva")

    tap(page)
    expect(page.locator("#last-line")).to_contain_text("Refusé")


def test_last_scan_is_undone(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    pair(page, event)

    type_as_hand_scanner(page, make_badge_code(badge))

    expect_free(page)

    page.get_by_role("button", name="Annuler ce scan").click()
    expect(page.locator("#last-line")).to_have_text("Ana Silva\u202f: entrée annulée")

    expect_all_sent(page)
    assert Presence.objects.get().is_inside is False
    first, second = Scan.objects.order_by("device_sequence")
    assert second.direction == "in"
    assert second.undoes == first.uid
    assert second.reason == "undone"


def test_exit_scan_ends_presence(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone", "en")
    pair(page, event, "/en")

    type_as_hand_scanner(page, make_badge_code(badge))

    expect_free(page)

    page.get_by_text("Exit").click()
    type_as_hand_scanner(page, make_badge_code(badge))

    expect(page.locator("#verdict-word")).to_have_text("Goodbye")

    expect_all_sent(page)
    assert Presence.objects.get().is_inside is False


def test_invalid_codes_are_refused_with_reason(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone")
    pair(page, event)
    token = make_badge_code(badge)
    forged = token[:-40] + ("B" if token[-40] == "A" else "A") + token[-39:]
    for text, sentence in [
        ("HTTPS://EXAMPLE.ORG/WIFI", "Ce code n’est pas celui d’un badge."),
        (forged, "Non signé par l’organisateur\u202f: copie abîmée ou faux badge."),
        (make_badge_code(badge, badge_version=2), "Ce badge a été remplacé par un plus récent."),
    ]:
        type_as_hand_scanner(page, text)
        expect_verdict(page, "refused")
        expect(page.locator("#verdict-detail")).to_have_text(sentence)
        tap(page)


def test_refusal_is_replaced_by_next_badge_of_hand_scanner(open_page):
    event = make_event()
    first = make_registration(event, last_name="Un", badge_version=2)
    second = make_registration(event, last_name="Deux")
    page = open_page("phone")
    pair(page, event)

    type_as_hand_scanner(page, make_badge_code(first, badge_version=1))

    expect_verdict(page, "refused")

    type_as_hand_scanner(page, make_badge_code(second))

    expect_verdict(page, "admitted", name="Zoé Deux")
    expect_free(page)
    expect_all_sent(page)
    assert list_verdicts() == [("refused", "revoked"), ("admitted", "")]


def test_open_decision_is_not_replaced_and_says_so(open_page):
    event = make_event()
    event.checkpoints.update(capacity=1)
    inside, waiting, third = (make_registration(event, last_name=name) for name in ("Un", "Deux", "Trois"))
    page = open_page("phone", "en")
    pair_by_code(page, event, "/en")
    page.context.set_offline(True)
    type_as_hand_scanner(page, make_badge_code(inside))
    expect_verdict(page, "admitted")
    expect_free(page)
    type_as_hand_scanner(page, make_badge_code(waiting))
    expect_verdict(page, "unverified", name="Zoé Deux")

    type_as_hand_scanner(page, make_badge_code(third))

    sentence = "Other badge not read: confirm this one first."
    expect(page.locator("#verdict-hint")).to_contain_text(sentence)
    expect(page.locator("#announcement")).to_have_text(sentence)
    expect(page.locator("#verdict-name")).to_have_text("Zoé Deux")
    assert_accessible(page)


def test_online_only_checkpoint_needs_the_server(open_page):
    event = make_event()
    event.checkpoints.update(is_strict=True)
    badge, other = make_registration(event, last_name="Un"), make_registration(event, last_name="Deux")
    page = open_page("phone")
    pair(page, event)

    type_as_hand_scanner(page, make_badge_code(badge))

    expect_verdict(page, "admitted", name="Zoé Un")
    expect_free(page)

    page.context.set_offline(True)
    type_as_hand_scanner(page, make_badge_code(other))

    expect_verdict(page, "unverified", name="Zoé Deux")

    expect(page.locator("#verdict-detail")).to_contain_text("ne fonctionne qu’en ligne")


@pytest.mark.long
def test_each_verdict_has_distinct_sound_played_when_shown(open_page):
    event = make_event()
    badge = make_registration(event, badge_version=2)
    page = open_page("phone")
    page.add_init_script(
        """window.heard = [];
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (when) {
            const section = document.getElementById("verdict");
            const shown = section.hidden ? "" : section.dataset.verdict;
            window.heard.push([shown, this.type, this.frequency.value]);
            return start.call(this, when);
        };"""
    )
    pair(page, event)
    page.route("**/scanner/**", lambda route: route.abort())
    page.locator("#status-bar .checkpoint").click()
    sounds = {}

    for code, verdict in [
        (make_badge_code(badge), "admitted"),
        (make_badge_code(badge), "already_in"),
        (make_badge_code(badge, badge_version=1), "refused"),
        ("HTTPS://EXAMPLE.ORG/WIFI", "refused"),
    ]:
        page.evaluate("window.heard = []")
        type_as_hand_scanner(page, code)
        expect_verdict(page, verdict)
        page.wait_for_timeout(400)
        heard = page.evaluate("window.heard")
        assert {shown for shown, _wave, _hertz in heard} == {verdict}
        sounds[verdict] = tuple((wave, hertz) for _shown, wave, hertz in heard)
        if verdict == "admitted":
            expect_free(page)
        else:
            tap(page)

    assert len(set(sounds.values())) == 3


def test_insecure_address_is_reported(open_page, site):
    page = open_page("phone")
    page.route(
        "http://scanner.example/**",
        lambda route: route.fulfill(response=route.fetch(url=get_live_address(site, route))),
    )
    page.goto("http://scanner.example/scan/")
    expect(page.locator("#message")).to_contain_text("Ouvrez l’adresse qui commence par https")
    expect(page.locator("#pair-camera")).to_be_hidden()


def get_live_address(site: str, route) -> str:
    """Return the address of the same file on the live server."""
    return site + route.request.url.removeprefix("http://scanner.example")


def test_code_reader_that_failed_to_load_is_retried(camera_page, site):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = camera_page([make_badge_code(badge)])
    page.context.route("**/*.wasm", lambda route: route.abort())
    pair(page, event)
    expect(page.locator("#camera-state")).to_contain_text("Le lecteur de codes n’a pas pu être chargé")
    page.context.unroute_all()

    page.get_by_role("button", name="Réessayer l’appareil photo").click()

    expect_verdict(page, "admitted", name="Ana Silva")
