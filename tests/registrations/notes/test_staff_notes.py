"""The note about an attendee on the organizers' pages: one note, which the desk sees too."""

import pytest
from django.urls import reverse

from badges.attendance.merge import merge_registrations_and_scans
from registrations.models import Registration
from registrations.notes.models import StaffNote
from registrations.notes.staff_notes import write_staff_note
from registrations.organizer.registration_list import RegistrationFilter
from tests.factories import make_registration

pytestmark = pytest.mark.django_db
LIST = "/en/organize/congress/registrations/"


@pytest.fixture
def registration(event) -> Registration:
    registration = make_registration(event.tickets.get())
    write_staff_note(registration=registration, text="Allergie sévère", written_by=None)
    return registration


def test_organizer_writes_the_note_that_the_desk_shows(organizer, event):
    registration = make_registration(event.tickets.get())

    organizer.post(f"{LIST}{registration.reference}/note/", {"text": "  Met at the   door "})

    note = StaffNote.objects.get()
    assert note.text == "Met at the door"
    assert note.written_by is not None
    assert (
        "Met at the door"
        in organizer.get(reverse("desk-guest", args=["congress", registration.reference])).text
    )


def test_empty_text_deletes_the_note(organizer, registration):
    organizer.post(f"{LIST}{registration.reference}/note/", {"text": ""})

    assert not StaffNote.objects.exists()


def test_too_long_note_is_refused(organizer, registration):
    answer = organizer.post(f"{LIST}{registration.reference}/note/", {"text": "x" * 501}, follow=True)

    assert "At most 500 characters" in answer.text
    assert StaffNote.objects.get().text == "Allergie sévère"


def test_registrations_page_shows_the_note(organizer, registration):
    page = organizer.get(f"{LIST}{registration.reference}/")

    assert 'value="Allergie sévère"' in page.text


def test_list_marks_registrations_with_a_note(organizer, event, registration):
    make_registration(event.tickets.get(), first_name="Ana", email="ana@example.org")

    page = organizer.get(LIST)

    assert page.text.count("Has a note for staff") == 1
    assert 'title="Allergie sévère"' in page.text


@pytest.mark.parametrize(("words", "count"), [("severe", 1), ("SÉVÈRE allergie", 1), ("severe zoé", 0)])
def test_search_finds_words_of_the_note_without_accents(event, registration, words, count):
    make_registration(event.tickets.get(), first_name="Ana", email="ana@example.org")

    found = RegistrationFilter(search_text=words).find_registrations(event)

    assert found.count() == count


def test_spreadsheet_contains_the_note(organizer, event, registration):
    table = organizer.get("/en/organize/congress/registrations.csv")

    text = table.getvalue().decode()
    assert "Note for staff" in text
    assert "Allergie sévère" in text


def test_attendee_does_not_see_the_note(client, registration):
    page = client.get(registration.order.manage_path)

    assert page.status_code == 200
    assert "Allergie" not in page.text


def test_note_of_a_merged_duplicate_is_added_to_that_of_the_survivor(registration):
    duplicate = make_registration(registration.ticket)
    write_staff_note(registration=duplicate, text="Fauteuil roulant", written_by=None)

    merge_registrations_and_scans(survivor=registration, other=duplicate)

    assert StaffNote.objects.get(registration=registration).text == "Allergie sévère · Fauteuil roulant"
