"""The look: every component in every state, and the organizers' pages, on each screen, in light and dark."""

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

CRUEL = ("Infrastructures souveraines, exploitation responsable et gouvernance : " * 5)[:300]


def check(page: Page) -> None:
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    assert_no_csp_violations(page)


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_components_in_every_state(open_page, screen, language, prefix, scheme):
    page = open_page(screen, language, color_scheme=scheme)
    page.goto(f"{prefix}/organize/components/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Components")
    check(page)


def test_a_long_label_has_its_height_on_a_phone(open_page):
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
def test_any_accent_can_be_read(open_page, site, client, accent, scheme):
    event = make_event(slug="x", name=CRUEL, accent=accent)
    page = open_page("phone", color_scheme=scheme)
    sign_in(page, client, site, make_staff(event))
    for address in ("/", "/organize/x/settings/"):
        page.goto(address)
        check(page)


@pytest.mark.long
def test_organizers_pages_with_cruel_content(browser_page, site, client, prefix):
    event = make_event(slug="x", name=CRUEL)
    ticket = make_ticket(event, name=CRUEL[:120], capacity=10)
    for number in range(12):
        make_registration(ticket if number < 9 else make_ticket(event, slug=f"t{number}"), company=CRUEL)
    make_session(event, title=CRUEL)
    event.rooms.create(name=CRUEL[:200])
    make_staff(event, "desk", first_name=CRUEL[:150], last_name="X" * 150)
    sign_in(browser_page, client, site, make_administrator())
    for address in (
        "/", "/organize/", "/organize/new/", "/organize/new/all/", "/organize/new/start/convention/",
        "/organize/x/pictures/", "/organize/x/", "/organize/x/settings/", "/organize/x/rooms/",
        "/organize/x/people/", "/organize/x/venue/", "/desk/", "/desk/x/?q=zoe", "/nowhere/", "/dev/mail/",
    ):  # fmt: skip
        browser_page.goto(prefix + address)
        check(browser_page)


def test_the_desk_finds_while_one_types(browser_page, site, client, prefix):
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
    check(browser_page)
    browser_page.keyboard.press("Enter")
    browser_page.keyboard.type("banque")
    expect(browser_page.locator("#results .person-name")).to_have_text(["Paul Petit"])


def test_the_desk_works_without_javascript(no_javascript, site, client, prefix):
    event = make_event(slug="x")
    make_registration(make_ticket(event), first_name="Éloïse", last_name="Ferré")
    sign_in(no_javascript, client, site, make_staff(event, "desk"))
    no_javascript.goto(f"{prefix}/desk/x/")
    no_javascript.fill("#q", "ferre")
    no_javascript.keyboard.press("Enter")
    expect(no_javascript.locator(".person-name")).to_have_text(["Éloïse Ferré"])


def test_a_chosen_language_stays(open_page):
    make_event(slug="x")
    page = open_page("phone", "en", javascript=False)
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_the_keyboard_skips_to_the_content(open_page):
    page = open_page("desktop")
    page.goto("/accounts/login/")
    page.locator("body").press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_nothing_moves_while_a_page_loads(open_page):
    make_event(slug="x", name=CRUEL)
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
def test_an_event_is_made_and_staffed(browser_page, site, client, prefix, language):
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
    check(browser_page)
    browser_page.fill("#id_ends_at", "2031-06-16T18:00")
    browser_page.get_by_role(
        "button", name={"fr": "Créer l’événement", "en": "Create the event"}[language]
    ).click()
    expect(browser_page).to_have_url(re.compile(f"{site}{prefix}/organize/rencontre/settings/"))
    browser_page.get_by_role("link", name={"fr": "Équipe", "en": "People"}[language]).click()
    browser_page.fill("#id_email", "zoe@example.org")
    browser_page.get_by_role(
        "button", name={"fr": "Confier le rôle", "en": "Give the role"}[language]
    ).click()
    expect(browser_page.get_by_role("status")).to_contain_text("zoe@example.org")
    check(browser_page)
