"""Orders refused for a used-up voucher or company cap write nothing."""

import dataclasses

import pytest
from django.db import transaction

from convention.club.models import Company
from convention.errors import InvalidFields
from convention.events.models import Event
from registrations.booking.place_order import place_order
from registrations.inventory.stock import CompanyFull
from registrations.models import CompanyShare, Registration, Voucher
from registrations.order_context import OrderContext
from registrations.pricing.catalog import load_catalog
from tests.factories import make_event, make_member, make_ticket, make_voucher
from tests.registrations.ticketing.test_stock_concurrency import make_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    """Return a member at an event whose member ticket has a cap of one place for each company."""
    make_ticket(make_event(), slug="member", audience="member", price=10_000, company_cap=1, capacity=5)
    return make_member()


def place_member_order(member, **fields):
    place = dataclasses.replace(make_request("member").places[0], email=member.email)
    return place_order(
        event=Event.objects.get(),
        request=make_request(places=(place,), **fields),
        context=OrderContext(person=member),
    )


def test_order_beyond_company_cap_writes_nothing_within_outer_transaction(member):
    event = Event.objects.get()
    make_voucher(event)
    [ticket] = event.tickets.all()
    CompanyShare.objects.create(ticket=ticket, company=Company.objects.get(), reserved=1)
    with transaction.atomic():
        with pytest.raises(CompanyFull):
            place_member_order(member, code="HALF")
        ticket.refresh_from_db()
        assert ticket.reserved == 0
        assert Voucher.objects.get().reserved == 0
        assert Registration.objects.count() == 0


def test_order_with_voucher_used_up_meanwhile_writes_nothing():
    ticket = make_ticket(price=10_000, capacity=5)
    make_voucher(ticket.event)
    sold = load_catalog(ticket.event, {"guest"}, "HALF")
    Voucher.objects.update(reserved=1)

    context = OrderContext(catalog=sold)

    with pytest.raises(InvalidFields) as refused:
        place_order(event=sold.event, request=make_request(code="HALF"), context=context)
    assert list(refused.value.field_errors) == ["code"]
    ticket.refresh_from_db()
    assert ticket.reserved == 0
    assert Voucher.objects.get().reserved == 1
    assert Registration.objects.count() == 0
