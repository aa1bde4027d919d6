"""A list of registrations bypasses no application for a visit."""

import pytest

from convention.tables.files import ParsedTable
from convention.tables.row_errors import InvalidRows
from registrations.import_export.import_registrations import import_registrations
from registrations.models import Registration
from tests.factories import make_registration, make_ticket

from .factories import make_application, make_visit

pytestmark = pytest.mark.django_db


def test_import_is_refused_for_visit():
    visit = make_visit()
    table = ParsedTable(["first_name", "last_name", "email"], [(2, ["Ana", "Silva", "ana@example.org"])])
    with pytest.raises(InvalidRows) as error:
        import_registrations(event=visit.event, table=table)
    [(row, sentence)] = error.value.rows
    assert row == 2
    assert "on application" in sentence
    assert Registration.objects.count() == 0


def test_import_does_not_give_applicants_place_to_another_person():
    place = make_application(make_visit(), first_name="Zoé", last_name="Müller").registration
    header = ["reference", "first_name", "last_name"]
    table = ParsedTable(header, [(2, [place.reference, "Ana", "Silva"])])

    with pytest.raises(InvalidRows) as error:
        import_registrations(event=place.event, table=table)

    [(row, sentence)] = error.value.rows
    assert row == 2
    assert "on application" in sentence
    assert Registration.objects.get().last_name == "Müller"


def test_import_corrects_spelling_of_applicants_name():
    place = make_application(make_visit(), first_name="Zoé", last_name="Müller").registration
    table = ParsedTable(["reference", "first_name", "last_name"], [(2, [place.reference, "Zoé", "Muller"])])

    import_registrations(event=place.event, table=table)

    assert Registration.objects.get().last_name == "Muller"


def test_import_leaves_ticket_instead_of_giving_place_without_application():
    visit = make_visit()
    press = make_ticket(visit.event, slug="press", audience="press")
    place = make_registration(press)
    header = ["reference", "first_name", "last_name", "ticket"]
    member_slug = visit.event.tickets.get(audience="member").slug
    table = ParsedTable(header, [(2, [place.reference, "Zoé", "Müller", member_slug])])

    result = import_registrations(event=visit.event, table=table)

    [(_row, sentence)] = result.refused_tickets
    assert "on application" in sentence
    assert Registration.objects.get().ticket == press
