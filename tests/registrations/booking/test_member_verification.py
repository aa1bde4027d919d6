"""Verification of memberships: who is accepted, only once, within caps and under concurrency."""

import datetime

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from convention.club.models import Employment, Membership, Seat
from convention.club.permissions import find_member_by_email
from convention.errors import LinkExpired, NotFound, SoldOut
from convention.events.models import Event
from registrations.booking.order_limits import AlreadyRegistered
from registrations.booking.place_order import place_order
from registrations.booking.verification import (
    NotAMember,
    load_verification,
    make_verification_token,
    verify_membership,
)
from registrations.inventory.stock import CompanyFull
from registrations.models import CompanyShare, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from tests.factories import make_company, make_event, make_member, make_person, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db


def make_visit_ticket(**ticket) -> Ticket:
    event = make_event(kind=Event.Kind.SITE_VISIT, visibility=Event.Visibility.MEMBERS)
    return make_ticket(event, slug="member", audience="member", **ticket)


def pending(ticket: Ticket, email: str) -> Registration:
    place = RequestedPlace(ticket=ticket.slug, first_name="A", last_name="B", email=email)
    request = OrderRequest(email=email, places=(place,))
    return place_order(event=ticket.event, request=request).registrations.get()


def make_token(registration: Registration) -> str:
    return make_verification_token(registration.order, registration.email)


def expire_holds() -> None:
    Registration.objects.update(hold_expires_at=timezone.now() - datetime.timedelta(minutes=1))


def test_member_is_recognized_by_address_in_any_case():
    ticket = make_visit_ticket(company_cap=2)
    member = make_member(email="ana@example.org")

    proved = verify_membership(registration=pending(ticket, "Ana@Example.ORG"))

    assert proved.state == "confirmed"
    assert proved.person == member
    assert CompanyShare.objects.get().reserved == 1
    ticket.refresh_from_db()
    assert ticket.reserved == 1


def test_verified_place_without_company_shows_employer():
    ticket = make_visit_ticket()
    make_member(make_company(name="Groupe Atlas"), email="ana@example.org")

    verified = verify_membership(registration=pending(ticket, "ana@example.org"))

    verified.refresh_from_db()
    assert verified.company == "Groupe Atlas"
    assert "groupe atlas" in verified.search


def test_verified_place_keeps_company_as_typed():
    ticket = make_visit_ticket()
    make_member(make_company(name="Groupe Atlas"), email="ana@example.org")
    registration = pending(ticket, "ana@example.org")
    Registration.objects.update(company="Atlas Assurances")

    verified = verify_membership(registration=registration)

    assert verified.company == "Atlas Assurances"


def test_place_of_signed_in_member_without_company_shows_employer():
    ticket = make_visit_ticket()
    member = make_member(make_company(name="Groupe Atlas"), email="ana@example.org")
    place = RequestedPlace(ticket=ticket.slug, first_name="A", last_name="B", email="ana@example.org")
    context = OrderContext(person=member)

    order = place_order(
        event=ticket.event, request=OrderRequest(email=place.email, places=(place,)), context=context
    )

    assert order.registrations.get().company == "Groupe Atlas"


def test_opening_the_link_twice_changes_nothing():
    ticket = make_visit_ticket(company_cap=2)
    make_member(email="ana@example.org")

    registration = pending(ticket, "ana@example.org")

    assert (
        verify_membership(registration=registration).confirmed_at
        == verify_membership(registration=registration).confirmed_at
    )
    assert CompanyShare.objects.get().reserved == 1


@pytest.mark.parametrize(
    "reason", ["stranger", "no company", "left", "lapsed company", "seat taken", "vendor"]
)
def test_non_member_cannot_verify_membership(reason: str):
    ticket = make_visit_ticket()
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    if reason == "no company":
        make_person(email="ana@example.org")
    if reason == "left":
        make_member(email="ana@example.org")
        Employment.objects.update(ends_on=yesterday)
    if reason == "lapsed company":
        make_member(email="ana@example.org")
        Membership.objects.update(ends_on=yesterday)
    if reason == "seat taken":
        make_member(email="ana@example.org")
        Seat.objects.update(ends_on=yesterday)
    if reason == "vendor":
        make_member(make_company(role="vendor"), email="ana@example.org")

    registration = pending(ticket, "ana@example.org")

    with pytest.raises(NotAMember):
        verify_membership(registration=registration)
    registration.refresh_from_db()
    assert registration.state == "pending"
    assert registration.person is None


def test_late_verification_reserves_place_if_one_is_left():
    ticket = make_visit_ticket(capacity=1)
    make_member(email="ana@example.org")
    late = pending(ticket, "ana@example.org")
    expire_holds()

    Client().get(f"/events/{ticket.event.slug}/")  # showing the event releases expired holds

    ticket.refresh_from_db()
    assert ticket.reserved == 0
    assert verify_membership(registration=late).state == "confirmed"
    ticket.refresh_from_db()
    assert ticket.reserved == 1


