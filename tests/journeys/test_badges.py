"""An organizer checks and prints badges; the camera app of a phone opens a badge code."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from badges.codes import build_badge_code
from tests.factories import make_person, make_registration, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll
from tests.journeys.test_components import sign_in
from tests.pdf_readers import decode_qr

pytestmark = pytest.mark.once


@pytest.mark.long
def test_organizer_previews_badge_and_downloads_files(browser_page: Page, client, site, prefix):
    registration = make_registration(first_name="Zoé 🎉", company="Œuvre & Cie")
    sign_in(browser_page, client, site, make_person(is_superuser=True))
    browser_page.goto(f"{prefix}/organize/{registration.event.slug}/badges/")
    picture = browser_page.locator(".badge-preview img")
    expect(picture).to_have_js_property("complete", value=True)

    shown = Image.open(io.BytesIO(picture.screenshot()))

    assert decode_qr(shown.resize((shown.width * 2, shown.height * 2))) == [build_badge_code(registration)]

    expect(browser_page.locator(".attention li")).to_contain_text("Zoé 🎉")
    for layout in ("a4x4", "a6", "folded", "label"):
        with browser_page.expect_download() as download:
            browser_page.locator(f"[formaction$='/{layout}/print/']").click()
        content = download.value.path().read_bytes()
        assert set(decode_qr(content)) == {build_badge_code(registration)}

    assert_accessible(browser_page)
    assert_no_sideways_scroll(browser_page)


@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_badge_page_without_registrations_says_so(browser_page: Page, client, site):
    ticket = make_ticket()
    sign_in(browser_page, client, site, make_person(is_superuser=True))
    browser_page.goto(f"/organize/{ticket.event.slug}/badges/")

    expect(browser_page.locator(".empty")).to_contain_text(
        "Aucune inscription confirmée avec un nom pour le moment"
    )

    assert_accessible(browser_page)


@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_badge_code_opens_page_without_name(browser_page: Page):
    registration = make_registration(first_name="Xanthippe")
    browser_page.goto("/B/" + build_badge_code(registration).rpartition("/B/")[2])
    expect(browser_page.locator("h1")).to_have_text(f"Un badge de {registration.event.name}")

    expect(browser_page.locator("main")).not_to_contain_text("Xanthippe")

    assert_accessible(browser_page)
    assert_no_sideways_scroll(browser_page)
