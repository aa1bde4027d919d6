"""The desk's page of one guest: a typed note is not lost."""

import pytest
from playwright.sync_api import expect

from registrations.models import Registration
from registrations.notes.models import StaffNote
from tests.factories import make_event, make_registration, make_ticket
from tests.journeys.test_desk import count_inside, open_desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def guest() -> Registration:
    return make_registration(make_ticket(make_event(slug="x")), first_name="Élo", last_name="Keller")


@pytest.mark.parametrize("action", [("button", "Faire entrer"), ("link", "Imprimer le badge")])
def test_typed_note_is_saved_with_the_next_action(open_page, site, client, guest, action):
    role, name = action
    page = open_page("desktop")
    open_desk(page, client, site, guest.event)
    page.goto(f"/desk/x/guests/{guest.reference}/")
    page.wait_for_load_state()

    page.locator("#id_text").fill("Remettre le dossier")
    page.get_by_role(role, name=name).click()

    page.wait_for_url(lambda url: not url.endswith(f"/{guest.reference}/"))
    assert StaffNote.objects.get().text == "Remettre le dossier"


def test_typed_note_stays_on_the_page_if_it_cannot_be_saved(open_page, site, client, guest):
    page = open_page("desktop")
    open_desk(page, client, site, guest.event)
    page.goto(f"/desk/x/guests/{guest.reference}/")
    page.wait_for_load_state()
    page.route("**/note/", lambda route: route.fulfill(status=502))

    page.locator("#id_text").fill("Remettre le dossier")
    page.get_by_role("button", name="Faire entrer").click()

    expect(page.locator("#unreachable")).to_be_visible()
    expect(page.locator("#id_text")).to_have_value("Remettre le dossier")
    assert count_inside() == 0
