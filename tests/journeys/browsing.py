"""Checks of a page in the browser."""

from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page

from convention.club.models import Person
from tests.screens import HEADLESS_CHROMIUM_NAMES, SCREENS

__all__ = ["HEADLESS_CHROMIUM_NAMES", "SCREENS"]

PROBLEMS: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()


def watch(page: Page) -> Page:
    """Record violations of the content security policy and uncaught errors."""
    problems = PROBLEMS.setdefault(page, [])

    def console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Permissions policy" in message.text:
            problems.append(f"{page.url}: {message.text}")

    page.on("console", console)
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    return page


def pop_page_problems(page: Page) -> list[str]:
    """Return the problems of a page since the last call."""
    problems = PROBLEMS.get(page, [])
    taken = list(problems)
    problems.clear()
    return taken


def sign_in(page: Page, client: Client, site: str, person: Person) -> None:
    """Give the page's browser the session of a signed-in person."""
    client.force_login(person)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])


# In the session's storage, since a click may leave the page. A field that is filled in counts as one click.
COUNT_CLICKS = """
const count = () => sessionStorage.setItem("clicks", Number(sessionStorage.getItem("clicks")) + 1);
const FIELDS = "input:not([type=radio], [type=checkbox]), select, textarea";
addEventListener("focusin", (event) => event.target.matches(FIELDS) && count(), true);
addEventListener("click", (event) => event.isTrusted && !event.target.matches(FIELDS) && count(), true);
"""


def count_clicks(page: Page) -> None:
    """Begin to count clicks and filled fields, from its next page on."""
    page.add_init_script(COUNT_CLICKS)


def get_click_count(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.getItem('clicks'))"))


def wait_for_value(page: Page, script: str, argument: object = None, *, value: object) -> None:
    """Wait until an asynchronous function returns the value: wait_for_function() takes a promise for true."""
    for _attempt in range(200):
        if page.evaluate(script, argument) == value:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"The page did not come to {value}.")


def assert_no_csp_violations(page: Page) -> None:
    assert pop_page_problems(page) == []


def assert_no_sideways_scroll(page: Page) -> None:
    page.wait_for_load_state()
    script = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scroll, client = page.evaluate(script)
    assert scroll <= client, f"{page.url} is {scroll} pixels wide on a screen of {client}"


def assert_accessible(page: Page, *, within: str = "html", without: tuple[str, ...] = ()) -> None:
    """Require no findings of axe-core (WCAG 2.2 A and AA, best practices); `without` names excluded rules."""
    found = find_accessibility_problems(page, within=within, without=without)
    assert found == [], f"{page.url}\n" + "\n".join(found)


def find_accessibility_problems(
    page: Page, *, within: str = "html", without: tuple[str, ...] = ()
) -> list[str]:
    """Return the findings of axe-core, one line each."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(axe_source())
    return page.evaluate(
        """async ([within, without]) => {
            const rules = Object.fromEntries(without.map((id) => [id, { enabled: false }]));
            const result = await axe.run(within, {
                preload: false,
                resultTypes: ["violations"],
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
                rules,
            });
            return result.violations.flatMap((violation) => violation.nodes.map(
                (node) => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
        }""",
        [within, list(without)],
    )


def axe_source() -> str:
    return (Path(settings.NODE_MODULES) / "axe-core" / "axe.min.js").read_text()
