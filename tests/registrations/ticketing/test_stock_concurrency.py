"""Concurrent orders for the last use of a voucher, the last place of a quota and add-ons."""

import dataclasses
from collections import Counter

import pytest
from django.db import transaction
from django.db.models import F

from convention.club.models import Person
from convention.errors import ConventionError, SoldOut
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.models import CompanyShare, Order, Quota, Registration, Voucher, WaitingEntry
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.catalog import load_catalog
from registrations.ticketing.quotas import save_quota
from registrations.ticketing.tickets import remove_ticket
from tests.factories import (
    make_addon,
    make_company,
    make_event,
    make_member,
    make_ticket,
    make_voucher,
    verify_address,
)
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def make_request(ticket: str = "guest", **fields) -> OrderRequest:
    place = RequestedPlace(ticket=ticket, first_name="Zoé", last_name="Müller")
    return OrderRequest(**{"email": "buyer@example.org", "places": (place,), **fields})


def count_outcomes(results) -> dict[str, int]:
    names = [type(result).__name__ for result in results]
    return {name: names.count(name) for name in sorted(set(names))}


def test_last_voucher_use_goes_to_one_order_and_others_get_price_change():
    event = make_event()
    make_ticket(event, price=10_000)
    voucher = make_voucher(event)
    request = make_request(code="HALF", expected_total=5_000)

    results = run_in_threads([lambda: place_order(event=event, request=request)] * 40, threads=16)

    voucher.refresh_from_db()
    assert count_outcomes(results) == {"Order": 1, "PriceChanged": 39}
    assert voucher.reserved == 1
    assert [r.price for r in Registration.objects.all()] == [5_000]


@pytest.mark.parametrize("in_quota", [False, True])
def test_sold_out_orders_do_not_use_voucher(in_quota: bool):
    event = make_event()
    ticket = make_ticket(event, price=10_000, capacity=None if in_quota else 1)
    if in_quota:
        save_quota(quota=Quota(event=event, name="Salle", capacity=1), tickets=[ticket], changed=[])
    voucher = make_voucher(event, capacity=9)

    results = run_in_threads(
        [lambda: place_order(event=event, request=make_request(code="HALF"))] * 20, threads=16
    )

    voucher.refresh_from_db()
    assert count_outcomes(results) == {"Order": 1, "SoldOut": 19}
    assert voucher.reserved == 1
    assert Registration.objects.count() == 1


def test_last_quota_place_goes_to_one_order_across_tickets():
    event = make_event()
    tickets = [make_ticket(event, slug=slug) for slug in ("guest", "vendor", "press")]
    quota = save_quota(quota=Quota(event=event, name="Salle", capacity=1), tickets=tickets, changed=[])
    work = [
        lambda slug=t.slug: place_order(event=event, request=make_request(slug))
        for t in tickets
        for _one in range(14)
    ]

    results = run_in_threads(work, threads=16)

    quota.refresh_from_db()
    assert count_outcomes(results) == {"Order": 1, "SoldOut": 41}
    assert quota.reserved == 1
    assert sum(t.reserved for t in event.tickets.all()) == 1
    assert Registration.objects.count() == 1


def test_concurrent_orders_and_cancellations_leave_counters_consistent():
    """Mix orders of one ticket, of two in either order, with a voucher, with an add-on; cancel some."""
    event = make_event()
    guest, vendor = (make_ticket(event, slug=slug, price=10_000) for slug in ("guest", "vendor"))
    quota = save_quota(
        quota=Quota(event=event, name="Salle", capacity=40), tickets=[guest, vendor], changed=[]
    )
    voucher, dinner = make_voucher(event, capacity=9), make_addon(event, capacity=9)
    with_dinner = dataclasses.replace(make_request().places[0], addons=("dinner",))
    both = (make_request("guest").places[0], make_request("vendor").places[0])
    requests = [
        make_request(), make_request("vendor"), make_request(places=both), make_request(places=both[::-1]),
        make_request(code="HALF", places=(with_dinner,)), make_request(places=(with_dinner, both[1])),
    ]  # fmt: skip

    def book_and_sometimes_cancel(number: int) -> None:
        order = place_order(event=event, request=requests[number % len(requests)])
        if number % 4 == 0:
            cancel_registration(registration=order.registrations.order_by("pk").first())

    work = [lambda number=number: book_and_sometimes_cancel(number) for number in range(72)]
    results = run_in_threads(work, threads=16)
    assert all(result is None or isinstance(result, ConventionError) for result in results)
    standing = Registration.objects.filter(cancelled_at__isnull=True)
    for row in (guest, vendor, quota, voucher, dinner):
        row.refresh_from_db()
    assert (guest.reserved, vendor.reserved) == tuple(
        standing.filter(ticket=t).count() for t in (guest, vendor)
    )
    assert quota.reserved == guest.reserved + vendor.reserved <= 40
    assert voucher.reserved == standing.filter(voucher=voucher).count() <= 9
    assert dinner.reserved == dinner.registration_addons.filter(cancelled_at__isnull=True).count() <= 9


