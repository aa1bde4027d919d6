"""Members who register with another address of theirs than the main one of their record."""

import pytest
from allauth.account.models import EmailAddress

from convention.club.merge_people.merge_people import merge_people
from convention.club.permissions import find_member_by_email, find_member_companies, find_seats_by_address
from convention.events.models import Event
from registrations.booking.place_order import place_order
from registrations.booking.verification import verify_membership
from registrations.models import Registration
from registrations.order_request import OrderRequest, RequestedPlace
from tests.factories import (
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_person,
    make_ticket,
)

pytestmark = pytest.mark.django_db
MAIN, OTHER = "ana@firm.example", "ana@home.example"


def make_member_with_address(*, verified: bool):
    member = make_member(make_company(), email=MAIN)
    EmailAddress.objects.create(user=member, email=OTHER, verified=verified)
    return member


def register(email: str) -> Registration:
    ticket = make_ticket(
        make_event(kind=Event.Kind.SITE_VISIT, visibility=Event.Visibility.MEMBERS),
        slug="member",
        audience="member",
    )
    place = RequestedPlace(ticket="member", first_name="A", last_name="B", email=email)
    order = place_order(event=ticket.event, request=OrderRequest(email=email, places=(place,)))
    return order.registrations.get()


def test_link_to_another_verified_address_confirms_the_members_place():
    member = make_member_with_address(verified=True)

    registration = verify_membership(registration=register("Ana@Home.example"))

    assert registration.state == "confirmed"
    assert registration.person == member


def test_address_of_a_merged_record_is_the_members():
    member = make_member(make_company(), email=MAIN)
    duplicate = make_person(email=OTHER)
    merge_people(survivor=member, duplicate=duplicate, actor=make_administrator())

    found = find_member_by_email(OTHER)

    assert found is not None
    assert found[0] == member


def test_unverified_address_is_no_members():
    make_member_with_address(verified=False)

    companies = find_member_companies([OTHER])

    assert find_member_by_email(OTHER) is None
    assert companies == {}


def test_verified_address_of_a_closed_account_is_no_members():
    member = make_member_with_address(verified=True)
    member.is_active = False
    member.save(update_fields=["is_active"])

    companies = find_member_companies([OTHER])

    assert find_member_by_email(OTHER) is None
    assert companies == {}


def test_person_whose_main_address_it_is_decides():
    make_member_with_address(verified=True)
    make_person(email=OTHER)

    companies = find_member_companies([OTHER])

    assert find_member_by_email(OTHER) is None
    assert companies == {}


def test_companies_are_found_by_main_and_other_addresses_alike():
    member = make_member_with_address(verified=True)
    company = member.seats.get().membership.company

    companies = find_member_companies([MAIN, OTHER.upper(), "nobody@home.example"])

    assert companies == {MAIN: company, OTHER: company}


def test_number_of_queries_does_not_grow_with_the_addresses(django_assert_num_queries):
    make_member_with_address(verified=True)

    with django_assert_num_queries(3):
        find_member_companies([MAIN, OTHER, *(f"a{number}@home.example" for number in range(20))])


@pytest.mark.parametrize(("verified", "found"), [(True, [OTHER]), (False, [])])
def test_colleague_with_a_seat_is_found_by_verified_addresses_only(verified, found):
    member = make_member_with_address(verified=verified)
    company = member.seats.get().membership.company

    seats = find_seats_by_address(company, [OTHER])

    assert list(seats) == found


def test_main_address_costs_no_more_queries_than_before(django_assert_num_queries):
    make_member_with_address(verified=True)

    with django_assert_num_queries(2):
        find_member_by_email(MAIN)
