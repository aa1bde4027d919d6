"""A member's proof: by whom, once, within caps, also when many open their links at the same moment."""

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
from registrations.order_request import OrderRequest, RequestedPlace
from tests.factories import make_company, make_event, make_member, make_person, make_ticket
from tests.threads import in_threads

pytestmark = pytest.mark.django_db


def visit(**ticket) -> Ticket:
    event = make_event(kind=Event.Kind.SITE_VISIT, visibility=Event.Visibility.MEMBERS)
    return make_ticket(event, slug="member", audience="member", **ticket)


def pending(ticket: Ticket, email: str) -> Registration:
    place = RequestedPlace(ticket=ticket.slug, first_name="A", last_name="B", email=email)
    request = OrderRequest(email=email, places=(place,))
    return place_order(event=ticket.event, request=request).registrations.get()


def link_to(registration: Registration) -> str:
    return make_verification_token(registration.order, registration.email)


def lapse() -> None:
    Registration.objects.update(hold_expires_at=timezone.now() - datetime.timedelta(minutes=1))


def test_a_member_is_recognized_by_the_address_in_any_case():
    ticket = visit(company_cap=2)
    member = make_member(email="ana@example.org")
    proved = verify_membership(registration=pending(ticket, "Ana@Example.ORG"))
    assert (proved.state, proved.person) == ("confirmed", member)
    assert CompanyShare.objects.get().reserved == 1
    ticket.refresh_from_db()
    assert ticket.reserved == 1


def test_opening_the_link_twice_changes_nothing():
    ticket = visit(company_cap=2)
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
def test_who_is_no_member(reason: str):
    ticket = visit()
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
    assert (registration.state, registration.person) == ("pending", None)


def test_a_late_proof_takes_a_place_if_one_is_left():
    ticket = visit(capacity=1)
    make_member(email="ana@example.org")
    late = pending(ticket, "ana@example.org")
    lapse()
    Client().get(f"/events/{ticket.event.slug}/")  # showing the places gives back what lapsed
    ticket.refresh_from_db()
    assert ticket.reserved == 0
    assert verify_membership(registration=late).state == "confirmed"
    ticket.refresh_from_db()
    assert ticket.reserved == 1


def test_a_late_proof_finds_the_place_gone():
    ticket = visit(capacity=1)
    make_member(email="ana@example.org")
    make_member(email="bob@example.org")
    late = pending(ticket, "ana@example.org")
    lapse()
    verify_membership(registration=pending(ticket, "bob@example.org"))
    with pytest.raises(SoldOut):
        verify_membership(registration=late)
    late.refresh_from_db()
    assert late.state == "expired"


def test_one_member_one_place():
    ticket = visit()
    make_member(email="ana@example.org")
    verify_membership(registration=pending(ticket, "ana@example.org"))
    with pytest.raises(AlreadyRegistered):
        verify_membership(registration=pending(ticket, "ana@example.org"))


def test_links_that_are_forged_old_or_for_another_address(settings):
    registration = pending(visit(), "ana@example.org")
    token = link_to(registration)
    assert load_verification(token).registrations == [registration]
    for forged in ("", "x", f"{token}x", token[:-3], token.swapcase()):
        with pytest.raises(NotFound):
            load_verification(forged)
    Registration.objects.update(email="bob@example.org")
    with pytest.raises(NotFound):
        load_verification(token)


def test_a_link_ends(monkeypatch):
    registration = pending(visit(), "ana@example.org")
    token = link_to(registration)
    later = timezone.now().timestamp() + 4 * 24 * 3600 + 1
    monkeypatch.setattr("convention.codes.secret_keys.time.time", lambda: later)
    with pytest.raises(LinkExpired):
        load_verification(token)


@pytest.mark.django_db(transaction=True)
def test_a_company_never_gets_more_than_its_cap():
    ticket = visit(company_cap=3)
    company = make_company()
    registrations = []
    for number in range(20):
        make_member(company, email=f"m{number}@example.org")
        registrations.append(pending(ticket, f"m{number}@example.org"))
    results = in_threads(
        [lambda r=registration: verify_membership(registration=r) for registration in registrations],
        threads=16,
    )
    assert [type(result) for result in results].count(CompanyFull) == 17
    assert CompanyShare.objects.get().reserved == 3
    assert Registration.objects.confirmed().count() == 3


@pytest.mark.django_db(transaction=True)
def test_late_proofs_at_once_take_the_last_place_once():
    ticket = visit(capacity=20)
    registrations = []
    for number in range(20):
        make_member(email=f"m{number}@example.org")
        registrations.append(pending(ticket, f"m{number}@example.org"))
    Registration.objects.update(hold_expires_at=None)
    Ticket.objects.update(capacity=1, reserved=0)
    in_threads(
        [lambda r=registration: verify_membership(registration=r) for registration in registrations],
        threads=16,
    )
    assert Registration.objects.confirmed().count() == 1
    assert Ticket.objects.get().reserved == 1


@pytest.mark.django_db(transaction=True)
def test_one_member_proves_two_places_at_once():
    ticket = visit()
    make_member(email="ana@example.org")
    registrations = [pending(ticket, "ana@example.org") for _each in range(6)]
    in_threads(
        [lambda r=registration: verify_membership(registration=r) for registration in registrations],
        threads=6,
    )
    assert Registration.objects.confirmed().count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_harness_sees_a_cap_that_is_only_looked_at():
    """The negative control: look first, then write."""
    ticket = visit(company_cap=3)
    share = CompanyShare.objects.create(ticket=ticket, company=make_company())

    def unguarded() -> None:
        if CompanyShare.objects.get(pk=share.pk).reserved < 3:
            CompanyShare.objects.filter(pk=share.pk).update(reserved=F("reserved") + 1)

    for _attempt in range(20):
        CompanyShare.objects.update(reserved=0)
        in_threads([unguarded] * 64, threads=16)
        share.refresh_from_db()
        if share.reserved > 3:
            return
    pytest.fail("no excess in 20 rushes: the harness would not notice one")


@pytest.mark.parametrize("alike", ["ana@fırm-risk.example", "ana@firm-riſk.example"])
def test_an_address_that_only_looks_like_a_members_proves_nothing(alike: str):
    make_member(email="ana@firm-risk.example")
    assert find_member_by_email("Ana@firm-risk.example")
    assert find_member_by_email(alike) is None
    registration = pending(visit(), "ana@firm-risk.example")
    token = link_to(registration)
    assert load_verification(token).registrations == [registration]
    Registration.objects.update(email=alike)
    with pytest.raises(NotFound):
        load_verification(token)
