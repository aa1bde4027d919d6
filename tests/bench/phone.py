"""Measure how soon a slow phone shows an agenda of 484 sessions: over slow 4G, then offline."""

import shutil
import statistics
from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.bench.figures import Figure
from tests.bench.site import Site
from tests.screens import CHROMIUM_NAMES, SCREENS

RUNS = 9
CPU_SLOWDOWN = 4
# "Slow 4G" as the browser's own developer tools set it: latency in ms, throughput in bytes a second.
SLOW_4G = {
    "offline": False,
    "latency": 562.5,
    "downloadThroughput": 1_474.56 * 1024 / 8,
    "uploadThroughput": 675 * 1024 / 8,
}
MAKE_LARGE_DAY = """
import datetime
from django.utils import timezone
from tests.factories import make_event
from tests.schedule.programme.large_days import SESSION_COUNT, make_large_day
start = timezone.now().replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=2)
event = make_event(slug="large-day", starts_at=start, ends_at=start + datetime.timedelta(hours=12))
contents = [
    (f"Observability of clouds, year {number}", "", (f"Camille Durand {number}", f"Noé Martin {number}"))
    for number in range(SESSION_COUNT)
]
make_large_day(event, starts_at=start, contents=contents)
"""
LARGEST_PAINT = """() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
        .observe({ type: "largest-contentful-paint", buffered: true });
})"""


def figures(site: Site) -> Iterator[Figure]:
    """Measure the first view of the agenda, and its reload without a network."""
    site.manage("shell", "-v0", "-c", MAKE_LARGE_DAY)
    address = f"http://127.0.0.1:{site.port}/en/events/large-day/agenda/"
    chromium = next(path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        first_views = [measure_first_view(browser, address) for _run in range(RUNS)]
        reload = measure_reload_offline(browser, address)
        browser.close()
    yield Figure(
        "first view of 484 sessions on a slow phone", statistics.median(first_views) / 1000, "s", at_most=2.5
    )
    yield Figure("the same, reloaded offline", reload / 1000, "s", at_most=2.5)


def measure_first_view(browser: Browser, address: str) -> float:
    """Return the milliseconds until the largest part of the first view is painted; nothing is cached."""
    context = browser.new_context(**SCREENS["phone"])
    page = open_slow_page(context)
    page.goto(address, wait_until="load")
    painted = page.evaluate(LARGEST_PAINT)
    context.close()
    return painted


def measure_reload_offline(browser: Browser, address: str) -> float:
    """Return the milliseconds until the stored programme is painted, and check that it says how old it is."""
    context = browser.new_context(**SCREENS["phone"])
    page = open_slow_page(context)
    page.goto(address, wait_until="networkidle")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload(wait_until="networkidle")
    context.set_offline(True)
    page.reload(wait_until="load")
    painted = page.evaluate(LARGEST_PAINT)
    expect(page.locator("article")).to_have_count(484)
    expect(page.locator(".offline-notice")).to_be_visible()
    context.close()
    return painted


def open_slow_page(context: BrowserContext) -> Page:
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", SLOW_4G)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    return page
