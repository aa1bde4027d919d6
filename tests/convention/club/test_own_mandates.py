"""Only administrators give themselves a mandate, which opens the registrations of a group's meetings."""

import datetime

import pytest
from django.utils import timezone

from convention.club.forms.people import EmployerChangeForm
from convention.club.models import ClubRole, Mandate, WorkingGroup
from tests.factories import START_OF_2020, make_administrator, make_company, make_member, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

PAGE = "/en/organize/club/groups/storage/"
REFUSAL = "You cannot give a mandate to yourself. Ask an administrator to do it."


@pytest.fixture
def group():
    return WorkingGroup.objects.create(name="Storage", slug="storage")


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return person


def make_mandate_values(person):
    return {"email": person.email.upper(), "role": "lead", "starts_on": timezone.localdate()}


def test_secretary_gives_herself_no_mandate(group, secretary):
    page = make_client(secretary).post(PAGE, make_mandate_values(secretary))

    assert REFUSAL in page.text
    assert not Mandate.objects.exists()


def test_secretary_gives_others_a_mandate(group, secretary):
    lead = make_person()

    make_client(secretary).post(PAGE, make_mandate_values(lead))

    assert Mandate.objects.get().person == lead


def test_administrator_takes_a_mandate(group):
    administrator = make_administrator()

    make_client(administrator).post(PAGE, make_mandate_values(administrator))

    assert Mandate.objects.get().person == administrator


def test_secretary_does_not_extend_her_own_mandate(group, secretary):
    ended = Mandate.objects.create(
        group=group, person=secretary, role="lead", starts_on=START_OF_2020, ends_on=START_OF_2020
    )

    page = make_client(secretary).post(
        f"{PAGE}mandates/{ended.pk}/", {"starts_on": START_OF_2020, "ends_on": ""}
    )

    assert REFUSAL in page.text
    ended.refresh_from_db()
    assert ended.ends_on == START_OF_2020


def test_secretary_is_not_her_own_choice_as_successor_in_a_mandate(group, secretary):
    leaving = make_member()
    Mandate.objects.create(group=group, person=leaving, role="lead", starts_on=START_OF_2020)
    values = {
        "to": make_company().pk,
        "on": timezone.localdate() + datetime.timedelta(days=1),
        "mandates": "hand_over",
        "mandate_successor": secretary.email,
    }

    form = EmployerChangeForm(values, person=leaving, actor=secretary)

    assert "mandate_successor" in form.errors
