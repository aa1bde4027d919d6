"""The secretary enters and corrects the addresses of people who never signed in and have no role."""

import pytest
from django.utils import timezone

from convention.club.models import ClubRole, CompanyContact, Mandate, WorkingGroup
from convention.events.models import EventRole
from tests.factories import START_OF_2020, make_company, make_event, make_member, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
MINE = "mine@secretary.example"


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return make_client(person)


def edit_person(client, person, **changes):
    """Post the page that edits the person, and return it."""
    values = {
        "first_name": person.first_name, "last_name": person.last_name, "email": person.email or "",
        "language": person.language,
    }  # fmt: skip
    return client.post(f"/en/organize/club/people/{person.pk}/edit/", values | changes)


def give_club_role(person):
    ClubRole.objects.create(person=person, role="treasurer", starts_on=START_OF_2020)


def give_past_club_role(person):
    day = START_OF_2020
    ClubRole.objects.create(person=person, role="treasurer", starts_on=day, ends_on=day)


def give_contact_role(person):
    CompanyContact.objects.create(company=make_company(), person=person, starts_on=START_OF_2020)


def give_mandate(person):
    group = WorkingGroup.objects.create(name="Stockage", slug="stockage")
    Mandate.objects.create(group=group, person=person, role="lead", starts_on=START_OF_2020)


def give_event_role(person):
    EventRole.objects.create(event=make_event(), person=person, role="desk", starts_on=START_OF_2020)


def sign_in_once(person):
    person.last_login = timezone.now()
    person.save(update_fields=["last_login"])


def test_secretary_corrects_an_address_that_was_never_used(secretary):
    member = make_member(email="ana@frim.example")

    edit_person(secretary, member, email="ana@firm.example")

    member.refresh_from_db()
    assert member.email == "ana@firm.example"


@pytest.mark.parametrize(
    "use_account",
    [
        give_club_role, give_past_club_role, give_contact_role, give_mandate, give_event_role, sign_in_once,
    ],
)  # fmt: skip
@pytest.mark.parametrize("email", ["ana@firm.example", None])
def test_secretary_changes_no_address_of_an_account_in_use(secretary, use_account, email):
    person = make_person(email=email)
    use_account(person)

    page = secretary.get(f"/en/organize/club/people/{person.pk}/edit/").text
    edit_person(secretary, person, email=MINE)

    person.refresh_from_db()
    assert person.email == email
    assert "Only administrators can change this address: the person has signed in" in page
    assert "Close the account" not in page


def test_secretary_enters_the_address_of_a_person_without_one(secretary):
    person = make_person(email=None)

    edit_person(secretary, person, email="plain@firm.example")

    person.refresh_from_db()
    assert person.email == "plain@firm.example"


def test_corrected_address_gets_the_mail_about_the_seat(secretary, run_tasks, mailoutbox):
    member = make_member(email="ana@frim.example")

    edit_person(secretary, member, email="ana@firm.example")
    run_tasks()

    subjects = [mail.subject for mail in mailoutbox if mail.to == ["ana@firm.example"]]
    assert len(subjects) == 1
    assert str(member.employments.get().company) in subjects[0]


def test_new_address_without_a_seat_gets_no_mail(secretary, run_tasks, mailoutbox):
    person = make_person(email="ana@frim.example")

    edit_person(secretary, person, email="ana@firm.example")
    run_tasks()

    assert [mail.to for mail in mailoutbox if mail.to == ["ana@firm.example"]] == []
