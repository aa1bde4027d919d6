"""The company's overview: what it says of the membership's passes."""

import pytest

from convention.club.models import Membership, Seat
from registrations.company.overview import load_company_overview
from tests.convention.club.objects import make_confirmed_renewal
from tests.factories import make_company, make_member
from tests.registrations.company.factories import make_desk

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_overview_says_that_no_ticket_takes_a_pass():
    desk = make_desk()
    Membership.objects.update(passes=2)

    page = " ".join(desk.client.get(f"/en{desk.at}/").text.split())

    assert f"{desk.event.title}: no ticket on sale can be paid for with a pass." in page


def test_seats_of_a_grace_period_use_none_of_the_renewal():
    company = make_company()
    make_member(company)
    renewal = make_confirmed_renewal(company, seats=3)
    colleague = make_member(company)

    overview = load_company_overview(company)

    assert Seat.objects.get(person=colleague).membership == renewal
    assert overview.given_seat_count == 1
    assert overview.seats_left == 2
    assert len(overview.seats) == 2
