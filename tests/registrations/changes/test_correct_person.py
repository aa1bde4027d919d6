"""An organizer corrects a name on the registration and, on request, in the club’s directory."""

import datetime

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole
from convention.errors import InvalidFields
from registrations.changes.correct import Correction
from registrations.organizer.directory_correction import correct_with_directory
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_event,
    make_member,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
DIRECTORY_DIFFERS = "L’annuaire du club orthographie ce nom autrement"


@pytest.fixture
def place():
    person = make_member(first_name="Zoe", last_name="Marchnad", email="zoe@x.example")
    ticket = make_ticket(make_event(), audience="member")
    names = {"first_name": "Zoe", "last_name": "Marchnad", "email": "zoe@x.example"}
    return make_registration(ticket, person=person, member_of=person.employments.get().company, **names)


def make_organizing_secretary(event):
    person = make_staff(event)
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return person


def post_correction(client, place, **typed):
    """Post a correction and return the page of the registration."""
    address = f"/organize/{place.event.slug}/registrations/{place.reference}/"
    values = {"first_name": "Zoé", "last_name": "Marchand", "email": place.email, "company": place.company}
    return client.post(address, {**values, **typed}, follow=True).content.decode()


@pytest.mark.parametrize("who", [make_organizing_secretary, lambda _event: make_administrator()])
def test_secretary_or_administrator_corrects_directory_too(place, who):
    page = post_correction(
        make_client(who(place.event)), place, **{"correct-directory": "on", "correct-reason": "Faute"}
    )

    assert DIRECTORY_DIFFERS not in page
    place.refresh_from_db()
    assert place.name == "Zoé Marchand"
    assert place.person.name == "Zoé Marchand"
    entries = AuditEntry.objects.order_by("pk").values_list("verb", "fields")
    assert list(entries) == [
        ("registration.correct", ["first_name", "last_name"]), ("person.change", ["first_name", "last_name"]),
    ]  # fmt: skip


def test_directory_is_unchanged_unless_requested_and_page_shows_difference(place):
    page = post_correction(make_client(make_administrator()), place)

    assert DIRECTORY_DIFFERS in page
    place.refresh_from_db()
    assert place.name == "Zoé Marchand"
    assert place.person.name == "Zoe Marchnad"

    # Requested later, with nothing else to correct.
    post_correction(make_client(make_administrator()), place, **{"correct-directory": "on"})

    place.person.refresh_from_db()
    assert place.person.name == "Zoé Marchand"


def test_organizer_without_club_role_is_referred_to_secretary(place):
    page = post_correction(make_client(make_staff(place.event)), place, **{"correct-directory": "on"})

    assert "demandez au secrétariat du club" in page
    assert "correct-directory" not in page
    place.refresh_from_db()
    assert place.name == "Zoé Marchand"
    assert place.person.name == "Zoe Marchnad"


def test_name_too_long_for_directory_changes_nothing(place):
    fields = {"first_name": "Zoé", "last_name": "M" * 151, "email": place.email, "company": ""}

    with pytest.raises(InvalidFields) as refused:
        correct_with_directory(registration=place, correction=Correction(**fields, no_photo=False))
    assert list(refused.value.field_errors) == ["last_name"]
    place.refresh_from_db()
    assert place.last_name == "Marchnad"
    assert place.person.last_name == "Marchnad"


def test_transfer_to_another_person_leaves_directory_unchanged():
    person = make_member(first_name="Zoe", last_name="Marchnad", email="zoe@x.example")
    place = make_registration(
        make_ticket(make_event()), person=person, first_name="Zoe", last_name="Marchnad", email=person.email
    )
    fields = {"first_name": "Bo", "last_name": "Autre", "email": "bo@x.example", "company": ""}

    corrected = correct_with_directory(registration=place, correction=Correction(**fields, no_photo=False))

    person.refresh_from_db()
    assert corrected.person is None
    assert corrected.name == "Bo Autre"
    assert person.name == "Zoe Marchnad"


SAME_NAME = {"first_name": "Zoe", "last_name": "Marchnad"}


def test_other_address_of_a_members_place_is_a_choice(place):
    client = make_client(make_staff(place.event))

    question = post_correction(client, place, **SAME_NAME, email="zoe@home.example")
    place.refresh_from_db()
    address_before = place.email
    post_correction(client, place, **SAME_NAME, email="zoe@home.example", any_address="on")

    place.refresh_from_db()
    assert 'name="any_address"' in question
    assert address_before == "zoe@x.example"
    assert place.email == "zoe@home.example"
    assert place.person.email == "zoe@x.example"
    assert place.member_of is not None
    assert place.badge_version == 1


def test_members_place_with_another_address_does_not_go_to_another_person(place):
    client = make_client(make_staff(place.event))

    post_correction(client, place, first_name="Bo", last_name="Autre", email="bo@x.example", any_address="on")

    place.refresh_from_db()
    assert place.name == "Zoe Marchnad"
    assert place.email == "zoe@x.example"


def test_exception_gets_the_address_of_a_member_by_choice(place):
    exception = make_registration(place.ticket, **SAME_NAME, email="guest@home.example")
    client = make_client(make_staff(place.event))

    question = post_correction(client, exception, **SAME_NAME, email="zoe@x.example")
    post_correction(client, exception, **SAME_NAME, email="zoe@x.example", any_address="on")

    exception.refresh_from_db()
    assert 'name="any_address"' in question
    assert exception.email == "zoe@x.example"
    assert exception.member_of is None


def test_page_offers_no_other_address_before_it_is_asked_for(place):
    client = make_client(make_staff(place.event))

    page = client.get(f"/organize/{place.event.slug}/registrations/{place.reference}/")

    assert 'name="any_address"' not in page.text


@pytest.fixture
def unconfirmed_place(place):
    place.confirmed_at, place.person, place.member_of = None, None, None
    place.hold_expires_at = timezone.now() + datetime.timedelta(minutes=30)
    place.save()
    return place


def test_unconfirmed_place_of_a_member_who_is_not_the_buyer_gets_another_address(unconfirmed_place):
    client = make_client(make_staff(unconfirmed_place.event))

    post_correction(client, unconfirmed_place, **SAME_NAME, email="zoe@home.example")

    unconfirmed_place.refresh_from_db()
    assert unconfirmed_place.email == "zoe@home.example"


def test_unconfirmed_place_of_the_buyer_keeps_its_address(unconfirmed_place):
    unconfirmed_place.order.email = unconfirmed_place.email
    unconfirmed_place.order.save()
    client = make_client(make_staff(unconfirmed_place.event))

    page = post_correction(client, unconfirmed_place, **SAME_NAME, email="zoe@home.example", any_address="on")

    unconfirmed_place.refresh_from_db()
    assert unconfirmed_place.email == "zoe@x.example"
    assert 'name="any_address"' not in page
