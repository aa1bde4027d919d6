"""Addresses that a person has besides the main one: found by the search, and removed when mistyped."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.club.addresses.other_addresses import find_people_by_other_address
from convention.club.merge_people.remove_address import remove_other_address
from convention.club.models import ClubRole
from tests.convention.club.objects import sign_in_once
from tests.factories import START_OF_2020, make_administrator, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
MISTYPED = "ana@frim.example"


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return make_client(person)


@pytest.fixture
def administrator():
    return make_client(make_administrator())


@pytest.fixture
def person():
    return make_person(email="ana@firm.example", first_name="Ana", last_name="Petit")


@pytest.fixture
def address(person):
    return EmailAddress.objects.create(user=person, email=MISTYPED)


@pytest.fixture
def verified_address(person, address):
    """Return the address, with which a person who has an account signs in."""
    sign_in_once(person)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    address.verified = True
    address.save()
    return address


def get_path(address):
    return f"/en/organize/club/people/{address.user_id}/addresses/{address.pk}/remove/"


def test_search_finds_a_person_by_another_address(secretary, person, address):
    page = secretary.get("/en/organize/club/people/?q=ana@frim").text

    assert "Ana Petit" in page


def test_search_by_more_words_than_a_statement_can_have_finds_a_person(person, address):
    assert find_people_by_other_address("frim " * 2000) == [person.pk]


def test_search_by_name_still_finds_each_person_once(secretary, person, address):
    page = secretary.get("/en/organize/club/people/?q=petit").text

    assert page.count("Ana Petit") == 1


def test_search_ignores_an_address_that_somebody_only_asked_for(secretary, person, address):
    sign_in_once(person)

    page = secretary.get("/en/organize/club/people/?q=ana@frim").text

    assert "Ana Petit" not in page


def test_edit_page_leads_to_the_removal(secretary, person, address):
    page = secretary.get(f"/en/organize/club/people/{person.pk}/edit/").text

    assert get_path(address) in page


def test_removal_asks_first(secretary, address):
    page = secretary.get(get_path(address)).text

    assert f"Remove {MISTYPED}?" in page
    assert EmailAddress.objects.filter(pk=address.pk).exists()


def test_secretary_removes_an_address_of_a_person_who_never_signed_in(secretary, person, address):
    answer = secretary.post(get_path(address), follow=True)

    assert f"{MISTYPED} has been removed." in answer.text
    assert not EmailAddress.objects.filter(pk=address.pk).exists()
    assert AuditEntry.objects.filter(verb="person.remove_address").count() == 1


def test_secretary_removes_no_address_of_an_account_in_use(secretary, person, verified_address):
    page = secretary.get(f"/en/organize/club/people/{person.pk}/edit/").text
    answer = secretary.post(get_path(verified_address))

    assert answer.status_code == 403
    assert get_path(verified_address) not in page
    assert EmailAddress.objects.filter(pk=verified_address.pk).exists()


def test_main_address_is_not_removed(administrator, person, verified_address):
    main = EmailAddress.objects.get(user=person, primary=True)

    assert administrator.post(get_path(main)).status_code == 404
    assert EmailAddress.objects.filter(pk=main.pk).exists()


def test_address_of_another_person_is_not_found(administrator, person, address):
    other = make_person()

    path = f"/en/organize/club/people/{other.pk}/addresses/{address.pk}/remove/"

    assert administrator.post(path).status_code == 404


def test_removing_an_address_that_signs_in_ends_access(administrator, person, verified_address):
    token, _secret = create_token(person_id=person.pk, name="Script", scopes=["events:read"])

    administrator.post(get_path(verified_address))

    token.refresh_from_db()
    assert token.revoked_at is not None


def test_removing_an_address_that_was_verified_meanwhile_ends_access(person, address):
    token, _secret = create_token(person_id=person.pk, name="Script", scopes=["events:read"])
    EmailAddress.objects.update(verified=True)

    remove_other_address(person=person, address=address, actor=make_administrator())

    token.refresh_from_db()
    assert token.revoked_at is not None


def test_both_addresses_are_notified(
    administrator, person, verified_address, django_capture_on_commit_callbacks
):
    person.language = "en"
    person.save()

    with django_capture_on_commit_callbacks(execute=True):
        administrator.post(get_path(verified_address))

    sent = [message for message in mail.outbox if message.subject == "An e-mail address has been removed"]
    assert sorted(message.to[0] for message in sent) == [person.email, MISTYPED]
    assert f"sign in with {person.email}." in " ".join(sent[0].body.split())
