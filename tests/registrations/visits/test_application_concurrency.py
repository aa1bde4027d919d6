"""Concurrent applications respect the company cap, the last place and the lock of the list."""

import datetime

import pytest
from django.db.models import F
from django.utils import timezone

from convention.errors import ConventionError, SoldOut
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.changes.cancel import AlreadyCancelled
from registrations.models import CompanyShare, Registration, Ticket, WaitingEntry
from registrations.visits.applications.apply import apply_for_visit
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.hosts.replacements import propose_replacement
from registrations.visits.models import Application
from registrations.visits.preconditions import ApplicationEnded
from registrations.visits.visitor_list.lock import lock_list, unlock_list
from registrations.waiting_list.end_waiting import WaitingEnded
from tests.factories import make_company, make_member
from tests.registrations.visits.factories import get_state, make_application, make_visit
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
CAP, APPLICANTS = 3, 24


def let_colleagues_apply(visit, company):
    """Let colleagues apply for the last place under the cap; return their sorted states."""
    for _one in range(CAP - 1):
        make_application(visit, company)
    people = [make_member(company) for _one in range(APPLICANTS)]
    results = run_in_threads([lambda p=p: apply_for_visit(visit=visit, person=p) for p in people], threads=16)
    assert [result for result in results if isinstance(result, Exception)] == []
    return sorted(str(get_state(result)) for result in results)


def test_last_place_under_company_cap_goes_to_one_applicant():
    visit, company = make_visit(places=20, cap=CAP), make_company()

    assert let_colleagues_apply(visit, company) == ["confirmed"] + ["refused"] * (APPLICANTS - 1)
    assert Registration.objects.confirmed().filter(member_of=company).count() == CAP
    assert CompanyShare.objects.get().reserved == CAP
    assert Ticket.objects.get().reserved == CAP


def test_last_place_of_visit_goes_to_one_applicant_and_others_wait():
    visit = make_visit(places=1)
    people = [make_member() for _one in range(APPLICANTS)]

    results = run_in_threads([lambda p=p: apply_for_visit(visit=visit, person=p) for p in people], threads=16)

    assert sorted(str(get_state(result)) for result in results) == ["confirmed"] + ["waiting"] * (
        APPLICANTS - 1
    )
    assert Ticket.objects.get().reserved == 1


def test_harness_detects_exceeded_cap(monkeypatch):
    """Negative control: an unguarded check-then-update must exceed the cap in the same harness."""

    def only_looked_at(ticket, company, places=1):
        share, _made = CompanyShare.objects.get_or_create(ticket=ticket, company=company)
        if share.reserved + places <= ticket.company_cap:
            CompanyShare.objects.filter(pk=share.pk).update(reserved=F("reserved") + places)

    monkeypatch.setattr("registrations.booking.save_order.save_order_fast", lambda _booking: False)
    monkeypatch.setattr("registrations.booking.save_order.reserve_company_share", only_looked_at)
    for _attempt in range(5):
        company = make_company()
        visit = make_visit(places=60, cap=CAP)
        let_colleagues_apply(visit, company)
        if Registration.objects.confirmed().filter(member_of=company).count() > CAP:
            return
    pytest.fail("no excess in 5 rushes: the harness would not notice one")


def test_concurrent_applications_of_same_person_create_one():
    visit, person = make_visit(), make_member()
    results = run_in_threads([lambda: apply_for_visit(visit=visit, person=person)] * 16, threads=16)

    assert {result.pk for result in results} == {Application.objects.get().pk}
    assert Ticket.objects.get().reserved == 1


def test_concurrent_applications_to_overlapping_visits_give_one_place():
    first = make_visit()
    second = make_visit(starts_at=first.event.starts_at + datetime.timedelta(hours=1))
    for _attempt in range(5):
        person = make_member()
        results = run_in_threads(
            [lambda v=v, p=person: apply_for_visit(visit=v, person=p) for v in (first, second)], threads=2
        )
        assert sorted(result.refusal_reasons for result in results) == [[], ["same_day"]]
        for result in results:
            if not result.refusal_reasons:
                withdraw_application(application=result)


def test_concurrent_replacements_at_overlapping_visits_accept_one():
    for number in range(5):
        hour = timezone.now() + datetime.timedelta(days=number + 3)
        places = [make_application(make_visit(starts_at=hour, lock_working_days=0)) for _visit in range(2)]
        for place in places:
            lock_list(visit=place.visit)
        person = make_member()
        actions = [lambda a=a, p=person: propose_replacement(application=a, replacement=p) for a in places]
        results = run_in_threads(actions, threads=2)
        assert sorted(type(result).__name__ for result in results) == ["Application", "InvalidFields"]


def test_no_place_is_confirmed_after_concurrent_list_lock():
    visit = make_visit(places=30)
    people = [make_member() for _one in range(30)]
    work = [lambda p=p: apply_for_visit(visit=visit, person=p) for p in people]
    work.insert(15, lambda: lock_list(visit=visit))

    run_in_threads(work, threads=16)

    visit.refresh_from_db()
    assert visit.locked_at is not None
    assert Registration.objects.filter(confirmed_at__gt=visit.locked_at).count() == 0


def test_offers_are_accepted_or_end_when_the_list_is_locked_meanwhile():
    visit = make_visit(places=12)
    first = [make_application(visit) for _one in range(12)]
    offered = [make_application(visit) for _one in range(12)]
    for application in first:
        withdraw_application(application=application)
    work = [lambda e=one.waiting_entry: accept_ticket_offer(entry=e) for one in offered]
    work.insert(6, lambda: lock_list(visit=visit))

    results = run_in_threads(work, threads=13)

    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, ConventionError)] == []
    assert not WaitingEntry.objects.with_offer().exists()
    placed_count = Registration.objects.confirmed().count()
    assert Ticket.objects.get().reserved == placed_count
    assert WaitingEntry.objects.active().count() == 12 - placed_count


def test_new_applicants_overtake_nobody_while_the_list_is_reopened():
    visit = make_visit(places=6)
    first = [make_application(visit) for _one in range(6)]
    waiting = [make_application(visit) for _one in range(6)]
    for application in first:
        withdraw_application(application=application)
    lock_list(visit=visit)
    people = [make_member() for _one in range(12)]
    work = [lambda p=p: apply_for_visit(visit=visit, person=p) for p in people]
    work.insert(4, lambda: unlock_list(visit=visit))

    results = run_in_threads(work, threads=13)

    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, ConventionError)] == []
    assert {str(get_state(application)) for application in waiting} == {"offered"}
    assert Registration.objects.confirmed().count() == 0


def test_concurrent_applications_and_withdrawals_leave_counter_consistent():
    visit = make_visit(places=3, cap=2)
    companies = [make_company() for _one in range(4)]
    people = [make_member(company) for company in companies for _one in range(4)]

    def come_and_go(person):
        application = apply_for_visit(visit=visit, person=person)
        if application.refused_at is None:
            withdraw_application(application=application)

    results = run_in_threads([lambda p=p: come_and_go(p) for p in people] * 2, threads=8)
    # Another thread may have withdrawn the same application, or the place may be gone; nothing else may fail.
    lost_races = (AlreadyCancelled, ApplicationEnded, SoldOut, WaitingEnded)
    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, lost_races)] == []
    ticket = Ticket.objects.get()
    standing = Registration.objects.confirmed().count()
    offered = ticket.waiting_entries.filter(
        offered_at__isnull=False, left_at=None, offer_expired_at=None
    ).count()
    assert ticket.reserved == standing + offered