def test_quota_stays_consistent_when_its_tickets_change_during_sales():
    event = make_event()
    tickets = [make_ticket(event, slug=slug) for slug in ("guest", "vendor")]
    quota = save_quota(quota=Quota(event=event, name="Salle", capacity=500), tickets=tickets, changed=[])

    def rearrange(number: int) -> None:
        chosen = list(event.tickets.select_related("quota"))[: 1 + number % 2]
        save_quota(quota=Quota.objects.get(pk=quota.pk), tickets=chosen, changed=["tickets"])

    work = []
    for number in range(40):
        slug = tickets[number % 2].slug
        work.append(lambda slug=slug: place_order(event=event, request=make_request(slug)))
        if number % 4 == 0:
            work.append(lambda number=number: rearrange(number // 4))
    results = run_in_threads(work, threads=12)
    assert [result for result in results if isinstance(result, Exception)] == []
    quota.refresh_from_db()
    assert quota.reserved == sum(ticket.reserved for ticket in quota.tickets.all())
    assert sum(ticket.reserved for ticket in event.tickets.all()) == 40


@pytest.mark.parametrize("code", ["", "HALF"])
@pytest.mark.parametrize("in_quota", [False, True])
def test_company_cap_holds_when_members_compete_for_last_places(code: str, in_quota: bool):
    """Eight places, a cap of three, four companies of four members who each order twice; the rest wait."""
    event = make_event()
    quota = Quota.objects.create(event=event, name="Salle", capacity=8) if in_quota else None
    places = {"capacity": None if in_quota else 8, "quota": quota, "company_cap": 3}
    ticket = make_ticket(event, slug="member", audience="member", price=10_000, **places)
    voucher = make_voucher(event, capacity=20)
    companies = [make_company() for _each in range(4)]
    people = [verify_address(make_member(company)) for company in companies for _one in range(4)]

    def come(person: Person) -> Order:
        place = dataclasses.replace(make_request("member").places[0], email=person.email)
        return place_order(
            event=event, request=make_request(places=(place,), code=code), context=OrderContext(person=person)
        )

    results = run_in_threads([lambda person=person: come(person) for person in people * 2], threads=16)
    assert count_outcomes(results).get("Order") == 8
    assert set(count_outcomes(results)) <= {"Order", "SoldOut", "CompanyFull", "AlreadyRegistered"}
    rows = Registration.objects.values_list("member_of", "person", "voucher")
    shares = {share.company_id: share.reserved for share in CompanyShare.objects.all()}
    ticket.refresh_from_db()
    voucher.refresh_from_db()
    assert len(set(rows)) == 8
    assert len(rows) == 8
    assert ticket.reserved == 8
    assert shares == Counter(company for company, _person, _voucher in rows)
    assert max(shares.values()) <= 3
    assert voucher.reserved == (8 if code else 0)
    others = [person for person in people if person.pk not in {row[1] for row in rows}]
    for person in others:
        join_ticket_list(ticket=ticket, request=make_waiting_request(person))
    cancel_registration(registration=Registration.objects.first())
    offered = WaitingEntry.objects.with_offer().count()
    ticket.refresh_from_db()
    assert (offered, ticket.reserved) in {(0, 7), (1, 8)}


def make_waiting_request(person: Person) -> WaitingRequest:
    return WaitingRequest(first_name=person.first_name, last_name=person.last_name, email=str(person.email))


@pytest.mark.parametrize("model", [Voucher, Quota])
def test_harness_detects_exceeded_limit(model: type):
    """Negative control: an unguarded check-then-update must exceed the limit in the same harness."""
    event = make_event()
    row = (
        make_voucher(event, capacity=None)
        if model is Voucher
        else Quota.objects.create(event=event, name="S")
    )
    limit = 5

    def unguarded() -> bool:
        if model.objects.get(pk=row.pk).reserved >= limit:
            return False
        return bool(model.objects.filter(pk=row.pk).update(reserved=F("reserved") + 1))

    for _attempt in range(20):
        model.objects.filter(pk=row.pk).update(reserved=0)
        run_in_threads([unguarded] * 64, threads=16)
        row.refresh_from_db()
        if row.reserved > limit:
            return
    pytest.fail("nothing was used too often in 20 rushes: the harness would not notice it")


def test_full_quota_leaves_no_reservation_when_transaction_continues():
    event = make_event()
    ticket = make_ticket(event)
    quota = save_quota(quota=Quota(event=event, name="Salle", capacity=3), tickets=[ticket], changed=[])
    sold = load_catalog(event, {"guest"})
    Quota.objects.filter(pk=quota.pk).update(reserved=3)
    with transaction.atomic():
        with pytest.raises(SoldOut):
            place_order(event=sold.event, request=make_request(), context=OrderContext(catalog=sold))
        ticket.refresh_from_db()
        assert ticket.reserved == 0
        assert Registration.objects.count() == 0


def test_voucher_is_not_used_for_removed_ticket():
    make_ticket(event := make_event(), price=10_000)
    voucher = make_voucher(event)
    sold = load_catalog(event, {"guest"}, "HALF")

    remove_ticket(ticket=sold.tickets[0])

    with pytest.raises(SoldOut):
        place_order(event=sold.event, request=make_request(code="HALF"), context=OrderContext(catalog=sold))
    voucher.refresh_from_db()
    assert voucher.reserved == 0
    assert Registration.objects.count() == 0
