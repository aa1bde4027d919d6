"""Whole tasks by keyboard alone: controls are reached by Tab and used by Enter or Space."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from badges.attendance.models import Presence
from registrations.models import Registration
from schedule.drafts.current_draft import get_current_draft
from tests.factories import make_event, make_registration, make_room, make_session, make_staff, make_ticket
from tests.journeys.browsing import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

MAX_TAB_PRESSES = 80


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus, as somebody without a mouse would."""
    element = wanted.element_handle()
    for _step in range(MAX_TAB_PRESSES):
        page.keyboard.press("Tab")
        if element.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} was not reached by {MAX_TAB_PRESSES} presses of Tab")


def press_enter_on(page: Page, wanted: Locator) -> None:
    tab_to(page, wanted)
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def type_into(page: Page, name: str, text: str) -> None:
    tab_to(page, page.locator(f"[name={name}]"))
    page.keyboard.type(text)


def test_guest_registers_by_keyboard(open_page):
    event = make_event(slug="x")
    make_ticket(event, name="Invité")
    make_ticket(event, slug="other", name="Presse")
    page = open_page("desktop")
    page.goto("/events/x/")
    press_enter_on(page, page.locator("main").get_by_role("link", name="S’inscrire"))
    press_enter_on(page, page.get_by_role("button", name="Continuer vers les billets"))
    expect(page.locator("#error-summary")).to_be_focused()
    press_enter_on(page, page.locator("#error-summary a").first)
    expect(page.locator("[name=person-0-first_name]")).to_be_focused()
    page.keyboard.type("Zoé")
    type_into(page, "person-0-last_name", "Müller")
    type_into(page, "person-0-email", "zoe@example.org")
    press_enter_on(page, page.get_by_role("button", name="Continuer vers les billets"))
    tab_to(page, page.locator("[name=choice-0-ticket]").first)
    page.keyboard.press("Space")
    press_enter_on(page, page.locator("main .button.big"))
    press_enter_on(page, page.locator("main .button.big"))

    expect(page).to_have_url(re.compile("/orders/"))

    assert Registration.objects.get().name == "Zoé Müller"


def test_organizer_moves_session_to_another_room_by_keyboard(open_page, site, client):
    event = make_event(slug="x")
    make_room(event, "Auditorium")
    session = make_session(event, "Le réseau", room=make_room(event, "Salle Curie"))
    page = open_page("desktop")
    sign_in(page, client, site, make_staff(event))
    page.goto("/organize/x/schedule/")
    press_enter_on(page, page.get_by_role("link", name="Le réseau"))
    tab_to(page, page.locator("[name=room]"))
    page.keyboard.type("Audi")
    press_enter_on(page, page.get_by_role("button", name=re.compile("^Enregistrer")))
    expect(page.get_by_role("status").first).to_be_visible()

    slot = get_current_draft(event).slots.get(session=session)

    assert slot.room.name == "Auditorium"


@pytest.mark.long
def test_desk_checks_in_guest_by_keyboard(open_page, site, client):
    event = make_event(slug="x")
    make_registration(make_ticket(event), first_name="Éloïse", last_name="Ferré")
    page = open_page("desktop")
    sign_in(page, client, site, make_staff(event, "desk"))
    page.goto("/desk/x/")
    page.keyboard.type("ferre")
    expect(page.locator(".person-name")).to_have_text(["Éloïse Ferré"])
    press_enter_on(page, page.get_by_role("button", name=re.compile("Faire entrer")))

    expect(page.locator("#verdict")).to_contain_text("Éloïse Ferré")

    assert Presence.objects.count() == 1
