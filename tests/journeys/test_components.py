"""Components in every state and the organizers' pages, on each screen, in light and dark."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.factories import (
    make_administrator,
    make_event,
    make_registration,
    make_session,
    make_staff,
    make_ticket,
)
from tests.journeys.browsing import (
    assert_accessible,
    assert_no_csp_violations,
    assert_no_sideways_scroll,
    sign_in,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

LONG_TEXT = ("Infrastructures souveraines, exploitation responsable et gouvernance : " * 5)[:300]


def check_page(page: Page) -> None:
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    assert_no_csp_violations(page)


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_component_page_is_accessible_in_light_and_dark(open_page, screen, language, prefix, scheme):
    page = open_page(screen, language, color_scheme=scheme)
    page.goto(f"{prefix}/organize/components/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Components")

    check_page(page)


def test_long_label_wraps_on_phone(open_page):
    page = open_page("phone")
    page.goto("/organize/components/")

    heights = page.locator(".stacked td[data-label]").first.evaluate(
        """(cell) => ["Prix", "Nombre de places encore disponibles à la vente"].map((label) => {
            cell.dataset.label = label;
            return cell.offsetHeight;
        })"""
    )

    assert heights[1] > heights[0] * 1.5
    assert_no_sideways_scroll(page)


@pytest.mark.parametrize(
    ("accent", "scheme"),
    [
        ("#ffee00", "light"),
        ("#101010", "dark"),
        ("#ff0040", "dark"),
        pytest.param("#ffee00", "dark", marks=pytest.mark.soak),
        pytest.param("#101010", "light", marks=pytest.mark.soak),
        pytest.param("#ff0040", "light", marks=pytest.mark.soak),
    ],
)
def test_pages_are_accessible_with_any_accent(open_page, site, client, accent, scheme):
    event = make_event(slug="x", name=LONG_TEXT, accent=accent)
    page = open_page("phone", color_scheme=scheme)
    sign_in(page, client, site, make_staff(event))
    for address in ("/", "/organize/x/settings/"):
        page.goto(address)
        check_page(page)


@pytest.mark.long
def test_organizer_pages_fit_extreme_content(browser_page, site, client, prefix):
    event = make_event(slug="x", name=LONG_TEXT)
    ticket = make_ticket(event, name=LONG_TEXT[:120], capacity=10)
    for number in range(12):
        make_registration(ticket if number < 9 else make_ticket(event, slug=f"t{number}"), company=LONG_TEXT)
    make_session(event, title=LONG_TEXT)
    event.rooms.create(name=LONG_TEXT[:200])
    make_staff(event, "desk", first_name=LONG_TEXT[:150], last_name="X" * 150)
    sign_in(browser_page, client, site, make_administrator())
    for address in (
        "/", "/organize/", "/organize/new/", "/organize/new/all/", "/organize/new/start/convention/",
        "/organize/x/pictures/", "/organize/x/", "/organize/x/settings/", "/organize/x/rooms/",
        "/organize/x/people/", "/organize/x/venue/", "/desk/", "/desk/x/?q=zoe", "/nowhere/", "/dev/mail/",
    ):  # fmt: skip
        browser_page.goto(prefix + address)
        check_page(browser_page)


def test_desk_search_updates_while_typing(browser_page, site, client, prefix):
    event = make_event(slug="x")
    make_registration(make_ticket(event), first_name="Éloïse", last_name="Müller-Ferré", company="Énergie")
    make_registration(
        make_ticket(event, slug="other"), first_name="Paul", last_name="Petit", company="Banque"
    )
    sign_in(browser_page, client, site, make_staff(event, "desk"))
    browser_page.goto(f"{prefix}/desk/x/")
    expect(browser_page.locator("#q")).to_be_focused()
    browser_page.keyboard.type("ferre elo")

    expect(browser_page.locator(".person-name")).to_have_text(["Éloïse Müller-Ferré"])

    check_page(browser_page)

    browser_page.keyboard.press("Enter")
    browser_page.keyboard.type("banque")
    expect(browser_page.locator("#results .person-name")).to_have_text(["Paul Petit"])


def test_desk_search_works_without_javascript(no_javascript, site, client, prefix):
    event = make_event(slug="x")
    make_registration(make_ticket(event), first_name="Éloïse", last_name="Ferré")
    sign_in(no_javascript, client, site, make_staff(event, "desk"))
    no_javascript.goto(f"{prefix}/desk/x/")
    no_javascript.fill("#q", "ferre")
    no_javascript.keyboard.press("Enter")
    expect(no_javascript.locator(".person-name")).to_have_text(["Éloïse Ferré"])


def test_chosen_language_is_remembered(open_page):
    make_event(slug="x")
    page = open_page("phone", "en", javascript=False)
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_skip_link_focuses_content(open_page):
    page = open_page("desktop")
    page.goto("/accounts/login/")
    page.locator("body").press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_layout_does_not_shift_while_loading(open_page):
    make_event(slug="x", name=LONG_TEXT)
    page = open_page("phone")
    page.goto("/")

    shift = page.evaluate(
        """() => new Promise((done) => {
            let sum = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) sum += entry.value;
            }).observe({ type: "layout-shift", buffered: true });
            setTimeout(() => done(sum), 500);
        })"""
    )

    assert shift < 0.02


@pytest.mark.long
def test_administrator_creates_event_and_gives_role(browser_page, site, client, prefix, language):
    sign_in(browser_page, client, site, make_administrator())
    browser_page.goto(f"{prefix}/organize/")
    browser_page.get_by_role(
        "link", name={"fr": "Créer un événement", "en": "Create an event"}[language]
    ).first.click()
    browser_page.get_by_role(
        "link", name={"fr": "Tous les réglages sur une page", "en": "All settings on one page"}[language]
    ).click()
    browser_page.fill("#id_name", "Rencontre")
    browser_page.fill("#id_slug", "rencontre")
    browser_page.fill("#id_starts_at", "2031-06-16T09:00")
    browser_page.fill("#id_ends_at", "2031-06-16T08:00")
    browser_page.get_by_role(
        "button", name={"fr": "Créer l’événement", "en": "Create the event"}[language]
    ).click()
    summary = browser_page.locator("#error-summary a")
    expect(summary).to_have_count(1)
    summary.click()

    expect(browser_page.locator("#id_ends_at")).to_be_focused()

    check_page(browser_page)

    browser_page.fill("#id_ends_at", "2031-06-16T18:00")
    browser_page.get_by_role(
        "button", name={"fr": "Créer l’événement", "en": "Create the event"}[language]
    ).click()
    expect(browser_page).to_have_url(re.compile(f"{site}{prefix}/organize/rencontre/settings/"))
    browser_page.get_by_role("link", name={"fr": "Équipe", "en": "People"}[language]).click()
    browser_page.fill("#id_email", "zoe@example.org")
    give = browser_page.get_by_role("button", name={"fr": "Confier le rôle", "en": "Give the role"}[language])
    give.click()
    # Nobody has this address yet.
    browser_page.fill("#id_first_name", "Zoé")
    browser_page.fill("#id_last_name", "Martin")
    give.click()

    expect(browser_page.get_by_role("status")).to_contain_text("zoe@example.org")

    check_page(browser_page)