def test_late_verification_is_refused_when_sold_out():
    ticket = make_visit_ticket(capacity=1)
    make_member(email="ana@example.org")
    make_member(email="bob@example.org")
    late = pending(ticket, "ana@example.org")
    expire_holds()

    verify_membership(registration=pending(ticket, "bob@example.org"))

    with pytest.raises(SoldOut):
        verify_membership(registration=late)
    late.refresh_from_db()
    assert late.state == "expired"


def test_member_cannot_verify_second_place():
    ticket = make_visit_ticket()
    make_member(email="ana@example.org")

    verify_membership(registration=pending(ticket, "ana@example.org"))

    with pytest.raises(AlreadyRegistered):
        verify_membership(registration=pending(ticket, "ana@example.org"))


def test_forged_link_or_link_for_another_address_is_refused():
    registration = pending(make_visit_ticket(), "ana@example.org")
    token = make_token(registration)

    assert load_verification(token).registrations == [registration]

    for forged in ("", "x", f"{token}x", token[:-3], token.swapcase()):
        with pytest.raises(NotFound):
            load_verification(forged)
    Registration.objects.update(email="bob@example.org")

    with pytest.raises(NotFound):
        load_verification(token)


def test_verification_link_expires(monkeypatch):
    registration = pending(make_visit_ticket(), "ana@example.org")
    token = make_token(registration)
    later = timezone.now().timestamp() + 4 * 24 * 3600 + 1

    monkeypatch.setattr("convention.codes.secret_keys.time.time", lambda: later)

    with pytest.raises(LinkExpired):
        load_verification(token)


@pytest.mark.django_db(transaction=True)
def test_concurrent_verifications_respect_company_cap():
    ticket = make_visit_ticket(company_cap=3)
    company = make_company()
    registrations = []
    for number in range(20):
        make_member(company, email=f"m{number}@example.org")
        registrations.append(pending(ticket, f"m{number}@example.org"))

    results = run_in_threads(
        [lambda r=registration: verify_membership(registration=r) for registration in registrations],
        threads=16,
    )

    assert [type(result) for result in results].count(CompanyFull) == 17
    assert CompanyShare.objects.get().reserved == 3
    assert Registration.objects.confirmed().count() == 3


@pytest.mark.django_db(transaction=True)
def test_concurrent_late_verifications_take_last_place_once():
    ticket = make_visit_ticket(capacity=20)
    registrations = []
    for number in range(20):
        make_member(email=f"m{number}@example.org")
        registrations.append(pending(ticket, f"m{number}@example.org"))
    Registration.objects.update(hold_expires_at=None)
    Ticket.objects.update(capacity=1, reserved=0)

    run_in_threads(
        [lambda r=registration: verify_membership(registration=r) for registration in registrations],
        threads=16,
    )

    assert Registration.objects.confirmed().count() == 1
    assert Ticket.objects.get().reserved == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_verifications_of_one_member_confirm_one_place():
    ticket = make_visit_ticket()
    make_member(email="ana@example.org")
    registrations = [pending(ticket, "ana@example.org") for _each in range(6)]

    run_in_threads(
        [lambda r=registration: verify_membership(registration=r) for registration in registrations],
        threads=6,
    )

    assert Registration.objects.confirmed().count() == 1


@pytest.mark.django_db(transaction=True)
def test_threads_reveal_unguarded_check_of_cap():
    """Negative control: checking first and writing without a lock must exceed the cap."""
    ticket = make_visit_ticket(company_cap=3)
    share = CompanyShare.objects.create(ticket=ticket, company=make_company())

    def unguarded() -> None:
        if CompanyShare.objects.get(pk=share.pk).reserved < 3:
            CompanyShare.objects.filter(pk=share.pk).update(reserved=F("reserved") + 1)

    for _attempt in range(20):
        CompanyShare.objects.update(reserved=0)
        run_in_threads([unguarded] * 64, threads=16)
        share.refresh_from_db()
        if share.reserved > 3:
            return
    pytest.fail("no excess in 20 rushes: the harness would not notice one")


@pytest.mark.parametrize("alike", ["ana@fırm-risk.example", "ana@firm-riſk.example"])
def test_lookalike_of_member_address_verifies_nothing(alike: str):
    make_member(email="ana@firm-risk.example")

    assert find_member_by_email("Ana@firm-risk.example")
    assert find_member_by_email(alike) is None

    registration = pending(make_visit_ticket(), "ana@firm-risk.example")
    token = make_token(registration)

    assert load_verification(token).registrations == [registration]

    Registration.objects.update(email=alike)

    with pytest.raises(NotFound):
        load_verification(token)
