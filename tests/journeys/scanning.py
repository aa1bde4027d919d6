"""Actions and checks on the scanner's page."""

import time
from urllib.parse import quote

from playwright.sync_api import Page, expect

from badges.attendance.devices.pairing_codes import ShownCode, invite_devices
from tests.badges.attendance.factories import make_device
from tests.factories import make_administrator

TOKEN = "a-device-token-for-the-door-{}"
WAIT_TIMEOUT_SECONDS = 30  # seconds
SYNC_INTERVAL = 10  # seconds between two fetches of what changed (snapshot_sync.js)

# Notes each verdict the moment it is to be seen.
NOTE_WHAT_IS_SHOWN = """
    window.shown = [];
    window.told = 0;
    new MutationObserver(() => {
        const section = document.getElementById("verdict");
        if (!section || section.hidden) return;
        const name = document.getElementById("verdict-name").textContent;
        const now = { scan: section.dataset.scan, verdict: section.dataset.verdict, name };
        const last = window.shown.at(-1);
        if (!last || Object.keys(now).some((key) => now[key] !== last[key])) window.shown.push(now);
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""
# Whether such a one is on the screen, or was since the last time that this was asked and found.
WAS_SHOWN = """(wanted) => {
    const is = (one) => Object.keys(wanted).every((key) => one[key] === wanted[key]);
    const at = window.shown.findIndex((one, index) => index >= window.told && is(one));
    if (at >= 0) window.told = at + 1;
    const isUp = !document.getElementById("verdict").hidden && window.shown.length && is(window.shown.at(-1));
    return at >= 0 || isUp;
}"""


def pair(page: Page, event, prefix: str = "", **fields) -> str:
    """Open the pairing address; return the device's token once the phone is ready to scan."""
    device, token = make_device(event, TOKEN.format(event.devices.count()), **fields)
    open_pairing_address(page, f"{prefix}/scan/#pair={quote(token)}", device.checkpoint.name)
    return token


def pair_by_code(page: Page, event, prefix: str = "", **fields) -> str:
    """Open a pairing code of the event as a phone's camera does; return the code."""
    checkpoint = fields.pop("checkpoint", None) or event.checkpoints.first()
    code = show_code(event, checkpoint=checkpoint, **fields)
    open_pairing_address(page, f"{prefix}/scan/#code={code}", checkpoint.name)
    return code


def show_code(event, **fields) -> str:
    """Return the pairing code that an organizer's screen shows."""
    values = {"checkpoint": event.checkpoints.first(), "person": make_administrator()}
    return ShownCode(invite_devices(**values | fields)).text


def open_pairing_address(page: Page, address: str, checkpoint: str) -> None:
    """Open the address of a pairing code, and wait until the phone is ready to scan at that checkpoint."""
    if not page.evaluate("'shown' in window"):
        page.add_init_script(NOTE_WHAT_IS_SHOWN)
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-view", "scan")
    expect(page.locator("#checkpoint")).to_have_text(checkpoint)


def expect_verdict(page: Page, verdict: str, *, name: str | None = None) -> None:
    """Require that the screen shows the verdict, or did since the last call: green disappears by itself."""
    wanted = {"verdict": verdict, **({} if name is None else {"name": name})}
    ends = time.monotonic() + WAIT_TIMEOUT_SECONDS
    while not page.evaluate(WAS_SHOWN, wanted):
        if time.monotonic() > ends:
            raise AssertionError(f"{wanted} never came; shown so far: {page.evaluate('window.shown')}")
        page.wait_for_timeout(50)


def expect_free(page: Page) -> None:
    """Require that nothing covers the camera."""
    expect(page.locator("#verdict")).to_be_hidden()


def let_time_pass(page: Page, seconds: float) -> None:
    """Let so much time pass for the page, at once; `page.clock.install()` must come before the pairing."""
    page.wait_for_load_state("networkidle")  # the timer of the next fetch starts when a fetch ends
    page.clock.fast_forward(seconds * 1000)


def tap(page: Page) -> None:
    """Clear a held verdict; a touch within a quarter of a second of its appearance does not count."""
    page.wait_for_timeout(300)
    page.locator("#verdict").click()
    expect_free(page)


def type_as_hand_scanner(page: Page, text: str) -> None:
    """Type as a hand scanner does: key after key at once, then Enter."""
    page.evaluate(
        """(text) => [...text, "Enter"].forEach((key) => {
            const pressed = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(pressed);
        })""",
        text,
    )


def expect_all_sent(page: Page, *, timeout: float = 30_000) -> None:
    """Require that no scan waits on the phone."""
    expect(page.locator("#pending")).to_have_attribute("data-count", "0", timeout=timeout)


def expect_offline_ready(page: Page) -> None:
    """Require that the phone says it is ready to go offline."""
    page.locator("#menu-open").click()
    expect(page.locator("#ready")).to_have_attribute("data-ready", "true", timeout=30_000)
    page.locator("#menu-close").click()


def expect_pending(page: Page, count: int) -> None:
    """Require that so many scans wait on the phone."""
    expect(page.locator("#pending")).to_have_attribute("data-count", str(count))
