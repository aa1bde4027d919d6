"""Pictures of the pages: `make screenshots`.

Seeds the demo club in a separate database, serves it, and takes a screenshot of each page at phone and
desktop width, in French and English, light and dark, into screenshots/. Pictures for the README go to
docs/pictures/.
"""

import argparse
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.bench.site import ROOT, Site, free_port, run_server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = {"phone": (390, 844), "desktop": (1280, 800)}
PICTURES = ROOT / "docs" / "pictures"
PASSWORD = "convention"
ACCOUNT = "admin@club.example"


@dataclass(frozen=True)
class Shot:
    """One page: a short name, its address without language, and whether an organizer is signed in."""

    name: str
    path: str
    signed_in: bool = False


SHOTS = [
    Shot("home", "/"),
    Shot("event", "/events/convention/"),
    Shot("visit", "/events/visit-1/"),
    Shot("register", "/events/convention/register/"),
    Shot("agenda", "/events/convention/agenda/"),
    Shot("agenda-large", "/events/large/agenda/"),
    Shot("agenda-rooms", "/events/convention/agenda/?by=room"),
    Shot("speakers", "/events/convention/speakers/"),
    Shot("sign-in", "/accounts/login/"),
    Shot("not-found", "/events/nothing/"),
    Shot("scan", "/scan/"),
    Shot("mails", "/dev/mail/"),
    Shot("components", "/organize/components/", signed_in=True),
    Shot("me", "/me/", signed_in=True),
    Shot("tokens", "/me/tokens/", signed_in=True),
    Shot("organize", "/organize/", signed_in=True),
    Shot("overview", "/organize/convention/", signed_in=True),
    Shot("settings", "/organize/convention/settings/", signed_in=True),
    Shot("venue", "/organize/convention/venue/", signed_in=True),
    Shot("rooms", "/organize/convention/rooms/", signed_in=True),
    Shot("people", "/organize/convention/people/", signed_in=True),
    Shot("registrations", "/organize/convention/registrations/", signed_in=True),
    Shot("tickets", "/organize/convention/tickets/", signed_in=True),
    Shot("vouchers", "/organize/convention/tickets/vouchers/", signed_in=True),
    Shot("add-ons", "/organize/convention/tickets/add-ons/", signed_in=True),
    Shot("questions", "/organize/convention/questions/", signed_in=True),
    Shot("waiting", "/organize/convention/waiting/", signed_in=True),
    Shot("mailings", "/organize/convention/mail/", signed_in=True),
    Shot("companies", "/organize/club/", signed_in=True),
    Shot("people-of-club", "/organize/club/people/", signed_in=True),
    Shot("roles", "/organize/club/roles/", signed_in=True),
    Shot("groups", "/organize/club/groups/", signed_in=True),
    Shot("plans", "/organize/club/plans/", signed_in=True),
    Shot("money", "/organize/money/", signed_in=True),
    Shot("bank", "/organize/money/bank/", signed_in=True),
    Shot("schedule", "/organize/convention/schedule/", signed_in=True),
    Shot("board", "/organize/convention/schedule/board/", signed_in=True),
    Shot("conflicts", "/organize/convention/schedule/conflicts/", signed_in=True),
    Shot("plan", "/organize/convention/schedule/plan/", signed_in=True),
    Shot("publish", "/organize/convention/schedule/publish/", signed_in=True),
    Shot("versions", "/organize/convention/schedule/versions/", signed_in=True),
    Shot("schedule-history", "/organize/convention/schedule/history/", signed_in=True),
    Shot("organize-speakers", "/organize/convention/schedule/speakers/", signed_in=True),
    Shot("import", "/organize/convention/schedule/import/", signed_in=True),
    Shot("badges", "/organize/convention/badges/", signed_in=True),
    Shot("devices", "/organize/convention/devices/", signed_in=True),
    Shot("checkpoints", "/organize/convention/checkpoints/", signed_in=True),
    Shot("attendance", "/organize/convention/attendance/", signed_in=True),
    Shot("attendance-past", "/organize/{past}/attendance/", signed_in=True),
    Shot("desk", "/desk/convention/", signed_in=True),
]
SHOWN = {
    "event": "phone",
    "agenda": "desktop",
    "organize": "desktop",
    "scan": "phone",
    "attendance-past": "desktop",
}


@contextlib.contextmanager
def demo() -> Iterator[Site]:
    """Serve the demo club and the large demo from a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="convention-pictures-") as folder:
        port = free_port()
        environment = os.environ | {
            "VAR_DIR": folder, "MODE": "development", "RATE_LIMITS": "off", "SITE_URL": f"http://localhost:{port}",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "DEBUG": "off",
        }  # fmt: skip
        site = Site(port, environment["DATABASE_URL"], environment)
        site.manage("migrate", "-v0")
        for size in ("club", "large"):
            site.manage("seed", "--size", size)
        with run_server(site):
            yield site


def sign_in(page: Page) -> None:
    """Sign in as the demo's administrator."""
    page.goto("/en/accounts/login/")
    page.locator("[name=login]").fill(ACCOUNT)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_load_state()


def photograph(context: BrowserContext, shots: list[Shot], label: str, prefix: str, folder: Path) -> None:
    """Save each page as a file named by page, width, language and scheme; print problems."""
    page = context.new_page()
    page.on("pageerror", lambda error: print(f"{page.url}: {error}"))
    page.on("console", lambda message: message.type == "error" and print(f"{page.url}: {message.text}"))
    if any(shot.signed_in for shot in shots):
        sign_in(page)
    for shot in shots:
        answer = page.goto(prefix + shot.path)
        if answer and answer.status >= 500:
            print(f"{shot.path}: {answer.status}")
        page.screenshot(path=folder / f"{shot.name}-{label}.png", full_page=True)
        if label == f"{SHOWN.get(shot.name)}-fr-light":
            page.screenshot(path=PICTURES / f"{shot.name}.png")
        width, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if width > room:
            print(f"{prefix}{shot.path} is {width} pixels wide on a screen of {room}")


def past_edition(site: Site) -> str:
    """Return the slug of the demo's past convention."""
    script = "print(Event.objects.get(slug__startswith='convention-').slug)"
    return site.manage("shell", "-v0", "-c", script).strip().splitlines()[-1]


def main() -> None:
    """Take pictures of all pages, or of those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which pages (default: all)")
    parser.add_argument("--languages", default="fr,en")
    parser.add_argument("--schemes", default="light,dark")
    options = parser.parse_args()
    folder = ROOT / "screenshots"
    for place in (folder, PICTURES):
        place.mkdir(exist_ok=True)
    with demo() as site, sync_playwright() as playwright:
        past = past_edition(site)
        named = [s for s in SHOTS if not options.names or s.name in options.names]
        shots = [Shot(shot.name, shot.path.format(past=past), shot.signed_in) for shot in named]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for width, (wide, tall) in WIDTHS.items():
            for language in options.languages.split(","):
                for scheme in options.schemes.split(","):
                    context = browser.new_context(
                        base_url=f"http://localhost:{site.port}",
                        viewport={"width": wide, "height": tall},
                        color_scheme=scheme,
                        locale=language,
                    )
                    prefix = "/en" if language == "en" else ""
                    label = f"{width}-{language}-{scheme}"
                    for signed_in in (False, True):
                        chosen = [shot for shot in shots if shot.signed_in is signed_in]
                        photograph(context, chosen, label, prefix, folder)
                    context.close()


if __name__ == "__main__":
    main()
