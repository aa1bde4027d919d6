"""Scanner with a wrong clock, an old browser, evicted storage and a full room."""

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from badges.attendance.models import Presence, Scan
from tests.badges.attendance.factories import make_badge_code, make_event, make_registration
from tests.journeys.browsing import pop_page_problems
from tests.journeys.scanning import (
    expect_all_sent,
    expect_free,
    expect_pending,
    expect_verdict,
    pair,
    pair_by_code,
    tap,
    type_as_hand_scanner,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
NOTE_SOUNDS = """window.heard = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (when) {
        window.heard.push(this.frequency.value);
        return start.call(this, when);
    };"""
SUCCESS_HERTZ = 784
WITHOUT_ED25519 = """for (const name of ["importKey", "generateKey"]) {
        const method = crypto.subtle[name];
        crypto.subtle[name] = (...values) => JSON.stringify(values).includes("Ed25519")
            ? Promise.reject(new DOMException("missing", "NotSupportedError"))
            : method.apply(crypto.subtle, values);
    }"""


def scan(page: Page, code: str, verdict: str = "admitted", *, name: str | None = None) -> None:
    """Scan a badge, wait for the verdict, and dismiss it unless the badge is admitted.

    `name` tells two scans with the same verdict apart: the first one may still be on the screen.
    """
    type_as_hand_scanner(page, code)
    expect_verdict(page, verdict, name=name)
    if verdict != "admitted":
        tap(page)


def list_stored() -> list[tuple[str, str, bool]]:
    return list(Scan.objects.order_by("device_sequence").values_list("verdict", "reason", "let_in"))


def test_full_room_is_detected_offline_and_operator_may_let_attendee_in(open_page):
    event = make_event()
    event.checkpoints.update(capacity=2)
    badges = [make_registration(event, last_name=f"Numéro {number}") for number in range(4)]
    page = open_page("phone")
    page.add_init_script(NOTE_SOUNDS)
    pair_by_code(page, event)
    page.locator("#status-bar .checkpoint").click()
    page.context.set_offline(True)
    for number, badge in enumerate(badges[:2]):
        scan(page, make_badge_code(badge), name=f"Zoé Numéro {number}")
    page.wait_for_function(f"window.heard.filter((hertz) => hertz === {SUCCESS_HERTZ}).length === 2")
    page.evaluate("window.heard = []")

    scan(page, make_badge_code(badges[2]), "unverified")
    type_as_hand_scanner(page, make_badge_code(badges[3]))
    expect_verdict(page, "unverified", name="Zoé Numéro 3")
    expect(page.locator("#verdict-word")).to_have_text("Complet")
    expect(page.locator("#verdict")).to_have_attribute("data-tone", "full")
    page.get_by_role("button", name="Laisser entrer").click()
    expect_free(page)
    expect(page.locator("#last-line")).to_contain_text("Zoé Numéro 3 · Laissé entrer")
    heard = page.evaluate("window.heard")
    page.context.set_offline(False)
    expect_all_sent(page)

    assert SUCCESS_HERTZ not in heard
    inside = Presence.objects.filter(is_inside=True).values_list("registration", flat=True)
    assert set(inside) == {badges[0].pk, badges[1].pk, badges[3].pk}
    assert [let_in for _verdict, _reason, let_in in list_stored()] == [True, True, False, False, True]
    assert list_stored()[-1][:2] == ("admitted", "full")
    expect(page.locator("#verdict")).to_be_hidden()


def test_strict_checkpoint_offline_counts_only_attendees_let_in_by_operator(open_page):
    event = make_event()
    event.checkpoints.update(is_strict=True)
    online, sent_away, let_in = (make_registration(event, last_name=name) for name in ("Un", "Deux", "Trois"))
    page = open_page("phone")
    pair_by_code(page, event)
    scan(page, make_badge_code(online))
    expect_free(page)
    expect_all_sent(page)
    page.context.set_offline(True)

    scan(page, make_badge_code(sent_away), "unverified")
    type_as_hand_scanner(page, make_badge_code(let_in))
    expect_verdict(page, "unverified", name="Zoé Trois")
    page.get_by_role("button", name="Laisser entrer").click()
    expect_free(page)
    page.context.set_offline(False)
    expect_all_sent(page)

    assert set(Presence.objects.filter(is_inside=True).values_list("registration", flat=True)) == {
        online.pk,
        let_in.pk,
    }
    assert Scan.objects.filter(registration=online, let_in=True).count() == 1
    expect(page.locator("#verdict")).to_be_hidden()


def test_clock_set_back_offline_does_not_change_scan_times(open_page):
    event = make_event()
    badge, other = make_registration(event), make_registration(event, last_name="Deux")
    page = open_page("phone")
    page.clock.install()
    pair_by_code(page, event)
    page.context.set_offline(True)
    scan(page, make_badge_code(badge))
    yesterday = timezone.now() - datetime.timedelta(days=1)

    page.clock.set_system_time(yesterday)
    scan(page, make_badge_code(badge), "already_in")
    scan(page, make_badge_code(other))
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect_all_sent(page)

    assert [verdict for verdict, _reason, _let_in in list_stored()] == ["admitted", "already_in", "admitted"]
    last = Scan.objects.order_by("device_sequence").last()
    assert abs(last.effective_at - timezone.now()) < datetime.timedelta(minutes=2)


def test_correcting_slow_clock_offline_erases_neither_pairing_nor_scans(open_page):
    event = make_event()
    badge, other = make_registration(event), make_registration(event, last_name="Deux")
    page = open_page("phone")
    page.clock.install(time=timezone.now() - datetime.timedelta(days=3))
    pair(page, event, expires_at=timezone.now() + datetime.timedelta(days=1))
    page.context.set_offline(True)
    scan(page, make_badge_code(badge))

    page.clock.set_system_time(timezone.now())
    page.clock.run_for(3000)
    scan(page, make_badge_code(other))
    scan(page, make_badge_code(badge), "already_in")

    expect(page.locator("#checkpoint")).to_have_text("Entrée")
    expect_pending(page, 3)


def test_unknown_badge_waits_for_server_if_browser_lacks_ed25519(open_page):
    event = make_event()
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page = open_page("phone")
    page.add_init_script(WITHOUT_ED25519)
    pair_by_code(page, event)
    late = make_registration(event, first_name="Luc", last_name="Tardif", sequence=0)
    forged = make_badge_code(late)[:-40] + "A" * 40
    page.context.set_offline(True)

    scan(page, make_badge_code(badge))
    scan(page, make_badge_code(badge)[:-40] + "A" * 40, "refused")
    type_as_hand_scanner(page, forged)
    expect_verdict(page, "unverified")
    expect(page.locator("#verdict-detail")).to_contain_text("ne peut pas vérifier l’authenticité")
    expect(page.get_by_role("button", name="Laisser entrer")).to_have_count(0)
    tap(page)
    page.context.set_offline(False)
    expect_all_sent(page)
    type_as_hand_scanner(page, make_badge_code(late))
    expect_verdict(page, "admitted", name="Luc Tardif")
    expect_all_sent(page)

    assert list_stored()[1:3] == [("refused", "forged", False)] * 2
    assert set(Presence.objects.filter(is_inside=True).values_list("registration", flat=True)) == {
        badge.pk,
        late.pk,
    }


def test_evicted_storage_is_reported_and_loses_no_scan(open_page):
    event = make_event()
    badge, other = make_registration(event), make_registration(event, last_name="Deux")
    page = open_page("phone")
    pair_by_code(page, event)
    page.route("**/scanner/**", lambda route: route.abort())
    scan(page, make_badge_code(badge))
    expect_pending(page, 1)
    browser = page.context.new_cdp_session(page)

    browser.send(
        "Storage.clearDataForOrigin",
        {"origin": page.evaluate("location.origin"), "storageTypes": "indexeddb"},
    )
    expect(page.locator("#verdict-detail")).to_contain_text("scans non envoyés (1)")
    tap(page)
    expect_pending(page, 1)
    pop_page_problems(page)  # the browser reports transactions that the eviction interrupted
    page.unroute_all()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect_all_sent(page)
    scan(page, make_badge_code(other))
    scan(page, make_badge_code(badge), "already_in")
    expect_all_sent(page)

    assert [stored[0] for stored in list_stored()] == ["admitted", "admitted", "already_in"]
