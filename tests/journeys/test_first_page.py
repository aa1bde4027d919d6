"""The home page in a real browser, and the simulated camera of these tests."""

import pytest
from playwright.sync_api import Page

from tests.journeys.browsing import assert_no_sideways_scroll

pytestmark = pytest.mark.once


def test_home_page_fits_each_screen_and_language(browser_page: Page, prefix: str, language: str):
    browser_page.goto(f"{prefix}/")

    assert browser_page.locator("html").get_attribute("lang") == language
    assert_no_sideways_scroll(browser_page)


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
