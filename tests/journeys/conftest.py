"""A real Chromium for whole stories: the headless one where it is installed, which costs half as much.

Fixtures:
- `site` the address of a live server with the test database (SQLite file or PostgreSQL); SITE_URL points
  to it, so that links in mails and codes lead there.
- `open_page(screen="phone", language="fr", javascript=True, **options)` opens a page in a fresh context;
  relative addresses work: `page.goto("/en/events/x/")`.
- `screen` (phone and desktop), `language` (fr and en), `prefix` ("" or "/en"): a test that names both runs on
  the phone in French (`make test`) and on the desktop in English (`make test-long`), one on a single screen
  in one of the languages (half of these tests in each); `make soak` does the rest. Narrow with
  `@pytest.mark.parametrize("screen", ["phone"], indirect=True)`.
- `browser_page` a page in that screen and language. `no_javascript` the same without JavaScript.
- `camera_page(codes, **options)` opens a page in a browser of its own whose camera shows these codes in turn.
At its end every page is checked: no breach of the content security policy, no uncaught error. A story that
expects some takes them from `page_problems(page)` first (it empties the list).
- `assert_accessible(page)` runs axe-core. `assert_no_sideways_scroll(page)`.
- `assert_no_csp_violations(page)`.
Import the functions from `tests.journeys.browsing`.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable
from zlib import crc32

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.camera import write_camera
from tests.journeys.browsing import HEADLESS_CHROMIUM_NAMES, SCREENS, pop_page_problems, watch

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-dev-shm-usage",
]


LANGUAGES = ("fr", "en")
STRAIGHT = {("phone", "fr"), ("desktop", "en")}
WAIT_TIMEOUT_MS = 30_000  # milliseconds; a busy machine is slow, not wrong
expect.set_options(timeout=WAIT_TIMEOUT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests, and those of their variants that run later.

    A failed one runs again, since a busy machine may starve it.
    """
    for item in items:
        if "browser_name" in getattr(item, "fixturenames", []):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))
    variants = defaultdict(set)
    items = [item for item in items if any(get_screen_and_language(item))]
    for item in items:
        if not item.get_closest_marker("soak"):
            variants[get_test_name(item)].add(get_screen_and_language(item))
    for item in items:
        if is_for_soak(item, variants[get_test_name(item)]):
            item.add_marker(pytest.mark.soak)
        elif variants[get_test_name(item)] >= STRAIGHT and get_screen_and_language(item) == ("desktop", "en"):
            item.add_marker(pytest.mark.long)


def is_for_soak(item: pytest.Item, variants: set[tuple[str, str]]) -> bool:
    """Return whether other variants of a story, by screen and language, are enough outside `make soak`."""
    screen, language = get_screen_and_language(item)
    if variants > STRAIGHT:
        return (screen, language) not in STRAIGHT
    if variants == {(screen, "fr"), (screen, "en")}:
        return language != LANGUAGES[crc32(item.nodeid.partition("[")[0].encode()) % 2]
    return False


def get_test_name(item: pytest.Item) -> tuple[str, str]:
    """Return the name of a test, and its parameters but for screen and language."""
    others = {name: value for name, value in get_params(item).items() if name not in {"screen", "language"}}
    return item.nodeid.partition("[")[0], repr(others)


def get_screen_and_language(item: pytest.Item) -> tuple[str, str]:
    return get_params(item).get("screen", ""), get_params(item).get("language", "")


def get_params(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if hasattr(item, "callspec") else {}


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the path of Chromium; without it the tests are skipped."""
    for name in HEADLESS_CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium here (Debian: apt-get install chromium)")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict, chromium_path: str) -> dict:
    return {**browser_type_launch_args, "executable_path": chromium_path, "args": ARGUMENTS}


@pytest.fixture
def site(resting_server, settings) -> str:
    """Return the live server's address, which becomes SITE_URL."""
    settings.SITE_URL = resting_server.url
    settings.CSRF_TRUSTED_ORIGINS = [resting_server.url]
    return resting_server.url


@pytest.fixture(params=list(SCREENS))
def screen(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def prefix(language: str) -> str:
    return "" if language == "fr" else f"/{language}"


@pytest.fixture
def open_page(site: str, browser: Browser):
    """Return a function that opens pages; at the end they are checked and closed."""
    contexts, pages = [], []

    def opened(
        screen: str = "desktop",
        language: str = "fr",
        *,
        javascript: bool = True,
        within: Browser | None = None,
        **options,
    ) -> Page:
        context = (within or browser).new_context(
            **{
                "base_url": site,
                "locale": {"fr": "fr-FR", "en": "en-GB"}[language],
                "timezone_id": "Europe/Paris",
                "java_script_enabled": javascript,
                **SCREENS[screen],
                **options,
            }
        )
        context.set_default_timeout(WAIT_TIMEOUT_MS)
        contexts.append(context)
        page = watch(context.new_page())
        context.on("page", lambda other: pages.append(watch(other)))
        pages.append(page)
        return page

    yield opened
    problems = [problem for page in pages for problem in pop_page_problems(page)]
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def browser_page(open_page: Callable[..., Page], screen: str, language: str) -> Page:
    return open_page(screen, language)


@pytest.fixture
def no_javascript(open_page: Callable[..., Page], screen: str, language: str) -> Page:
    return open_page(screen, language, javascript=False)


@pytest.fixture
def camera_page(open_page: Callable[..., Page], launch_browser: Callable[..., Browser], tmp_path):
    """Return a function that opens a page in a separate browser whose camera shows these codes in turn."""
    browsers = []

    def opened(codes: list[str | None], *, seconds: float = 2, **options) -> Page:
        film = write_camera(tmp_path / f"camera-{len(browsers)}.y4m", codes, seconds=seconds)
        fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        browsers.append(launch_browser(args=[*ARGUMENTS, *fake, f"--use-file-for-fake-video-capture={film}"]))
        return open_page(within=browsers[-1], **{"screen": "phone", "permissions": ["camera"], **options})

    yield opened
    for browser in browsers:
        browser.close()
