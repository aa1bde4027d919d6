"""Adding a person to the directory by hand."""

import pytest

from convention.audit.models import AuditEntry
from convention.club.models import Person
from tests.factories import make_administrator, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

NEW = "/en/organize/club/people/new/"
FIELDS = {"first_name": "Zoé", "last_name": "Martin", "email": "Zoe@firm.example", "language": "en"}


def test_a_person_is_added_by_hand_and_a_namesake_only_on_purpose():
    client = make_client(make_administrator())

    page = client.post(NEW, FIELDS, follow=True).content.decode()

    person = Person.objects.get(email="zoe@firm.example")
    assert "Person added." in page
    assert (person.name, person.language) == ("Zoé Martin", "en")
    assert AuditEntry.objects.get(verb="person.add").fields == [
        "email",
        "first_name",
        "last_name",
        "language",
    ]

    other = {**FIELDS, "first_name": "zoe", "email": "z.martin@other.example"}
    warned = client.post(NEW, other).content.decode()

    assert "The directory already has someone with this name:" in warned
    assert not Person.objects.filter(email="z.martin@other.example").exists()

    client.post(NEW, {**other, "is_other_person": "on"})

    assert Person.objects.filter(email="z.martin@other.example").exists()


def test_a_taken_address_is_refused_with_a_sentence():
    make_person(email="zoe@firm.example", first_name="Ana", last_name="Autre")
    client = make_client(make_administrator())

    page = client.post(NEW, FIELDS).content.decode()

    assert "Someone in the directory already has this address." in page
    assert Person.objects.filter(last_name="Martin").count() == 0
