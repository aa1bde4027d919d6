"""A badge that is scanned at the desk while the guest before is not checked in, with and without network."""

import pytest
from playwright.sync_api import Page, expect

from badges.codes import build_badge_code
from convention.events.models import Event
from registrations.models import Registration
from tests.factories import make_event, make_registration, make_ticket
from tests.journeys.browsing import assert_accessible
from tests.journeys.test_desk import TYPE_KEYS, count_inside, enable_offline, open_desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def event() -> Event:
    event = make_event(slug="x")
    ticket = make_ticket(event, name="Invité")
    for last_name in ("Abel", "Keller", "Simon"):
        make_registration(ticket, first_name="Élo", last_name=last_name)
    return event


def scan_badge(page: Page, last_name: str) -> None:
    # A hand scanner's keys arrive in the field, too; TYPE_KEYS alone writes nothing.
    page.locator("#q").fill("h")
    page.evaluate(TYPE_KEYS, [*build_badge_code(Registration.objects.get(last_name=last_name)), "Enter"])
    expect(page.locator("#results .person-name")).to_have_text([f"Élo {last_name}"])


@pytest.fixture
def page(open_page, site, client, event):
    page = open_page("desktop", "en")
    open_desk(page, client, site, event)
    page.goto("/en/desk/x/")
    return page


def test_guest_who_was_skipped_is_named_and_checked_in(page):
    scan_badge(page, "Keller")
    scan_badge(page, "Abel")

    skipped = page.locator("#skipped li")
    expect(skipped).to_have_count(1)
    expect(skipped).to_contain_text("Élo Keller was shown but not checked in.")
    assert_accessible(page)

    page.get_by_role("button", name="Check in Élo Keller").click()

    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")
    expect(page.locator("#skipped")).to_be_hidden()
    expect(page.locator("#results .person-name")).to_have_text(["Élo Abel"])

    page.keyboard.press("Enter")

    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Abel")
    assert count_inside() == 2


def test_each_skipped_guest_is_listed_until_dismissed(page):
    for last_name in ("Keller", "Abel", "Simon"):
        scan_badge(page, last_name)

    expect(page.locator("#skipped li")).to_have_count(2)

    page.get_by_role("button", name="Dismiss").click()

    expect(page.locator("#skipped")).to_be_hidden()
    expect(page.locator("#results .person-name")).to_have_text(["Élo Simon"])


def test_guest_who_was_checked_in_or_scanned_again_is_not_skipped(page):
    scan_badge(page, "Keller")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")
    scan_badge(page, "Abel")
    page.evaluate(TYPE_KEYS, [*build_badge_code(Registration.objects.get(last_name="Abel")), "Enter"])
    scan_badge(page, "Keller")

    expect(page.locator("#skipped li")).to_contain_text(["Élo Abel"])

    scan_badge(page, "Abel")

    expect(page.locator("#skipped")).to_be_hidden()


def test_guest_who_was_skipped_offline_is_named_and_checked_in(open_page, site, client, event):
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    page.context.set_offline(True)
    page.locator("#q").focus()
    scan_badge(page, "Keller")
    scan_badge(page, "Abel")

    skipped = page.locator("#skipped li")
    expect(skipped).to_have_count(1)
    expect(skipped).to_contain_text("Élo Keller")

    skipped.get_by_role("button").click()

    expect(page.locator("#verdict .desk-verdict.admitted")).to_contain_text("Élo Keller")
    expect(page.locator("#skipped")).to_be_hidden()
    expect(page.locator("#results .person-name")).to_have_text(["Élo Abel"])
