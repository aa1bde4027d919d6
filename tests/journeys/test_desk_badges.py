"""Badges that the browser draws at a desk without network look like those of the PDF."""

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Page, expect

from badges.printing.pdf import render_badge_pdf
from registrations.models import Registration
from tests.badges.printing.test_pdf import NAMES_BY_SCRIPT
from tests.factories import make_event, make_registration, make_ticket
from tests.journeys.test_desk import enable_offline, open_desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

NAMES = [
    ("Zoé", "Müller", "Énergie du Rhône"),
    ("Marie-Antoinette", "de La Rochefoucauld-Doudeauville", "Infrastructures souveraines et exploitation"),
    ("Li", "", ""),
    ("嘉玲", "歐陽", "臺灣電力"),
    ("प्रियङ्का", "श्रीवास्तव", "भारत संचार"),
]
MAX_SURPLUS_INK = 0.001


@pytest.mark.parametrize("names", NAMES)
def test_badge_drawn_in_browser_matches_pdf(open_page, site, client, names):
    first_name, last_name, company = names
    event = make_event(slug="x", name="Convention des infrastructures")
    guest = make_registration(
        make_ticket(event, name="Invité"),
        first_name=first_name,
        last_name=last_name,
        company=company,
        no_photo=True,
    )
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    page.locator("#q").fill(first_name[:2])
    page.get_by_role("button", name="Imprimer le badge").click()
    expect(page.locator("#badge-sheet svg")).to_have_count(1)

    assert measure_surplus_ink(page, guest) < MAX_SURPLUS_INK


@pytest.mark.long
@pytest.mark.timeout(600)
def test_badges_of_all_scripts_drawn_in_browser_match_pdf(open_page, site, client):
    event = make_event(slug="x", name="Convention des infrastructures")
    ticket = make_ticket(event, name="Invité")
    guests = {
        script: make_registration(ticket, first_name=first, last_name=last, company=company)
        for script, (first, last, company) in NAMES_BY_SCRIPT.items()
    }
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    surpluses = {}

    for script, guest in guests.items():
        page.locator("#q").fill(guest.reference)
        page.get_by_role("button", name="Imprimer le badge").click()
        page.wait_for_function("(count) => window.printed === count", arg=len(surpluses) + 1)
        surpluses[script] = measure_surplus_ink(page, guest)

    assert {script: surplus for script, surplus in surpluses.items() if surplus >= MAX_SURPLUS_INK} == {}


def measure_surplus_ink(page: Page, guest: Registration) -> float:
    """Return the share of the badge with ink in one picture, PDF or browser's, that the other lacks."""
    [printed] = pypdfium2.PdfDocument(render_badge_pdf(guest))
    expected = find_ink(printed.render(scale=2).to_pil())
    drawn = find_ink(print_to_picture(page).resize(expected.size))
    # Within three pixels, half a millimetre.
    surpluses = [
        ImageChops.subtract(ink, other.filter(ImageFilter.MaxFilter(7))).histogram()[255]
        for ink, other in ((drawn, expected), (expected, drawn))
    ]
    return max(surpluses) / (expected.width * expected.height)


def find_ink(picture: Image.Image) -> Image.Image:
    """Return the picture in black, with all that is not paper in white."""
    return picture.convert("L").point(lambda value: 255 if value < 160 else 0)


def print_to_picture(page: Page) -> Image.Image:
    """Return the page as its print style sheet prints it."""
    [printed] = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    return printed.render(scale=2).to_pil()
