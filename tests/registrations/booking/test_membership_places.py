"""A place that a membership pass pays for goes only to another colleague with a seat."""

import pytest
from django.utils import translation

from convention.club.models import Membership
from convention.errors import InvalidFields
from convention.tables.files import ParsedTable
from convention.tables.row_errors import InvalidRows
from registrations.changes.correct import Correction, correct_as_organizer, correct_registration
from registrations.changes.forms import SubstitutionForm
from registrations.changes.substitute import substitute_as_organizer, substitute_attendee
from registrations.company.invitations import save_attendee_details
from registrations.import_export.import_registrations import import_registrations
from registrations.models import Registration
from registrations.order_request import RequestedPlace
from tests.factories import make_member
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    """A company with passes that a guest's ticket takes."""
    desk = make_desk()
    desk.event.tickets.filter(slug="guest").update(uses_pass=True)
    Membership.objects.update(passes=2)
    return desk


def order_place_with_pass(desk):
    order_rows(desk, {**make_row("Silva", desk.colleague.email), "first_name": "Ana"})
    return Registration.objects.get()


def place(email, **fields):
    return RequestedPlace(ticket="", **{"first_name": "Bob", "last_name": "Roi", "email": email, **fields})


def correction(email, **fields):
    names = {"first_name": "Bob", "last_name": "Roi"}
    return Correction(**{**names, "email": email, "company": "", "no_photo": False, **fields})


@pytest.mark.parametrize("substitute", [substitute_attendee, substitute_as_organizer])
def test_place_is_not_given_to_a_colleague_without_a_seat(desk, substitute):
    registration = order_place_with_pass(desk)

    with translation.override("en"), pytest.raises(InvalidFields) as refused:
        substitute(registration=registration, new_attendee=place(desk.without_seat.email))

    [sentence] = refused.value.field_errors["email"]
    assert sentence.startswith(
        f"A membership pass of {desk.company} pays for this place, and nobody with this address has one"
    )
    assert Registration.objects.get().name == "Ana Silva"


def test_form_needs_the_address_of_the_new_attendee(desk):
    form = SubstitutionForm(None, registration=order_place_with_pass(desk))

    assert form.fields["email"].required


def test_place_goes_to_a_colleague_with_a_seat(desk):
    registration = order_place_with_pass(desk)
    holder = make_member(desk.company, email="leo@x.example", first_name="Léo", last_name="Roi")

    changed = substitute_attendee(
        registration=registration, new_attendee=place("leo@x.example", first_name="Léo")
    )

    assert changed.name == "Léo Roi"
    assert changed.person == holder
    assert changed.membership_pass == registration.membership_pass


def test_place_without_a_pass_goes_to_anybody(desk):
    Membership.objects.update(passes=0)
    registration = order_place_with_pass(desk)

    changed = substitute_attendee(registration=registration, new_attendee=place(desk.without_seat.email))

    assert changed.name == "Bob Roi"


@pytest.mark.parametrize("correct", [correct_registration, correct_as_organizer])
def test_correction_does_not_transfer_the_place_without_a_seat(desk, correct):
    registration = order_place_with_pass(desk)

    with pytest.raises(InvalidFields) as refused:
        correct(registration=registration, correction=correction(desk.without_seat.email))

    assert list(refused.value.field_errors) == ["email"]


def test_correction_does_not_put_another_name_on_the_address_with_a_seat(desk):
    registration = order_place_with_pass(desk)

    with pytest.raises(InvalidFields) as refused:
        correct_registration(registration=registration, correction=correction(desk.colleague.email))

    assert list(refused.value.field_errors) == ["last_name"]


def test_spelling_of_the_name_is_corrected(desk):
    registration = order_place_with_pass(desk)
    spelt = correction(desk.colleague.email, first_name="Anna", last_name="Silva")

    corrected = correct_registration(registration=registration, correction=spelt)

    assert corrected.name == "Anna Silva"


def test_place_without_a_name_is_not_moved_to_an_address_without_a_seat(desk):
    registration = order_place_with_pass(desk)
    Registration.objects.update(first_name="", last_name="", issued_to={})

    with pytest.raises(InvalidFields):
        correct_registration(registration=registration, correction=correction(desk.without_seat.email))

    assert Registration.objects.get().email == desk.colleague.email


def test_invited_colleague_does_not_enter_another_persons_name(desk):
    registration = order_place_with_pass(desk)

    with pytest.raises(InvalidFields):
        save_attendee_details(registration=registration, details=place(""))

    assert Registration.objects.get().name == "Ana Silva"


def import_name(registration, *, first_name, last_name):
    row = [registration.reference, first_name, last_name]
    table = ParsedTable(["reference", "first_name", "last_name"], [(2, row)])
    return import_registrations(event=registration.event, table=table)


def test_imported_list_does_not_put_another_person_on_the_place(desk):
    registration = order_place_with_pass(desk)

    with translation.override("en"), pytest.raises(InvalidRows) as refused:
        import_name(registration, first_name="Bob", last_name="Roi")

    [(number, sentence)] = refused.value.rows
    assert number == 2
    assert sentence.startswith("A membership pass pays for this place")
    assert Registration.objects.get().name == "Ana Silva"


def test_imported_list_corrects_the_spelling_of_the_name(desk):
    registration = order_place_with_pass(desk)

    import_name(registration, first_name="Anna", last_name="Silva")

    assert Registration.objects.get().name == "Anna Silva"


def test_imported_list_puts_another_person_on_a_place_without_a_pass(desk):
    Membership.objects.update(passes=0)
    registration = order_place_with_pass(desk)

    import_name(registration, first_name="Bob", last_name="Roi")

    assert Registration.objects.get().name == "Bob Roi"


def test_page_says_that_the_place_needs_a_seat(desk):
    registration = order_place_with_pass(desk)

    page = desk.client.get(f"/en{desk.at}/registrations/{registration.reference}/").text

    assert "A membership pass pays for this place, so it can only go to a colleague with a seat." in page
