"""A registration's page asks before entries of one form are lost."""

import pytest
from playwright.sync_api import Dialog, Page, expect

from registrations.models import Registration
from registrations.notes.models import StaffNote
from tests.factories import make_event, make_registration, make_staff, make_ticket
from tests.journeys.browsing import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def attendee() -> Registration:
    return make_registration(make_ticket(make_event(slug="x")), first_name="Élo", last_name="Keller")


@pytest.fixture
def registration_page(open_page, site, client, attendee) -> Page:
    page = open_page("desktop")
    sign_in(page, client, site, make_staff(attendee.event))
    page.goto(f"/en/organize/x/registrations/{attendee.reference}/")
    page.wait_for_load_state()
    return page


def type_note_after_name(page: Page) -> None:
    page.get_by_label("Last name").fill("Kessler")
    page.locator("#id_text").fill("Remettre le dossier")


def answer_dialogs(page: Page, *, is_accepted: bool) -> list[str]:
    kinds: list[str] = []

    def answer(dialog: Dialog) -> None:
        kinds.append(dialog.type)
        if is_accepted:
            dialog.accept()
        else:
            dialog.dismiss()

    page.on("dialog", answer)
    return kinds


def test_typed_name_stays_if_sending_the_note_is_declined(registration_page):
    kinds = answer_dialogs(registration_page, is_accepted=False)
    type_note_after_name(registration_page)

    registration_page.get_by_role("button", name="Save the note").click()

    assert kinds == ["confirm"]
    expect(registration_page.get_by_label("Last name")).to_have_value("Kessler")
    assert not StaffNote.objects.exists()


def test_note_is_sent_without_a_second_question_if_confirmed(registration_page):
    kinds = answer_dialogs(registration_page, is_accepted=True)
    type_note_after_name(registration_page)

    with registration_page.expect_navigation():
        registration_page.get_by_role("button", name="Save the note").click()

    assert kinds == ["confirm"]
    assert StaffNote.objects.get().text == "Remettre le dossier"


def test_only_changed_form_is_sent_without_a_question(registration_page):
    kinds = answer_dialogs(registration_page, is_accepted=False)
    registration_page.locator("#id_text").fill("Remettre le dossier")

    with registration_page.expect_navigation():
        registration_page.get_by_role("button", name="Save the note").click()

    assert kinds == []
    assert StaffNote.objects.exists()


def test_leaving_with_typed_name_is_asked_by_the_browser(registration_page):
    kinds = answer_dialogs(registration_page, is_accepted=True)
    registration_page.get_by_label("Last name").fill("Kessler")

    with registration_page.expect_navigation():
        registration_page.locator("a.back").click()

    assert kinds == ["beforeunload"]
