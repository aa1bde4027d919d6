"""Pairing with single-use codes, and unsent scans that remain after their pairing has ended."""

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from badges.attendance.models import Device, Presence, Scan
from badges.attendance.scanning.inputs.device_signatures import is_signed_by_device, write_signed_item
from tests.badges.attendance.factories import make_badge_code, make_event, make_registration
from tests.journeys.scanning import (
    expect_all_sent,
    expect_pending,
    expect_verdict,
    pair,
    pair_by_code,
    show_code,
    type_as_hand_scanner,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
PAIR = "**/scanner/pair/"
SCANS = "**/scanner/scans/"


def scan(page: Page, code: str) -> None:
    """Scan a badge that is admitted."""
    type_as_hand_scanner(page, code)
    expect_verdict(page, "admitted")


def lose_answer(route: Route) -> None:
    """Let the server handle the request, but drop its response."""
    route.fetch()
    route.abort()


def test_pairing_code_pairs_only_one_phone_whose_key_signs_its_scans(open_page):
    starts = timezone.now() + datetime.timedelta(days=90)
    event = make_event(starts_at=starts, ends_at=starts + datetime.timedelta(days=1))
    badge = make_registration(event, first_name="Ana", last_name="Silva")
    page, other = open_page("phone"), open_page("phone", "en")

    code = pair_by_code(page, event)
    expect(page.locator("#early-notice")).to_contain_text("comptent déjà")
    with page.expect_request(SCANS) as sent:
        scan(page, make_badge_code(badge))
    expect_all_sent(page)
    page.goto(f"/scan/#code={code}")
    page.reload()
    expect(page.locator("#checkpoint")).to_have_text("Entrée")
    other.goto(f"/en/scan/#code={code}")

    expect(other.locator("#message")).to_contain_text("This pairing code has already been used")
    device = event.devices.get()
    [item] = sent.value.post_data_json["scans"]
    assert is_signed_by_device(
        write_signed_item(item),
        item["signature"],
        device_id=device.pk,
        public_key=bytes(device.public_key),
    )
    assert Scan.objects.values_list("verdict", "let_in").get() == ("admitted", True)


def test_pairing_retry_after_lost_response_creates_no_second_device(open_page):
    event = make_event()
    page = open_page("phone")
    code = show_code(event)
    page.route(PAIR, lose_answer, times=1)

    page.goto(f"/scan/#code={code}")
    expect(page.locator("#message")).to_contain_text("Le serveur ne répond pas")
    page.get_by_text("Sans appareil photo").click()
    # As the organizer's screen shows it.
    page.get_by_label("Lien ou code de jumelage").fill(f"{code[:5]} {code[5:10]} {code[10:]}")
    page.get_by_role("button", name="Jumeler ce téléphone").click()

    expect(page.locator("#checkpoint")).to_have_text("Entrée")
    assert event.devices.count() == 1


def test_scans_of_revoked_phone_are_sent_once_paired_with_their_event_again(open_page):
    event, other_event = make_event(name="Convention A"), make_event(name="Convention B")
    badge, other_badge = make_registration(event), make_registration(other_event)
    page = open_page("phone")
    pair_by_code(page, event)
    device = event.devices.get()
    page.context.set_offline(True)
    scan(page, make_badge_code(badge))
    Device.objects.update(revoked_at=timezone.now())
    page.context.set_offline(False)
    expect(page.locator("#message")).to_contain_text("Scans non envoyés\u202f: 1 (Convention A)")

    pair_by_code(page, other_event)
    scan(page, make_badge_code(other_badge))
    expect_all_sent(page)
    expect(page.locator("#other-pending")).to_have_text("Convention A\u202f: 1 à envoyer")
    page.locator("#menu-open").click()
    expect(page.locator("#other-queue")).to_contain_text("Jumelez-le avec cet événement pour les envoyer")
    page.get_by_role("button", name="Annuler le jumelage").click()
    expect(page.locator("#menu-error")).to_contain_text("Scans non envoyés\u202f: 1")
    page.get_by_role("button", name="Annuler le jumelage quand même").click()
    expect(page.locator("#message")).to_contain_text("Scans non envoyés\u202f: 1 (Convention A)")
    pair_by_code(page, event)
    expect_all_sent(page)

    expect(page.locator("#other-pending")).to_be_hidden()
    stored = Scan.objects.get(event=event)
    assert stored.device_id == device.pk
    assert stored.verdict == "admitted"
    assert stored.let_in is True
    assert stored.delivered_by_id == event.devices.exclude(pk=device.pk).get().pk
    assert Presence.objects.get(registration=badge).is_inside


@pytest.mark.long
@pytest.mark.parametrize("pair_phone", [pair, pair_by_code], ids=["token", "code"])
def test_scan_resent_after_new_pairing_makes_no_conflict(open_page, pair_phone):
    event = make_event()
    badge = make_registration(event)
    page = open_page("phone")
    pair_phone(page, event)
    page.route(SCANS, lose_answer, times=1)
    page.route(SCANS, lambda route: route.abort())
    scan(page, make_badge_code(badge))
    expect_pending(page, 1)
    Device.objects.update(revoked_at=timezone.now())
    page.unroute_all()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#message")).to_contain_text("ne peut plus scanner")

    pair_by_code(page, event)
    expect_all_sent(page)

    assert Scan.objects.values_list("verdict", "reason").get() == ("admitted", "")
    assert not Presence.objects.get().has_conflict
    expect(page.locator("#verdict")).to_be_hidden()
