"""An organizer imports a list on a phone: columns, errors, preview and undo; then merges a duplicate."""

import pytest
from django.test import Client
from playwright.sync_api import Page

from convention.club.models import ClubRole
from registrations.models import Registration
from tests.factories import make_event, make_person, make_registration, make_staff, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
SAMPLE_CSV = "Vorname,Kolumne,Adresse,Billet\nZoé,Müller,zoe@example.org,guest\nAna,Silva,nowhere,\n"


def check_page(page: Page) -> None:
    assert_no_sideways_scroll(page)
    assert_accessible(page)


def upload_list(page: Page, text: str) -> None:
    """Give the page a file and have it checked."""
    upload = {"name": "list.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("main [name=file]").set_input_files(upload)
    page.locator("main [name=check]").click()
    page.wait_for_load_state()


def map_columns(page: Page) -> None:
    for number, field in enumerate(("first_name", "last_name", "email", "ticket")):
        page.locator(f"[name=column-{number}]").select_option(field)
    page.locator("main [name=check]").click()
    page.wait_for_load_state()


@pytest.mark.long
@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_list_is_mapped_previewed_imported_and_undone_and_duplicate_merged(browser_page, prefix, site):
    page, event = browser_page, make_event(slug="congress")
    guest = make_ticket(event, slug="guest", is_default=True)
    organizer = make_person()
    ClubRole.objects.create(person=organizer, role=ClubRole.Role.ORGANIZER)
    sign_in(page, Client(), site, organizer)
    here = f"{prefix}/organize/congress/registrations/"
    page.goto(f"{here}import/")
    check_page(page)

    # Unknown column names and a row with an error, then the corrected list.
    upload_list(page, SAMPLE_CSV)
    check_page(page)
    map_columns(page)
    assert page.locator(".notice.error li").count() == 1
    check_page(page)
    page.goto(f"{here}import/")
    upload_list(page, SAMPLE_CSV.replace("nowhere", "ana@example.org"))
    map_columns(page)
    assert Registration.objects.count() == 0
    check_page(page)
    page.locator("#columns .button:not([name])").first.click()
    page.wait_for_load_state()
    check_page(page)
    assert Registration.objects.confirmed().count() == 2

    # Undo the import.
    page.goto(f"{here}imports/")
    check_page(page)
    page.locator("main table a[href*='/imports/']").first.click()
    check_page(page)
    page.locator("main form button.danger").click()
    page.wait_for_load_state()
    check_page(page)
    assert Registration.objects.confirmed().count() == 0

    # Merge two registrations of one person.
    kept = make_registration(
        guest, first_name="Zoé", last_name="Müller", email="z@example.org", company="Acme"
    )
    make_registration(guest, first_name="Zoé", last_name="Muller", email="z@example.org", company="Acme SA")
    page.goto(f"{here}duplicates/")
    check_page(page)
    page.locator("main .listing a.button").first.click()
    check_page(page)
    page.locator("main form button.danger").click()
    page.wait_for_load_state()
    check_page(page)
    assert Registration.objects.confirmed().get() == kept


@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_long_examples_do_not_break_a_heading_of_the_file_within_a_word(browser_page, site):
    page, event = browser_page, make_event(slug="congress")
    sign_in(page, Client(), site, make_staff(event))
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/organize/congress/registrations/import/")

    upload_list(page, f"Rechnungsadresse,Nom\n{'x' * 90},Müller\n")

    line_count = page.locator("#heading-0").evaluate(
        "(cell) => { const range = document.createRange(); range.selectNodeContents(cell); "
        "return range.getClientRects().length; }"
    )
    assert line_count == 1
    check_page(page)
