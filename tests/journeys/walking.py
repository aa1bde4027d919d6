"""Checks of each page of the site; used by `test_every_page.py`."""

import gzip
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import translation
from playwright.sync_api import Page

from tests.journeys.browsing import axe_source, find_accessibility_problems, pop_page_problems

# What a public page may weigh without its pictures, compressed as it is served.
MOST_BYTES = 100_000
WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
PICTURES = (".svg", ".png", ".jpg", ".webp", ".ico")
SCHEMES = ("light", "dark")
# Pages that other packages draw.
ELSEWHERE = ("back-office/", "api/")

LAYOUT_SHIFT = """async () => {
    await document.fonts.ready;
    return await new Promise((done) => {
        let sum = 0;
        const moved = [];
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) {
                sum += entry.value;
                moved.push(...entry.sources.map(({ node }) => `${node?.nodeName}.${node?.className}`));
            }
        }).observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(
            () => done(sum > 0.001 ? `moves by ${sum.toFixed(3)}: ${moved.join(", ")}` : ""), 50)));
    });
}"""

FRAME = """() => {
    const shown = (element) => element.checkVisibility({ visibilityProperty: true });
    const headings = [...document.querySelectorAll("h1")].filter(shown);
    const said = [];
    if (headings.length !== 1) said.push(`${headings.length} headings of the first level`);
    if (document.querySelectorAll("main").length !== 1) said.push("not one main");
    return { said, language: document.documentElement.lang, title: document.title,
             wide: document.documentElement.scrollWidth - document.documentElement.clientWidth };
}"""

UNREACHABLE = """() => {
    const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary";
    // What Enter presses in a form's fields, where the first button to be seen does something else.
    const HIDDEN_DEFAULT = "form > button.visually-hidden[tabindex='-1'][aria-hidden='true']";
    const look = (element) => {
        const style = getComputedStyle(element);
        return ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "borderColor", "translate"]
            .map((name) => style[name]).join(" ");
    };
    const found = [];
    for (const element of document.querySelectorAll(controls)) {
        if (element.disabled || !element.checkVisibility({ visibilityProperty: true })) continue;
        if (element.matches(HIDDEN_DEFAULT)) continue;
        const name = element.outerHTML.slice(0, 100);
        document.activeElement?.blur();
        const before = look(element);
        element.focus({ focusVisible: true });
        if (document.activeElement !== element) { found.push(`takes no focus: ${name}`); continue; }
        if (element.tabIndex < 0) found.push(`not reached by Tab: ${name}`);
        if (look(element) === before) found.push(`focus not seen: ${name}`);
        const box = element.getBoundingClientRect();
        if (box.width < 1 || box.height < 1) found.push(`focused but without size: ${name}`);
    }
    document.activeElement?.blur();
    window.scrollTo(0, 0);
    return found;
}"""


@dataclass
class Walk:
    """One reader's way through the site, with the problems found."""

    page: Page
    language: str
    screen: str
    weighs: bool = False
    found: list[str] = field(default_factory=list)
    bytes_of: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page.add_init_script(axe_source())  # sent once, not with each page
        self.page.on("console", self._console)
        if self.weighs:
            self.page.on("response", self._weigh)

    def _console(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.found.append(f"{self.page.url}: console: {message.text}")

    def _weigh(self, response: Any) -> None:
        path = urlsplit(response.url).path
        if path in self.bytes_of or path.endswith(PICTURES) or response.status >= 300:
            return
        body = response.body()
        packed = path.endswith((".woff2", ".wasm"))
        self.bytes_of[path] = len(body) if packed else len(gzip.compress(body, 6))

    def visit(
        self, address: str, *, named: str = "", speaks: str = "", contrast: Collection[str] = SCHEMES
    ) -> None:
        """Open a page, and record all problems; `named` must be in its title.

        `contrast` names the schemes in which contrast is looked at: the costliest rule of axe-core.
        """
        speaks = speaks or self.language
        page = self.page
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDTHS[self.screen])
        page.goto(address)
        page.wait_for_load_state()
        wrong = [shift] if (shift := page.evaluate(LAYOUT_SHIFT)) else []
        wrong += self._frame(named, speaks)
        wrong += page.evaluate(UNREACHABLE)
        wrong += find_accessibility_problems(page, without=list_rules_to_skip("light", contrast))
        wrong += self._weight() if self.weighs else []
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(WIDTHS["phone" if self.screen == "desktop" else "desktop"])
        dark = find_accessibility_problems(page, without=list_rules_to_skip("dark", contrast))
        wrong += [f"dark, other width: {finding}" for finding in dark]
        wrong += self._frame(named, speaks)
        wrong += pop_page_problems(page)
        self.found += [f"{address}: {each}" for each in dict.fromkeys(wrong)]

    def _frame(self, named: str, speaks: str) -> list[str]:
        seen = self.page.evaluate(FRAME)
        wrong = list(seen["said"])
        if seen["language"] != speaks:
            wrong.append(f"lang is {seen['language']}")
        if named[:40] not in seen["title"]:
            wrong.append(f"the title does not name the event: {seen['title']}")
        if seen["wide"] > 0:
            wrong.append(f"{seen['wide']} pixels stand out to the side")
        return wrong

    def _weight(self) -> list[str]:
        needed = self.page.evaluate(
            "[location.href, ...performance.getEntriesByType('resource').map((entry) => entry.name)]"
        )
        weights = {path: self.bytes_of.get(path, 0) for path in {urlsplit(url).path for url in needed}}
        weight = sum(weights.values())
        return [f"weighs {weight} bytes: {weights}"] if weight > MOST_BYTES else []


def list_rules_to_skip(scheme: str, schemes: Collection[str]) -> tuple[str, ...]:
    """Return the rules to leave out in that scheme, where contrast is looked at in these."""
    return () if scheme in schemes else ("color-contrast",)


def list_named_pages() -> list[tuple[str, list[str]]]:
    """Return every named address that has a language, with its arguments; not the back office."""
    return list(_iterate_named_pages(get_resolver().url_patterns, ""))


def _iterate_named_pages(patterns: list[Any], before: str) -> Any:
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not any(other in address for other in ELSEWHERE):
                yield from _iterate_named_pages(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, list(pattern.pattern.regex.groupindex)


def list_pages_for(
    client: Client,
    language: str,
    values: dict[str, Any],
    special: dict[str, Any],
    *,
    known: set[str],
) -> dict[str, str]:
    """Return the addresses by name that this client is shown as pages, but for those in `known`."""
    shown = {}
    for name, arguments in list_named_pages():
        given = {**values, **special.get(name, {})}
        if not set(arguments) <= set(given) or name in known:
            continue
        with translation.override(language):
            address = reverse(name, kwargs={argument: given[argument] for argument in arguments})
        answer = client.get(address)
        answer.close()
        if answer.status_code != 200:
            continue
        if answer["Content-Type"].startswith("text/html"):
            shown[name] = address
        else:
            known.add(name)
    return shown
