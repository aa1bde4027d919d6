"""Measure from a badge in the camera's view to the verdict, in a real Chromium, for fifty badges in turn."""

import csv
import io
import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.bench.figures import Figure
from tests.bench.site import Site
from tests.camera import write_camera
from tests.screens import CHROMIUM_NAMES, SCREENS

BADGES = 50
SECONDS = 1.2
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
             "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]  # fmt: skip

# Notes when the picture changes, and when each verdict stands on the screen.
WATCH = """
    window.cameIntoView = null;
    window.measured = [];
    document.addEventListener("DOMContentLoaded", () => {
        const video = document.getElementById("video");
        const small = new OffscreenCanvas(64, 36).getContext("2d", { willReadFrequently: true });
        let before = null;
        const look = (now) => {
            small.drawImage(video, 0, 0, 64, 36);
            const { data } = small.getImageData(0, 0, 64, 36);
            let change = 0;
            if (before) for (let at = 0; at < data.length; at += 4) change += Math.abs(data[at] - before[at]);
            if (change > 2000) window.cameIntoView = now;
            before = data;
            video.requestVideoFrameCallback(look);
        };
        video.requestVideoFrameCallback(look);
        const verdict = document.getElementById("verdict");
        new MutationObserver(() => {
            const { scan, milliseconds } = verdict.dataset;
            const isTold = window.measured.at(-1)?.scan === scan;
            if (verdict.hidden || window.cameIntoView === null || isTold) return;
            const seen = performance.now() - window.cameIntoView;
            window.measured.push({ scan, seen, decided: Number(milliseconds) });
        }).observe(verdict, { attributes: true });
    });
"""


def figures(site: Site) -> Iterator[Figure]:
    """Measure decoding to verdict in the page, and badge in view to verdict on the screen."""
    codes = [row["code"] for row in csv.DictReader(io.StringIO(site.manage("codes", "large")))]
    token = json.loads(site.manage("pair", "large"))["token"]
    with tempfile.TemporaryDirectory(prefix="convention-bench-") as folder:
        film = write_camera(Path(folder) / "badges.y4m", codes[-BADGES:], seconds=SECONDS)
        measured = scan_film(film, f"http://127.0.0.1:{site.port}/scan/#pair={token}")
    decided = sorted(one["decided"] for one in measured)
    yield Figure("badges recognized in a video of 50", len(measured), "", at_least=BADGES)
    yield Figure("decode to verdict, p95", decided[int(0.95 * len(decided))], "ms", at_most=150)
    seen = statistics.median(one["seen"] for one in measured)
    yield Figure("badge in view to verdict, median", seen, "ms", at_most=1000)


def scan_film(film: Path, address: str) -> list[dict[str, float]]:
    """Pair a phone and play the film once."""
    chromium = next(path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=[*ARGUMENTS, f"--use-file-for-fake-video-capture={film}"]
        )
        page = browser.new_page(**SCREENS["phone"], permissions=["camera"])
        page.add_init_script(WATCH)
        page.goto(address)
        expect(page.locator("body")).to_have_attribute("data-view", "scan", timeout=60_000)
        measured = read_verdicts(page)
        browser.close()
    return measured


def read_verdicts(page: Page) -> list[dict[str, float]]:
    """Return the first fifty verdicts; fewer if the film ran twice without them."""
    for _second in range(int(2 * BADGES * SECONDS) + 30):
        if page.evaluate("window.measured.length") >= BADGES:
            break
        held = page.evaluate("!document.getElementById('verdict').hidden")
        if held and page.evaluate("document.getElementById('verdict').dataset.verdict") != "admitted":
            page.locator("#verdict").click()
        page.wait_for_timeout(1000)
    return page.evaluate(f"window.measured.slice(0, {BADGES})")
