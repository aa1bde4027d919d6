"""Colleagues whom a contact adds under another address than the main one of their record."""

import pytest
from allauth.account.models import EmailAddress

from convention.club.claims import find_address_owner, write_claim_mail
from convention.club.merge_people.accept_claim import accept_claim
from convention.club.models import Person
from convention.club.people import add_colleague_with_seat
from tests.factories import make_account, make_company, make_member

pytestmark = pytest.mark.django_db
MAIN, OTHER = "ana@firm.example", "ana@home.example"


def add_address(person: Person, *, verified: bool = True) -> Person:
    EmailAddress.objects.create(user=person, email=OTHER, verified=verified)
    return person


def add_colleague(company, *, contact: Person | None = None) -> Person:
    return add_colleague_with_seat(
        membership=company.memberships.get(),
        email=OTHER,
        first_name="Ana",
        last_name="Silva",
        title="",
        contact=contact,
    )


def test_known_colleague_gets_the_seat():
    company = make_company()
    colleague = add_address(make_member(company, email=MAIN))
    colleague.seats.all().delete()

    added = add_colleague(company)

    assert added == colleague
    assert colleague.seats.get().membership.company == company
    assert not Person.objects.filter(email=OTHER).exists()


def test_person_of_another_company_is_asked_at_the_main_address():
    owner = add_address(make_member(email=MAIN))
    company = make_company()

    added = add_colleague(company)

    assert added.email is None
    assert added.claimed_email == OTHER
    assert find_address_owner(added) == owner
    assert write_claim_mail(owner, added, company).to == MAIN


def test_person_of_another_company_accepts_the_seat():
    owner, company = add_address(make_member(email=MAIN)), make_company()

    accept_claim(claimed=add_colleague(company))

    assert owner.employments.filter(company=company).exists()
    assert owner.seats.filter(membership__company=company).exists()
    assert owner.emailaddress_set.filter(email=OTHER, verified=True).exists()


def test_contact_adds_themselves_with_another_address():
    contact = add_address(make_account(email=MAIN))

    added = add_colleague(make_company(), contact=contact)

    assert added == contact


def test_address_that_somebody_only_typed_is_free():
    stranger = add_address(make_account(email=MAIN), verified=False)

    added = add_colleague(make_company())

    assert added != stranger
    assert added.email == OTHER
