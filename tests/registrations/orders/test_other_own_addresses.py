"""People find and cancel the registrations made with another address that they have verified."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from convention.club.merge_people.merge_people import merge_people
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_own_registration
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.permissions import (
    acts_for_buyer,
    find_refused_seconds,
    list_own_registrations,
    list_registration_links,
    make_own_secret,
)
from tests.factories import (
    make_account,
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_order,
    make_person,
    make_registration,
    make_ticket,
)

pytestmark = pytest.mark.django_db
MAIN, OTHER = "ana@firm.example", "ana@home.example"


@pytest.fixture
def person():
    """Return a person with a second, verified address."""
    person = make_account(email=MAIN)
    EmailAddress.objects.create(user=person, email=OTHER, verified=True)
    return person


@pytest.fixture
def registration():
    """Return a registration whose buyer and attendee have the second address."""
    event = make_event(slug="congress")
    return make_registration(make_ticket(event), order=make_order(event, email=OTHER), email=OTHER)


def test_own_page_lists_registration_of_the_merged_record(registration):
    survivor, duplicate = make_person(email=MAIN), make_person(email=OTHER)
    merge_people(survivor=survivor, duplicate=duplicate, actor=make_administrator())
    client = Client()
    client.force_login(survivor)

    page = client.get("/en/me/")

    assert registration.order.manage_path.removeprefix("/en") in page.text


def test_other_capitals_are_the_same_address(person, registration):
    registration.email = "Ana@Home.example"
    registration.save(update_fields=["email"])

    assert list_own_registrations(person) == [registration]


def test_unverified_address_shows_no_registration(person, registration):
    EmailAddress.objects.filter(email=OTHER).update(verified=False)

    assert list_own_registrations(person) == []


def test_verified_address_of_somebody_else_shows_no_registration(person, registration):
    stranger = make_account(email="eve@firm.example")

    assert list_own_registrations(stranger) == []


def test_buyers_other_address_opens_the_order(person, registration):
    [link] = list_registration_links(person, [registration.event])

    assert registration.order.manage_secret in link.path


def test_attendees_other_address_opens_only_the_registration(person, registration):
    registration.order.email = "buyer@firm.example"
    registration.order.save(update_fields=["email"])

    [link] = list_registration_links(person, [registration.event])

    assert make_own_secret(registration) in link.path


def test_buyer_with_another_address_cancels_as_the_buyer(person, registration):
    cancelled = cancel_own_registration(registration=registration, person=person)

    assert acts_for_buyer(registration.order, person)
    assert not cancelled.is_cancelled_by_attendee


def test_refused_second_place_is_recognized_by_the_other_address(person, registration):
    ticket = make_ticket(registration.event, slug="member", audience="member")
    make_registration(ticket, person=person)
    second = make_registration(ticket, email=OTHER, confirmed_at=None)

    refused = find_refused_seconds(person, list_own_registrations(person))

    assert refused == {second.pk}


def test_signed_in_member_orders_with_another_address_without_a_link():
    member = make_member(make_company(), email=MAIN)
    EmailAddress.objects.create(user=member, email=OTHER, verified=True)
    ticket = make_ticket(make_event(), slug="member", audience="member")
    place = RequestedPlace(ticket="member", first_name="A", last_name="B", email=OTHER)
    request = OrderRequest(email=OTHER, places=(place,))

    order = place_order(event=ticket.event, request=request, context=OrderContext(person=member))

    registration = order.registrations.get()
    assert registration.state == "confirmed"
    assert registration.person == member
