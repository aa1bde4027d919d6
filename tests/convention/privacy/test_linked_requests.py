"""A recorded request finds the person behind a second address, or is linked to them by the secretary."""

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.merge_people.merge_people import merge_people
from convention.club.models import ClubRole, Person
from convention.errors import NotOpenNow
from convention.privacy.erase import execute_erasure
from convention.privacy.models import PrivacyCase
from convention.privacy.requests import (
    PersonHasOpenCase,
    link_case,
    record_request,
    request_erasure_by_address,
)
from convention.privacy.subjects import get_case_subject, get_subject
from tests.convention.privacy.person_fixtures import START_OF_2020
from tests.factories import make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
MAIN, SECOND = "ana@firm.example", "ana@new.example"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def secretary():
    person = make_person(email="secretariat@club.example")
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return person


@pytest.fixture
def merged(secretary):
    """Return a person who never signed in, with a second address of a merged record."""
    survivor = make_person(email=MAIN, first_name="Ana", last_name="Petit")
    duplicate = make_person(email=SECOND, first_name="Anna", last_name="Petit")
    return merge_people(survivor=survivor, duplicate=duplicate, actor=secretary)


@pytest.fixture
def account():
    """Return a person who signed in, then asked for a second address and never proved it."""
    person = make_person(email=MAIN, first_name="Ana", last_name="Petit", last_login=timezone.now())
    EmailAddress.objects.create(user=person, email=SECOND, verified=False)
    return person


def record(secretary, kind="erasure", email=SECOND):
    return record_request(email=email, kind=kind, language="en", opened_by=secretary)


def test_request_for_the_second_address_of_a_merged_person_is_about_that_person(secretary, merged):
    case = record(secretary)

    assert case.person == merged
    assert get_case_subject(case).addresses == {MAIN, SECOND}


def test_request_for_the_main_address_covers_that_of_the_merged_record(secretary, merged):
    case = record(secretary, email=MAIN)

    assert get_case_subject(case).addresses == {MAIN, SECOND}


def test_erasure_for_the_second_address_erases_the_person(secretary, merged):
    execute_erasure(case=record(secretary))

    assert Person.objects.get(pk=merged.pk).is_erased


def test_request_through_the_second_addresss_link_stays_limited_to_it(merged):
    case = request_erasure_by_address(email=SECOND)

    assert case.person is None
    assert get_case_subject(case).addresses == {SECOND}


def test_command_finds_the_person_behind_the_second_address(merged, capsys):
    call_command("personal_data", SECOND)

    assert "club.person\t1\tblanked" in capsys.readouterr().out.splitlines()


def test_own_data_leaves_an_unproven_address_out(merged):
    assert get_subject(merged).addresses == {MAIN}


def test_unproven_address_of_an_account_is_not_taken_for_that_person(secretary, account):
    assert record(secretary).person is None


def test_page_names_the_person_for_whom_the_address_is_stored_and_links_them(secretary, account):
    case = record(secretary)
    desk = make_client(secretary)

    page = desk.get(f"/en/organize/privacy/{case.pk}/").text
    linked_page = desk.post(
        f"/en/organize/privacy/{case.pk}/person/", {"person": account.pk}, follow=True
    ).text

    assert f"The address {SECOND} is also stored for Ana Petit" in page
    assert "The request is now about all data of this person." in linked_page
    case.refresh_from_db()
    assert case.person == account
    assert get_case_subject(case).addresses == {MAIN, SECOND}


def test_person_is_found_by_name_for_an_unknown_address(secretary):
    person = make_person(email=MAIN, first_name="Ana", last_name="Petit")
    case = record(secretary, email="unknown@example.org")

    page = html.fromstring(make_client(secretary).get(f"/en/organize/privacy/{case.pk}/?q=petit").content)

    assert page.xpath("//form[contains(@action, '/person/')]/input[@name='person']/@value") == [
        str(person.pk)
    ]


def test_main_address_of_the_linked_person_is_informed(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    person = make_person(email=MAIN, language="en")
    case = record(secretary)

    with django_capture_on_commit_callbacks(execute=True):
        link_case(case=case, person=person)

    [mail] = mailoutbox
    assert mail.to == [MAIN]
    assert "If you did not make this request" in " ".join(mail.body.split())
    assert AuditEntry.objects.filter(verb="privacy_request.link").count() == 1


def test_same_person_is_linked_and_informed_only_once(
    secretary, account, mailoutbox, django_capture_on_commit_callbacks
):
    case = record(secretary)

    with django_capture_on_commit_callbacks(execute=True):
        link_case(case=case, person=account)
        link_case(case=case, person=account)

    assert len(mailoutbox) == 1
    assert AuditEntry.objects.filter(verb="privacy_request.link").count() == 1


def test_link_can_be_removed(secretary, account):
    case = record(secretary)
    link_case(case=case, person=account)

    make_client(secretary).post(f"/en/organize/privacy/{case.pk}/person/", {"person": ""})

    case.refresh_from_db()
    assert get_case_subject(case).person is None


def test_persons_own_request_cannot_be_linked(account):
    case = request_erasure_by_address(email=SECOND)

    with pytest.raises(NotOpenNow):
        link_case(case=case, person=account)


def test_request_for_a_known_address_cannot_be_linked_to_another_person(secretary, merged):
    case = record(secretary)

    with pytest.raises(NotOpenNow):
        link_case(case=case, person=make_person())


def test_person_with_an_open_request_is_not_linked_to_another(secretary, account):
    PrivacyCase.objects.create(kind="erasure", person=account)
    case = record(secretary)

    with pytest.raises(PersonHasOpenCase):
        link_case(case=case, person=account)


def test_address_that_became_another_persons_is_not_the_subjects(secretary):
    person = make_person(email=MAIN)
    case = record(secretary, email=MAIN)
    Person.objects.filter(pk=person.pk).update(email="ana@moved.example")
    make_person(email=MAIN)

    case.refresh_from_db()

    assert get_case_subject(case).addresses == {"ana@moved.example"}
