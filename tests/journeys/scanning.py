"""What stories at the door ask of the scanner's page."""

from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.badges.attendance.making import make_device

TOKEN = "a-device-token-for-the-door-{}"


def pair(page: Page, event, prefix: str = "", **fields) -> str:
    """Open the pairing address; returns the device's token."""
    device, token = make_device(event, TOKEN.format(event.devices.count()), **fields)
    page.goto(f"{prefix}/scan/#pair={quote(token)}")
    expect(page.locator("#checkpoint")).to_have_text(device.checkpoint.name)
    return token


def expect_verdict(page: Page, verdict: str, *, name: str | None = None) -> None:
    """The whole screen says it."""
    expect(page.locator("#verdict")).to_be_visible(timeout=15_000)
    expect(page.locator("#verdict")).to_have_attribute("data-verdict", verdict)
    if name is not None:
        expect(page.locator("#verdict-name")).to_have_text(name)


def expect_free(page: Page) -> None:
    """Nothing covers the camera."""
    expect(page.locator("#verdict")).to_be_hidden()


def tap(page: Page) -> None:
    """Clear a held verdict; a touch within a quarter of a second of its coming does not count."""
    page.wait_for_timeout(300)
    page.locator("#verdict").click()
    expect_free(page)


def wedge(page: Page, text: str) -> None:
    """Type as a hand scanner does: key after key at once, then Enter."""
    page.evaluate(
        """(text) => [...text, "Enter"].forEach((key) => {
            const pressed = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(pressed);
        })""",
        text,
    )


def expect_all_sent(page: Page, *, timeout: float = 15_000) -> None:
    """Nothing waits on the phone."""
    expect(page.locator("#pending")).to_have_attribute("data-count", "0", timeout=timeout)


def expect_offline_ready(page: Page) -> None:
    """The phone itself says that it may lose the network."""
    page.locator("#menu-open").click()
    expect(page.locator("#ready")).to_have_attribute("data-ready", "true", timeout=15_000)
    page.locator("#menu-close").click()


def expect_pending(page: Page, count: int) -> None:
    """So many scans wait on the phone."""
    expect(page.locator("#pending")).to_have_attribute("data-count", str(count))
