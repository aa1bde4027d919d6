"""The first page in a real browser."""

import pytest
from playwright.sync_api import Page

from tests.journeys.browsing import assert_no_sideways_scroll

pytestmark = pytest.mark.once


def test_first_page_in_each_language_and_width(browser_page: Page, prefix: str, language: str):
    browser_page.goto(f"{prefix}/")
    assert browser_page.locator("html").get_attribute("lang") == language
    assert_no_sideways_scroll(browser_page)


def test_the_camera_shows_its_film(camera_page, site: str):
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
