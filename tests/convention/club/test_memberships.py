"""Memberships: their state on each day, renewals, and no overlap."""

import datetime
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from convention.audit.models import AuditEntry
from convention.club.memberships import (
    confirm_membership,
    create_membership,
    end_membership,
    renew_membership,
    submit_membership,
    update_membership,
)
from convention.club.models import Membership, Plan, Seat
from convention.club.periods import count_max_concurrent
from convention.club.permissions import get_member_company
from convention.club.seats import end_seat
from convention.errors import InvalidFields, NotOpenNow
from tests.factories import make_company, make_member, make_membership

pytestmark = pytest.mark.django_db
DAY = datetime.date


def make_plan(**terms):
    number = Plan.objects.count()
    return Plan.objects.create(
        **{"slug": f"plan-{number}", "name": "Plan" + number * " bis", "seats": 2, **terms}
    )


def test_membership_state_depends_on_dates():
    company = make_company(role=None)
    one = create_membership(
        company=company, plan=make_plan(), starts_on=DAY(2027, 1, 1), ends_on=DAY(2027, 12, 31)
    )

    assert one.state_on(DAY(2027, 5, 1)) == "draft"
    assert submit_membership(membership=one).state_on(DAY(2027, 5, 1)) == "pending"

    one = confirm_membership(membership=one, on=DAY(2026, 12, 1))
    one.grace_until = DAY(2028, 2, 29)
    update_membership(membership=one, changed_fields=["grace_until"])

    days = {
        "upcoming": DAY(2026, 12, 31), "active": DAY(2027, 12, 31), "grace": DAY(2028, 2, 29),
        "expired": DAY(2028, 3, 1),
    }  # fmt: skip

    assert {state: one.state_on(day) for state, day in days.items()} == {state: state for state in days}

    one = end_membership(membership=one, on=DAY(2027, 6, 1), left_as="excluded")

    assert [one.state_on(DAY(2027, month, 31)) for month in (5, 7)] == ["active", "excluded"]
    for day in (DAY(2026, 12, 31), DAY(2027, 1, 1), DAY(2027, 5, 31), DAY(2027, 6, 1), DAY(2028, 1, 1)):
        assert Membership.objects.open(at=day).filter(pk=one.pk).exists() == one.is_open(at=day), day
    with pytest.raises(NotOpenNow):
        end_membership(membership=one, on=DAY(2027, 7, 1), left_as="resigned")
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == [f"membership.{verb}" for verb in ("draft", "submit", "confirm", "update", "leave")]


def test_changing_plan_leaves_agreed_terms_unchanged():
    offered = make_plan(dues_cents=300_00, seats=3, passes=4)
    one = create_membership(company=make_company(role=None), plan=offered, starts_on=DAY(2027, 1, 1))

    Plan.objects.update(dues_cents=900_00, seats=1, passes=0, name="Other")

    one.refresh_from_db()
    assert one.dues_cents == 300_00
    assert one.seats == 3
    assert one.passes == 4
    assert one.title == "Plan"


@pytest.mark.parametrize(
    ("starts", "ends", "collides"),
    [
        (DAY(2026, 1, 1), DAY(2026, 12, 31), False),
        (DAY(2026, 1, 1), DAY(2027, 1, 1), True),
        (DAY(2026, 1, 1), None, True),
        (DAY(2027, 12, 31), None, True),
        (DAY(2028, 1, 1), None, False),
    ],
)
def test_memberships_of_one_company_cannot_overlap(starts, ends, collides):
    company = make_company(role=None)
    first = create_membership(
        company=company, plan=make_plan(), starts_on=DAY(2027, 1, 1), ends_on=DAY(2027, 12, 31)
    )
    create_membership(company=make_company(role=None), plan=make_plan(), starts_on=starts, ends_on=ends)

    if not collides:
        create_membership(company=company, plan=make_plan(), starts_on=starts, ends_on=ends)
        return

    with pytest.raises(InvalidFields) as refused:
        create_membership(company=company, plan=make_plan(), starts_on=starts, ends_on=ends)
    assert list(refused.value.field_errors) == ["starts_on"]

    end_membership(membership=first, on=DAY(2027, 1, 1), left_as="resigned")

    assert create_membership(company=company, plan=make_plan(), starts_on=starts, ends_on=ends).pk


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no exclusion constraints")
def test_database_refuses_overlapping_memberships_and_seats():
    company = make_company()

    with pytest.raises(IntegrityError), transaction.atomic():
        make_membership(company, starts_on=DAY(2030, 1, 1))

    company.memberships.update(ends_on=DAY(2029, 12, 31))

    assert make_membership(company, starts_on=DAY(2030, 1, 1)).pk

    seat = make_member(company).seats.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(membership=seat.membership, person=seat.person, starts_on=DAY(2031, 1, 1))


