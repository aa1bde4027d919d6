"""Periodic jobs: once per interval with any number of workers, again after a failure, and the jobs
themselves.
"""

import datetime
import time

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from convention.api import tokens as api_forget
from convention.api.models import ApiToken
from convention.db import leases
from convention.hooks import periodic_jobs
from convention.models import Lease, PeriodicJob
from convention.tasks import cleanup, periodic
from registrations.booking.place_order import place_order
from registrations.models import IdempotencyKey, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.periodic_jobs import delete_old_idempotency_keys, release_expired_holds
from tests.convention.tasks import sample_tasks
from tests.factories import make_event, make_order, make_person, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
SUCCEEDING_JOB = "tests.convention.tasks.sample_tasks.beat"
FAILING_JOB = "tests.convention.tasks.sample_tasks.stumble"
NOW = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def registered_jobs(monkeypatch):
    """Register two jobs a minute apart, one of which fails."""
    sample_tasks.ANSWERS.clear()
    monkeypatch.setattr(periodic_jobs, "intervals", {SUCCEEDING_JOB: 60, FAILING_JOB: 60})
    periodic.register_periodic_jobs()
    periodic.register_periodic_jobs()
    PeriodicJob.objects.update(due_at=NOW)


def test_job_runs_once_per_interval(registered_jobs):
    for seconds in (0, 1, 59, 60, 61):
        periodic.run_due_jobs(at=NOW + datetime.timedelta(seconds=seconds))
    assert sample_tasks.ANSWERS == ["beat", "beat"]


def test_failing_job_is_recorded_and_does_not_block_others(registered_jobs):
    assert set(periodic.run_due_jobs(at=NOW)) == {SUCCEEDING_JOB, FAILING_JOB}
    assert dict(PeriodicJob.objects.values_list("name", "error")) == {
        SUCCEEDING_JOB: "",
        FAILING_JOB: "builtins.ValueError",
    }


def test_unregistered_job_is_deleted(registered_jobs, monkeypatch):
    monkeypatch.setattr(periodic_jobs, "intervals", {SUCCEEDING_JOB: 60})
    periodic.register_periodic_jobs()

    assert list(PeriodicJob.objects.values_list("name", flat=True)) == [SUCCEEDING_JOB]


@pytest.mark.django_db(transaction=True)
def test_eight_concurrent_workers_claim_a_job_once(registered_jobs):
    took = run_in_threads([lambda: periodic.claim_periodic_job(SUCCEEDING_JOB, at=NOW)] * 8)
    assert sorted(took) == [False] * 7 + [True]


@pytest.mark.django_db(transaction=True)
def test_new_or_expired_lease_is_acquired_by_one_of_eight_workers():
    for _name in ("new", "expired"):
        found = run_in_threads([lambda: leases.acquire_lease("mails")] * 8)
        assert sorted(type(one).__name__ for one in found) == ["LeaseUnavailable"] * 7 + ["OwnedLease"]
        Lease.objects.update(until=timezone.now() - datetime.timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_lease_is_renewed_while_work_continues(settings):
    settings.LEASE_SECONDS = 1.8
    with leases.hold_lease("long"):
        for _look in range(12):
            time.sleep(0.25)
            with pytest.raises(leases.LeaseUnavailable):
                leases.acquire_lease("long")

    assert Lease.objects.count() == 0


def test_expired_holds_are_released():
    ticket = make_ticket(event := make_event(), slug="member", audience="member", capacity=5)
    place = RequestedPlace(ticket="member", first_name="Zoé", last_name="Müller", email="z@example.org")
    for _each in range(2):
        place_order(event=event, request=OrderRequest(email="z@example.org", places=(place,)))
    late = Registration.objects.first()
    Registration.objects.filter(pk=late.pk).update(hold_expires_at=timezone.now())
    before = Ticket.objects.get().reserved

    release_expired_holds()

    assert before - Ticket.objects.get().reserved == 1
    assert Ticket.objects.get().pk == ticket.pk

    release_expired_holds()

    assert before - Ticket.objects.get().reserved == 1


def test_only_old_idempotency_keys_sessions_and_tokens_are_deleted():
    make_ticket(event := make_event())
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email="z@example.org")
    for key in ("old", "young"):
        place_order(
            event=event,
            request=OrderRequest(email="z@example.org", places=(place,)),
            context=OrderContext(idempotency_key=key),
        )
    month = datetime.timedelta(days=31)
    IdempotencyKey.objects.filter(pk=IdempotencyKey.objects.order_by("pk").first().pk).update(
        created_at=timezone.now() - month
    )
    delete_old_idempotency_keys()
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - month)
    Session.objects.create(session_key="young", session_data="", expire_date=timezone.now() + month)
    cleanup.delete_ended_sessions()
    person = make_person()
    for name, days in (("old", -91), ("young", -89), ("living", 5)):
        ends = timezone.now() + datetime.timedelta(days=days)
        ApiToken.objects.create(person=person, name=name, token_hash=name, expires_at=ends)
    ApiToken.objects.create(person=person, name="endless", token_hash="endless")

    api_forget.delete_ended_tokens()

    assert IdempotencyKey.objects.count() == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == ["young"]
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"young", "living", "endless"}


def test_every_registered_job_runs_without_error():
    make_order(make_event())
    periodic.register_periodic_jobs()

    assert len(periodic.run_due_jobs(at=timezone.now())) == PeriodicJob.objects.count()
    assert set(PeriodicJob.objects.values_list("error", flat=True)) == {""}
