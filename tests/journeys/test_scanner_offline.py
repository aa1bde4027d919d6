"""Scanner offline, on a bad network and with a failing server: no scan is lost or stored twice."""

import datetime
import functools
import json
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from badges.attendance.models import Checkpoint, Device, Presence, Scan
from badges.scanner import shell
from registrations.sessions.booking import book_session
from tests.badges.attendance.factories import make_badge_code, make_event, make_registration
from tests.factories import make_session
from tests.journeys.scanning import (
    SYNC_INTERVAL,
    expect_all_sent,
    expect_free,
    expect_offline_ready,
    expect_pending,
    expect_verdict,
    let_time_pass,
    pair,
    tap,
    type_as_hand_scanner,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
SCANS = "**/scanner/scans/"
SNAPSHOT = "**/scanner/snapshot/**"


def scan(page: Page, code: str, verdict: str = "admitted") -> None:
    """Scan a badge, wait for the verdict, and dismiss it unless the badge is admitted."""
    type_as_hand_scanner(page, code)
    expect_verdict(page, verdict)
    if verdict != "admitted":
        tap(page)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_offline_scans_survive_reload_and_are_sent_on_reconnect(open_page, language):
    event = make_event()
    badges = [make_registration(event, last_name=f"Numéro {number}") for number in range(4)]
    type(badges[3]).objects.filter(pk=badges[3].pk).update(badge_version=2)
    page, prefix = open_page("phone", language), {"fr": "", "en": "/en"}[language]

    pair(page, event, prefix)

    expect_offline_ready(page)

    page.context.set_offline(True)
    expect(page.locator("#connection")).to_have_text({"fr": "Hors ligne", "en": "Offline"}[language])
    for badge in badges[:2]:
        scan(page, make_badge_code(badge))
    scan(page, make_badge_code(badges[0]), "already_in")

    scan(page, make_badge_code(badges[3], badge_version=1), "refused")

    expect_pending(page, 4)

    page.reload()
    expect(page.locator("#checkpoint")).to_have_text("Entrée")

    expect_pending(page, 4)

    type_as_hand_scanner(page, make_badge_code(badges[1]))

    expect_verdict(page, "already_in", name="Zoé Numéro 1")

    tap(page)
    scan(page, make_badge_code(badges[2]))

    assert Scan.objects.count() == 0

    page.context.set_offline(False)

    expect_all_sent(page)
    sent = Scan.objects.order_by("device_sequence").values_list("registration", "verdict", "reason")
    assert list(sent) == [
        (badges[0].pk, "admitted", ""),
        (badges[1].pk, "admitted", ""),
        (badges[0].pk, "already_in", ""),
        (badges[3].pk, "refused", "revoked"),
        (badges[1].pk, "already_in", ""),
        (badges[2].pk, "admitted", ""),
    ]
    assert Presence.objects.filter(is_inside=True).count() == 3

    expect(page.locator("#inside")).to_have_text({"fr": "3 sur place", "en": "3 inside"}[language])


@pytest.mark.long
def test_session_checkpoint_knows_bookings_offline(open_page):
    event = make_event()
    soon = timezone.now() + datetime.timedelta(hours=1)
    session = make_session(event, "Atelier", starts_at=soon, capacity=5, is_bookable=True)
    door = Checkpoint.objects.create(event=event, session=session, name="Atelier", kind="session")
    booked, late, stranger = (make_registration(event, last_name=name) for name in ("Un", "Deux", "Trois"))
    book_session(registration=booked, session=session)
    page = open_page("phone")
    page.clock.install()
    pair(page, event, checkpoint=door)
    page.wait_for_load_state("networkidle")  # a fetch from before the booking would be taken for the next one
    book_session(registration=late, session=session)
    with page.expect_response(SNAPSHOT) as fetched:
        let_time_pass(page, SYNC_INTERVAL)
    fetched.value.finished()
    page.context.set_offline(True)
    for badge, verdict in ((booked, "admitted"), (stranger, "refused"), (late, "admitted")):
        scan(page, make_badge_code(badge), verdict)

    page.context.set_offline(False)

    expect_all_sent(page)
    sent = Scan.objects.order_by("device_sequence").values_list("verdict", "reason")
    assert list(sent) == [("admitted", ""), ("refused", "not_booked"), ("admitted", "")]


def test_other_language_opens_offline(open_page):
    event = make_event()
    page = open_page("phone")

    pair(page, event)

    expect_offline_ready(page)

    page.context.set_offline(True)
    page.locator("#menu-open").click()
    page.get_by_role("link", name="English").click()
    expect(page.locator("#connection")).to_have_text("Offline")
    expect(page.locator("#checkpoint")).to_have_text("Entrée")


def test_badge_admitted_offline_by_two_phones_is_reported_to_second(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    first, second = open_page("phone"), open_page("phone")
    for page in (first, second):
        pair(page, event)
        page.context.set_offline(True)
    scan(first, make_badge_code(badge))

    scan(second, make_badge_code(badge))

    expect_free(second)

    first.context.set_offline(False)

    expect_all_sent(first)

    second.context.set_offline(False)

    expect_verdict(second, "already_in", name="Ana Silva")

    expect(second.locator("#verdict-detail")).to_contain_text("Ce badge a servi deux fois à entrer")

    assert Scan.objects.count() == 2

    tap(second)


UNUSABLE_RESPONSES = [
    {"status": 500, "body": "<h1>Server Error</h1>", "content_type": "text/html"},
    {"status": 413, "body": "too large"},
    {"status": 408, "body": "{}", "content_type": "application/problem+json"},
    {"status": 400, "body": "{}", "content_type": "application/json"},
    {"status": 404, "body": "{}", "content_type": "application/json"},
    {"status": 401, "body": "<h1>Sign in to the hotel</h1>", "content_type": "text/html"},
    {"status": 200, "body": "<h1>Welcome to the hotel</h1>", "content_type": "text/html"},
    {"status": 200, "body": '{"results": []}', "content_type": "application/json"},
    {"status": 200, "body": '{"results": [{"id": "other"}]}', "content_type": "application/json"},
    {"status": 302, "headers": {"Location": "/"}},
]


def respond_with(trouble: dict, route: Route) -> None:
    route.fulfill(**trouble)


def test_scan_stays_queued_until_server_confirms_it(open_page):
    event = make_event()
    page = open_page("phone")
    badges = [
        make_registration(event, last_name=f"Numéro {number}") for number in range(len(UNUSABLE_RESPONSES))
    ]
    pair(page, event)
    for number, (badge, trouble) in enumerate(zip(badges, UNUSABLE_RESPONSES, strict=True)):
        page.route(SCANS, functools.partial(respond_with, trouble))
        with page.expect_request(SCANS):
            type_as_hand_scanner(page, make_badge_code(badge))
        expect_verdict(page, "admitted", name=f"Zoé Numéro {number}")
        expect_pending(page, number + 1)
        page.unroute(SCANS)
        page.route(SCANS, lambda route: route.abort())
    page.unroute_all()

    page.evaluate("window.dispatchEvent(new Event('focus'))")

    expect_all_sent(page)
    assert Scan.objects.filter(verdict="admitted").count() == len(UNUSABLE_RESPONSES)


def test_retry_after_lost_response_stores_no_second_scan(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone")
    pair(page, event)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(SCANS, lose, times=1)
    scan(page, make_badge_code(badge))
    expect_all_sent(page)
    assert Scan.objects.values_list("verdict", flat=True).get() == "admitted"


@pytest.mark.long
def test_many_scans_are_sent_in_batches(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("desktop")
    sizes = []
    page.on("request", lambda request: sizes.append(count_scans(request)) if "scans" in request.url else None)
    pair(page, event)
    page.context.set_offline(True)
    scan(page, make_badge_code(badge))
    fill_outbox(page, 430)
    sizes.clear()

    page.context.set_offline(False)

    expect_all_sent(page, timeout=30_000)
    assert sorted(size for size in sizes if size)[-3:] == [31, 200, 200]
    assert Scan.objects.count() == 431


def count_scans(request) -> int:
    return len(json.loads(request.post_data or "{}").get("scans", []))


def fill_outbox(page: Page, count: int) -> None:
    """Copy the first scan `count` times into the outbox, each with another id and sequence."""
    page.evaluate(
        """async (count) => {
            const opened = indexedDB.open("convention-scanner");
            const db = await new Promise((done) => { opened.onsuccess = () => done(opened.result); });
            const store = db.transaction("outbox", "readwrite").objectStore("outbox");
            const asked = store.getAll();
            await new Promise((done) => { asked.onsuccess = done; });
            for (let at = 0; at < count; at += 1)
                store.add({ ...asked.result[0], id: crypto.randomUUID(), sequence: 10 + at });
            await new Promise((done) => { store.transaction.oncomplete = done; });
            db.close();
        }""",
        count,
    )


def test_two_tabs_do_not_send_scans_twice(open_page):
    event = make_event()
    badges = [make_registration(event) for _ in range(3)]
    page = open_page("desktop")
    bodies = []
    page.context.on("request", lambda sent: bodies.append(sent.post_data) if "scans" in sent.url else None)
    pair(page, event)
    other = page.context.new_page()
    other.goto("/scan/")
    expect(other.locator("#checkpoint")).to_have_text("Entrée")
    page.context.set_offline(True)
    for badge in badges:
        scan(page, make_badge_code(badge))
    bodies.clear()

    page.context.set_offline(False)

    expect_all_sent(page)
    expect_all_sent(other)

    sent = [item["id"] for body in bodies for item in json.loads(body)["scans"]]

    assert len(sent) == len(set(sent)) == 3
    assert Scan.objects.count() == 3


def test_revoked_phone_erases_attendees_but_keeps_unsent_scans(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone")
    pair(page, event)
    page.context.set_offline(True)
    scan(page, make_badge_code(badge))
    Device.objects.update(revoked_at=timezone.now())
    page.context.set_offline(False)
    told = re.compile("Sa liste a été effacée.*Scans non envoyés\u202f: 1")

    expect(page.locator("#message")).to_have_text(told)

    assert count_stored_rows(page) == {"pairing": 0, "registrations": 0, "presences": 0, "outbox": 1}

    pair(page, event)

    expect_all_sent(page)
    assert Scan.objects.get().verdict == "admitted"


def count_stored_rows(page: Page) -> dict[str, int]:
    """Return the number of rows in the phone's database, by store."""
    return page.evaluate(
        """async () => {
            const opened = indexedDB.open("convention-scanner");
            const db = await new Promise((done) => { opened.onsuccess = () => done(opened.result); });
            const count = (store, key) => new Promise((done) => {
                const asked = db.transaction(store).objectStore(store).count(key);
                asked.onsuccess = () => done(asked.result);
            });
            const names = ["registrations", "presences", "outbox"];
            const counts = await Promise.all(names.map((name) => count(name)));
            const pairing = await count("settings", "pairing");
            db.close();
            return { pairing, ...Object.fromEntries(names.map((name, at) => [name, counts[at]])) };
        }"""
    )


def test_unpairing_with_unsent_scans_shows_warning(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone")
    pair(page, event)
    page.context.set_offline(True)
    scan(page, make_badge_code(badge))
    page.locator("#menu-open").click()
    page.get_by_role("button", name="Annuler le jumelage", exact=True).click()
    expect(page.locator("#menu-error")).to_contain_text("Scans non envoyés\u202f: 1")

    page.context.set_offline(False)

    expect_all_sent(page)

    page.get_by_role("button", name="Annuler le jumelage", exact=True).click()
    expect(page.locator("#message")).to_have_text(
        "Ce téléphone n’est plus jumelé ; ses données ont été effacées."
    )

    assert count_stored_rows(page) == {"pairing": 0, "registrations": 0, "presences": 0, "outbox": 0}


def test_invalid_pairing_code_is_refused(open_page):
    event = make_event()
    page = open_page("phone")
    page.goto("/scan/#pair=a-token-that-never-was")
    expect(page.locator("#message")).to_contain_text("a expiré ou a été révoqué")
    page.get_by_text("Sans appareil photo").click()
    page.get_by_label("Lien ou code de jumelage").fill("https://example.org/")
    page.get_by_role("button", name="Jumeler ce téléphone").click()
    expect(page.locator("#message")).to_contain_text("Ce n’est pas un code de jumelage")
    page.route(SNAPSHOT, lambda route: route.abort())
    page.goto("/scan/#pair=a-token-that-never-was")
    page.reload()
    expect(page.locator("#message")).to_be_hidden()
    pair_offline = page.get_by_label("Lien ou code de jumelage")
    page.get_by_text("Sans appareil photo").click()
    page.route("**/scanner/pair/", lambda route: route.abort())
    pair_offline.fill("a-code-that-never-was")
    page.get_by_role("button", name="Jumeler ce téléphone").click()

    expect(page.locator("#message")).to_contain_text("Le serveur ne répond pas")

    assert event.devices.count() == 0


def test_scanning_works_without_camera(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("desktop")
    pair(page, event)
    expect(page.locator("#camera-state")).to_be_visible()
    scan(page, make_badge_code(badge))


@pytest.mark.long
def test_update_to_newer_version_loses_no_scan(open_page, monkeypatch):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone")

    pair(page, event)

    expect_offline_ready(page)

    page.route(SCANS, lambda route: route.abort())
    scan(page, make_badge_code(badge))

    expect_pending(page, 1)

    monkeypatch.setattr(shell, "hash_files", lambda: ["a newer version"])
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
    expect(page.locator("#update-now")).not_to_have_attribute("hidden", "")
    page.evaluate("document.body.dataset.version = 'old'")
    page.locator("#menu-open").click()
    page.get_by_role("button", name="Passer à la nouvelle version").click()
    expect(page.locator("body")).not_to_have_attribute("data-version", "old")

    expect(page.locator("#checkpoint")).to_have_text("Entrée")

    expect_pending(page, 1)

    page.unroute(SCANS)

    expect_all_sent(page)
    assert Scan.objects.count() == 1


def test_pairing_expires_offline(open_page):
    event = make_event()
    page = open_page("phone")
    page.clock.install()
    pair(page, event, expires_at=timezone.now() + datetime.timedelta(minutes=5))
    page.context.set_offline(True)
    let_time_pass(page, 5 * 60)

    expect(page.locator("#message")).to_contain_text("son jumelage a expiré")

    assert count_stored_rows(page) == {"pairing": 0, "registrations": 0, "presences": 0, "outbox": 0}


def test_idle_phone_shows_message_after_it_is_revoked(open_page):
    event = make_event()
    page = open_page("phone", "en")
    page.clock.install()
    pair(page, event, "/en")
    Device.objects.update(revoked_at=timezone.now())
    let_time_pass(page, SYNC_INTERVAL)
    expect(page.locator("#message")).to_contain_text("can no longer scan")


def test_refusal_of_old_token_does_not_end_new_pairing(open_page):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone")
    page.clock.install()
    old = pair(page, event)
    held: list[Route] = []

    def hold_old_token(route: Route) -> None:
        is_old = route.request.headers["authorization"] == f"Bearer {old}"
        held.append(route) if is_old else route.continue_()

    page.wait_for_load_state("networkidle")  # the fetch after the pairing must not be the one that is held
    Device.objects.update(revoked_at=timezone.now())
    page.route(SNAPSHOT, hold_old_token)
    with page.expect_request(SNAPSHOT):
        let_time_pass(page, SYNC_INTERVAL)
    with page.expect_response(SNAPSHOT) as paired:
        pair(page, event)
    assert paired.value.ok
    expect(page.locator("body")).to_have_attribute("data-view", "scan")
    with page.expect_response(SNAPSHOT) as refused:
        held.pop().continue_()
    refused.value.finished()
    assert refused.value.status == 401
    scan(page, make_badge_code(badge))
    expect_all_sent(page)
    expect(page.locator("#message")).not_to_contain_text("ne peut plus scanner")
    assert count_stored_rows(page)["pairing"] == 1
