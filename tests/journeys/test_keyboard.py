"""Whole stories by keyboard alone: what is reached by Tab, said by typing, done by Enter or Space."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from badges.attendance.models import Presence
from registrations.models import Registration
from schedule.drafts.current_draft import get_current_draft
from tests.factories import make_event, make_registration, make_room, make_session, make_staff, make_ticket
from tests.journeys.browsing import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

MOST_STEPS = 80


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus, as somebody without a mouse would."""
    element = wanted.element_handle()
    for _step in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if element.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} was not reached by {MOST_STEPS} presses of Tab")


def enter(page: Page, wanted: Locator) -> None:
    tab_to(page, wanted)
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def write(page: Page, name: str, text: str) -> None:
    tab_to(page, page.locator(f"[name={name}]"))
    page.keyboard.type(text)


def test_a_guest_registers(open_page):
    event = make_event(slug="x")
    make_ticket(event, name="Invité")
    make_ticket(event, slug="other", name="Presse")
    page = open_page("desktop")
    page.goto("/events/x/")
    enter(page, page.locator("main").get_by_role("link", name="S’inscrire"))
    enter(page, page.get_by_role("button", name="Continuer vers les billets"))
    expect(page.locator("#error-summary")).to_be_focused()
    enter(page, page.locator("#error-summary a").first)
    expect(page.locator("[name=person-0-first_name]")).to_be_focused()
    page.keyboard.type("Zoé")
    write(page, "person-0-last_name", "Müller")
    write(page, "person-0-email", "zoe@example.org")
    enter(page, page.get_by_role("button", name="Continuer vers les billets"))
    tab_to(page, page.locator("[name=choice-0-ticket]").first)
    page.keyboard.press("Space")
    enter(page, page.locator("main .button.big"))
    enter(page, page.locator("main .button.big"))
    expect(page).to_have_url(re.compile("/orders/"))
    assert Registration.objects.get().name == "Zoé Müller"


def test_an_organizer_moves_a_session_to_another_room(open_page, site, client):
    event = make_event(slug="x")
    make_room(event, "Auditorium")
    session = make_session(event, "Le réseau", room=make_room(event, "Salle Curie"))
    page = open_page("desktop")
    sign_in(page, client, site, make_staff(event))
    page.goto("/organize/x/schedule/")
    enter(page, page.get_by_role("link", name="Le réseau"))
    tab_to(page, page.locator("[name=room]"))
    page.keyboard.type("Audi")
    enter(page, page.get_by_role("button", name=re.compile("^Enregistrer")))
    expect(page.get_by_role("status").first).to_be_visible()
    slot = get_current_draft(event).slots.get(session=session)
    assert slot.room.name == "Auditorium"


@pytest.mark.long
def test_the_desk_checks_somebody_in(open_page, site, client):
    event = make_event(slug="x")
    make_registration(make_ticket(event), first_name="Éloïse", last_name="Ferré")
    page = open_page("desktop")
    sign_in(page, client, site, make_staff(event, "desk"))
    page.goto("/desk/x/")
    page.keyboard.type("ferre")
    expect(page.locator(".person-name")).to_have_text(["Éloïse Ferré"])
    enter(page, page.get_by_role("button", name=re.compile("Faire entrer")))
    expect(page.locator("#verdict")).to_contain_text("Éloïse Ferré")
    assert Presence.objects.count() == 1
