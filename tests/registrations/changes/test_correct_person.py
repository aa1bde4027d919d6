"""An organizer corrects a name: on the registration, and in the club’s directory where they say so."""

import pytest

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole
from convention.errors import InvalidFields
from registrations.changes.correct import Correction, correct_with_directory
from tests.factories import (
    LONG_AGO,
    make_administrator,
    make_event,
    make_member,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
SENTENCE = "L’annuaire du club orthographie ce nom autrement"


@pytest.fixture
def place():
    person = make_member(first_name="Zoe", last_name="Marchnad", email="zoe@x.example")
    ticket = make_ticket(make_event(), audience="member")
    names = {"first_name": "Zoe", "last_name": "Marchnad", "email": "zoe@x.example"}
    return make_registration(ticket, person=person, member_of=person.employments.get().company, **names)


def secretary_who_organizes(event):
    person = make_staff(event)
    ClubRole.objects.create(person=person, role="secretary", starts_on=LONG_AGO)
    return person


def sent(client, place, **typed):
    """The page of the registration, its correction posted."""
    address = f"/organize/{place.event.slug}/registrations/{place.reference}/"
    values = {"first_name": "Zoé", "last_name": "Marchand", "email": place.email, "company": place.company}
    return client.post(address, {**values, **typed}, follow=True).content.decode()


@pytest.mark.parametrize("who", [secretary_who_organizes, lambda _event: make_administrator()])
def test_who_may_corrects_the_directory_in_the_same_act(place, who):
    page = sent(
        make_client(who(place.event)), place, **{"correct-directory": "on", "correct-reason": "Faute"}
    )
    assert SENTENCE not in page
    place.refresh_from_db()
    assert (place.name, place.person.name) == ("Zoé Marchand", "Zoé Marchand")
    entries = AuditEntry.objects.order_by("pk").values_list("verb", "fields")
    assert list(entries) == [
        ("registration.correct", ["first_name", "last_name"]), ("person.change", ["first_name", "last_name"]),
    ]  # fmt: skip


def test_without_saying_so_the_directory_stays_and_the_page_tells(place):
    page = sent(make_client(make_administrator()), place)
    assert SENTENCE in page
    place.refresh_from_db()
    assert (place.name, place.person.name) == ("Zoé Marchand", "Zoe Marchnad")
    # Said later, with nothing else to correct.
    sent(make_client(make_administrator()), place, **{"correct-directory": "on"})
    place.person.refresh_from_db()
    assert place.person.name == "Zoé Marchand"


def test_an_organizer_alone_is_told_whom_to_ask(place):
    page = sent(make_client(make_staff(place.event)), place, **{"correct-directory": "on"})
    assert "demandez au secrétariat du club" in page
    assert "correct-directory" not in page
    place.refresh_from_db()
    assert (place.name, place.person.name) == ("Zoé Marchand", "Zoe Marchnad")


def test_a_name_that_the_directory_cannot_hold_changes_nothing(place):
    fields = {"first_name": "Zoé", "last_name": "M" * 151, "email": place.email, "company": ""}
    with pytest.raises(InvalidFields) as refused:
        correct_with_directory(registration=place, correction=Correction(**fields, no_photo=False))
    assert list(refused.value.field_errors) == ["last_name"]
    place.refresh_from_db()
    assert (place.last_name, place.person.last_name) == ("Marchnad", "Marchnad")


def test_a_place_that_goes_to_somebody_else_changes_nobodys_name():
    person = make_member(first_name="Zoe", last_name="Marchnad", email="zoe@x.example")
    place = make_registration(
        make_ticket(make_event()), person=person, first_name="Zoe", last_name="Marchnad", email=person.email
    )
    fields = {"first_name": "Bo", "last_name": "Autre", "email": "bo@x.example", "company": ""}
    corrected = correct_with_directory(registration=place, correction=Correction(**fields, no_photo=False))
    person.refresh_from_db()
    assert (corrected.person, corrected.name, person.name) == (None, "Bo Autre", "Zoe Marchnad")
