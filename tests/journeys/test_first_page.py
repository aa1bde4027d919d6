"""The home page in a real browser, and the simulated camera of these tests."""

import pytest
from django.test import Client
from playwright.sync_api import Page

from tests.factories import make_contact
from tests.journeys.browsing import assert_no_sideways_scroll, sign_in

pytestmark = pytest.mark.once


def test_home_page_fits_each_screen_and_language(browser_page: Page, prefix: str, language: str):
    browser_page.goto(f"{prefix}/")

    assert browser_page.locator("html").get_attribute("lang") == language
    assert_no_sideways_scroll(browser_page)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_link_of_the_main_menu_is_in_view_on_a_phone(open_page, site: str, prefix: str, language: str):
    member = make_contact()
    page = open_page("phone", language)
    sign_in(page, Client(), site, member)

    page.goto(f"{prefix}/me/")

    right_edges = page.eval_on_selector_all(
        ".site-header nav a", "links => links.map(link => link.getBoundingClientRect().right)"
    )
    assert len(right_edges) == 4
    assert max(right_edges) <= 390


def test_simulated_camera_has_expected_resolution(camera_page, site: str):
    page = camera_page(["HTTPS://EXAMPLE.ORG/B/ABC"])
    page.goto("/healthz")

    size = page.evaluate(
        """async () => {
            const stream = await navigator.mediaDevices.getUserMedia({ video: true });
            const { width, height } = stream.getVideoTracks()[0].getSettings();
            return [width, height];
        }"""
    )

    assert size == [1280, 720]
