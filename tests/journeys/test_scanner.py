"""At the door: pair, scan, and what each badge shows."""

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from badges.attendance.models import Presence, Scan
from tests.badges.attendance.factories import code_of, make_event, make_registration
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll
from tests.journeys.scanning import expect_all_sent, expect_free, expect_verdict, pair, tap, wedge

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def verdicts() -> list[tuple[str, str]]:
    """What the server made of the scans, in the order of the phone."""
    return list(Scan.objects.order_by("device_sequence").values_list("verdict", "reason"))


@pytest.mark.long
def test_badges_before_the_camera(camera_page, site):
    event = make_event()
    zoe = make_registration(event, first_name="Zoé", last_name="Müller", company="Acme")
    gone = make_registration(event, cancelled_at=timezone.now(), badge_version=2)
    foreign = make_registration(make_event())
    codes = [code_of(zoe), None, code_of(zoe), None, code_of(gone), None, code_of(foreign), None]
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
    assert verdicts()[:2] == [("admitted", ""), ("already_in", "")]
    assert set(verdicts()[2:4]) == {("refused", "cancelled"), ("refused", "other_event")}


def test_the_page_asks_to_be_paired(browser_page, prefix, language):
    browser_page.goto(f"{prefix}/scan/")
    title = {"fr": "Faire de ce téléphone un scanner", "en": "Use this phone as a scanner"}[language]
    expect(browser_page.get_by_role("heading", name=title)).to_be_visible()
    assert_no_sideways_scroll(browser_page)
    assert_accessible(browser_page)


def test_pairing_by_hand_and_scanning_with_a_hand_scanner(browser_page, prefix, language):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    event.tickets.update(name_en="Member")
    page = browser_page
    pair(page, event, prefix)
    assert "#" not in page.url
    wedge(page, code_of(badge))
    expect_verdict(page, "admitted", name="Ana Silva")
    expect(page.locator("#verdict-ticket")).to_have_text({"fr": "Adhérent", "en": "Member"}[language])
    expect(page.locator("#verdict-word")).to_have_text({"fr": "Bienvenue", "en": "Welcome"}[language])
    assert_accessible(page)
    expect_free(page)
    wedge(page, code_of(badge))
    expect_verdict(page, "already_in")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    tap(page)
    expect_all_sent(page)
    assert verdicts() == [("admitted", ""), ("already_in", "")]
    assert_accessible(page)