def test_seat_limit_cannot_fall_below_seats_in_use():
    member = make_member()
    make_member(get_member_company(member))

    one = Membership.objects.get()
    one.seats = 1
    with pytest.raises(InvalidFields) as refused:
        update_membership(membership=one, changed_fields=["seats"])
    assert list(refused.value.field_errors) == ["seats"]
    one.extra_seats = 1
    assert update_membership(membership=one, changed_fields=["seats", "extra_seats"]).seat_limit == 2


def test_renewal_carries_over_current_seats():
    company = make_company()
    old = company.memberships.get()
    stays, leaves = make_member(company), make_member(company)
    old.ends_on = DAY(2029, 12, 31)
    update_membership(membership=old, changed_fields=["ends_on"])
    end_seat(seat=leaves.seats.get(), last_day=DAY(2029, 6, 30))

    new = confirm_membership(
        membership=renew_membership(membership=old, plan=make_plan(seats=1), ends_on=DAY(2030, 12, 31))
    )

    assert [seat.person for seat in new.given_seats.all()] == [stays]
    assert get_member_company(stays, at=DAY(2030, 1, 1)) == company
    assert get_member_company(leaves, at=DAY(2030, 1, 1)) is None

    make_member(company)

    with pytest.raises(InvalidFields):
        renew_membership(membership=new, plan=make_plan(seats=0), ends_on=None)


def test_member_has_one_seat_during_grace_period_after_renewal():
    company = make_company()
    old, person = company.memberships.get(), make_member(company)
    old.ends_on, old.grace_until = DAY(2029, 12, 31), DAY(2030, 2, 28)
    update_membership(membership=old, changed_fields=["ends_on", "grace_until"])
    new = renew_membership(membership=old, plan=make_plan(seats=1), ends_on=None)

    january = DAY(2030, 1, 31)

    assert Seat.objects.granting_membership(at=january).get(person=person).membership == old

    confirm_membership(membership=new, on=DAY(2030, 1, 15))

    assert Seat.objects.granting_membership(at=DAY(2030, 1, 14)).get(person=person).membership == old
    assert Seat.objects.granting_membership(at=january).get(person=person).membership == new


def test_membership_cannot_end_before_it_starts():
    company = make_company()
    old = company.memberships.get()
    old.ends_on = DAY(2029, 12, 31)

    update_membership(membership=old, changed_fields=["ends_on"])

    with pytest.raises(InvalidFields) as refused:
        renew_membership(membership=old, plan=make_plan(), ends_on=DAY(2029, 12, 31))
    assert list(refused.value.field_errors) == ["ends_on"]

    left = end_membership(membership=old, on=DAY(2029, 6, 1), left_as="resigned")
    left.starts_on = DAY(2029, 6, 2)

    with pytest.raises(InvalidFields) as refused:
        update_membership(membership=left, changed_fields=["starts_on"])
    assert list(refused.value.field_errors) == ["starts_on"]


def test_count_max_concurrent_counts_fullest_day():
    spans = [
        (DAY(2027, 1, 1), DAY(2027, 3, 31)),
        (DAY(2027, 4, 1), None),
        (DAY(2027, 3, 31), DAY(2027, 3, 31)),
        (DAY(2028, 1, 1), datetime.date.max),
    ]
    assert [count_max_concurrent(spans[:number]) for number in range(5)] == [0, 1, 1, 2, 2]


def test_renewal_locks_the_company_before_the_membership():
    """A change of dates locks in the same order; with another order, two requests could deadlock."""
    membership = make_membership(make_company(role=None), ends_on=DAY(2027, 12, 31))
    next_plan = make_plan()

    with CaptureQueriesContext(connection) as queries:
        renew_membership(membership=membership, plan=next_plan, ends_on=None)

    tables = [re.search(r'FROM "(\w+)"', q["sql"]).group(1) for q in queries if q["sql"].startswith("SELECT")]
    assert tables[:2] == ["club_company", "club_membership"]