def test_real_keys_of_a_scanner_that_types_in_another_layout(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("desktop")
    pair(page, event)
    usual = "QWERTYUIOPASDFGHJKLZXCVBNM234567/.:-"
    french = "AZERTYUIOPQSDFGHJKLWXCVBN?é\"'(-è!:M)"
    token = code_of(badge).split("/B/")[1]
    seen = "HTTPSM!!EXQ?PLE:ORG!B!" + "".join(french[usual.index(letter)] for letter in token)
    wedge(page, seen)
    expect_verdict(page, "admitted", name="Ana Silva")
    expect_all_sent(page)
    assert verdicts() == [("admitted", "")]


def test_a_code_typed_by_hand(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    pair(page, event)
    page.get_by_role("button", name="Saisir un code").click()
    page.get_by_label("Code court ou code complet").fill("abc")
    page.get_by_role("button", name="Vérifier ce code").click()
    expect(page.locator("#type-error")).to_be_visible()
    page.get_by_label("Code court ou code complet").fill(code_of(badge).lower())
    page.get_by_role("button", name="Vérifier ce code").click()
    expect_verdict(page, "admitted", name="Ana Silva")


def test_a_second_phone_sees_who_is_in(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    first, second = open_page("phone"), open_page("phone", "en")
    pair(first, event)
    pair(second, event, "/en")
    wedge(first, code_of(badge))
    expect_verdict(first, "admitted")
    expect_all_sent(first)
    second.locator("#menu-open").click()
    second.locator("#send-now").click()
    second.locator("#menu-close").click()
    expect(second.locator("#inside")).to_have_text("1 inside")
    wedge(second, code_of(badge))
    expect_verdict(second, "already_in", name="Ana Silva")
    expect(second.locator("#verdict-detail")).to_contain_text("Entrée")


def test_a_second_phone_sees_who_is_in_after_the_server_s_clock_was_put_back(open_page, monkeypatch):
    """Without a network of its own to the first phone it would let the same badge in twice, unseen."""
    event = make_event(sequence=1)
    early, late = (make_registration(event, first_name=name, last_name="Silva") for name in ("Ana", "Eva"))
    first, second = open_page("phone"), open_page("phone", "en")
    pair(first, event)
    pair(second, event, "/en")
    wedge(first, code_of(early))
    expect_verdict(first, "admitted")
    expect_all_sent(first)
    ask_now(second)
    expect(second.locator("#inside")).to_have_text("1 inside")
    before = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: before() - datetime.timedelta(minutes=20))
    wedge(first, code_of(late))
    expect_verdict(first, "admitted")
    expect_all_sent(first)
    ask_now(second)
    expect(second.locator("#inside")).to_have_text("2 inside")
    wedge(second, code_of(late))
    expect_verdict(second, "already_in", name="Eva Silva")


def ask_now(page) -> None:
    """Let a phone ask the server at once."""
    page.locator("#menu-open").click()
    page.locator("#send-now").click()
    page.locator("#menu-close").click()


def test_someone_registered_a_minute_ago_turns_green_by_the_server(open_page):
    event = make_event()
    page = open_page("phone")
    pair(page, event)
    late = make_registration(event, first_name="Luc", last_name="Tardif", sequence=0)
    wedge(page, code_of(late))
    expect_verdict(page, "admitted", name="Luc Tardif")
    expect_all_sent(page)
    assert list(Scan.objects.values_list("local_verdict", "verdict")) == [("unverified", "admitted")]


def test_what_only_the_server_knows_comes_on_the_screen(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    pair(page, event)
    page.route("**/scanner/snapshot/**", lambda route: route.abort())
    event.registrations.update(cancelled_at=timezone.now(), badge_version=2)
    wedge(page, code_of(badge))
    expect_verdict(page, "refused", name="Ana Silva")
    tap(page)
    expect(page.locator("#last-line")).to_contain_text("Refusé")


def test_the_wrong_badge_undone_in_time(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    pair(page, event)
    wedge(page, code_of(badge))
    expect_free(page)
    page.get_by_role("button", name="Annuler ce scan").click()
    expect(page.locator("#last-line")).to_have_text("Ana Silva\u202f: entrée annulée")
    expect_all_sent(page)
    assert Presence.objects.get().is_inside is False
    first, second = Scan.objects.order_by("device_sequence")
    assert (second.direction, second.undoes, second.reason) == ("in", first.uid, "undone")


def test_an_exit(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone", "en")
    pair(page, event, "/en")
    wedge(page, code_of(badge))
    expect_free(page)
    page.get_by_text("Exit").click()
    wedge(page, code_of(badge))
    expect(page.locator("#verdict-word")).to_have_text("Goodbye")
    expect_all_sent(page)
    assert Presence.objects.get().is_inside is False


def test_what_is_no_badge(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone")
    pair(page, event)
    token = code_of(badge)
    forged = token[:-40] + ("B" if token[-40] == "A" else "A") + token[-39:]
    for text, sentence in [
        ("HTTPS://EXAMPLE.ORG/WIFI", "Ce code n’est pas celui d’un badge."),
        (forged, "Non signé par l’organisateur\u202f: copie abîmée ou faux badge."),
        (code_of(badge, badge_version=2), "Ce badge a été remplacé par un plus récent."),
    ]:
        wedge(page, text)
        expect_verdict(page, "refused")
        expect(page.locator("#verdict-detail")).to_have_text(sentence)
        tap(page)


def test_a_held_verdict_is_not_covered_by_the_next_badge(open_page):
    event = make_event()
    first, second = make_registration(event, last_name="Un"), make_registration(event, last_name="Deux")
    page = open_page("phone")
    pair(page, event)
    wedge(page, code_of(first, badge_version=2))
    expect_verdict(page, "refused")
    wedge(page, code_of(second))
    page.wait_for_timeout(300)
    expect_verdict(page, "refused")
    page.keyboard.press("Enter")
    expect_free(page)
    wedge(page, code_of(second))
    expect_verdict(page, "admitted", name="Zoé Deux")
    wedge(page, code_of(first))
    expect_verdict(page, "admitted", name="Zoé Un")


def test_a_door_that_decides_online_only(open_page):
    event = make_event()
    event.checkpoints.update(is_strict=True)
    badge, other = make_registration(event, last_name="Un"), make_registration(event, last_name="Deux")
    page = open_page("phone")
    pair(page, event)
    wedge(page, code_of(badge))
    expect_verdict(page, "admitted", name="Zoé Un")
    expect_free(page)
    page.context.set_offline(True)
    wedge(page, code_of(other))
    expect_verdict(page, "unverified", name="Zoé Deux")
    expect(page.locator("#verdict-detail")).to_contain_text("ne fonctionne qu’en ligne")


@pytest.mark.long
def test_each_verdict_sounds_of_its_own_and_never_before_it_shows(open_page):
    event = make_event()
    badge = make_registration(event)
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
        (code_of(badge), "admitted"),
        (code_of(badge), "already_in"),
        (code_of(badge, badge_version=9), "refused"),
        ("HTTPS://EXAMPLE.ORG/WIFI", "refused"),
    ]:
        page.evaluate("window.heard = []")
        wedge(page, code)
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


def test_an_insecure_address_says_so(open_page, site):
    page = open_page("phone")
    page.route(
        "http://scanner.example/**", lambda route: route.fulfill(response=route.fetch(url=at(site, route)))
    )
    page.goto("http://scanner.example/scan/")
    expect(page.locator("#message")).to_contain_text("Ouvrez l’adresse qui commence par https")
    expect(page.locator("#pair-camera")).to_be_hidden()


def at(site: str, route) -> str:
    """The same file on the live server."""
    return site + route.request.url.removeprefix("http://scanner.example")


def test_the_code_reader_that_did_not_load_is_tried_again(camera_page, site):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = camera_page([code_of(badge)])
    page.context.route("**/*.wasm", lambda route: route.abort())
    pair(page, event)
    expect(page.locator("#camera-state")).to_contain_text("Le lecteur de codes n’a pas pu être chargé")
    page.context.unroute_all()
    page.get_by_role("button", name="Réessayer l’appareil photo").click()
    expect_verdict(page, "admitted", name="Ana Silva")
