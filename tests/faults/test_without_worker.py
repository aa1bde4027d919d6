"""An hour without a worker: the queue grows, probes report it, and afterwards nothing is lost or doubled.

The test does not wait: every time in the database is moved back by an hour.
"""

import datetime
from collections import Counter

import pytest
from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.mailings.sending.launch import schedule_mailing
from convention.hooks import periodic_jobs
from convention.models import PeriodicJob
from convention.tasks.periodic import has_overdue_job, register_periodic_jobs, run_due_jobs
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.models import Registration, WaitingEntry
from tests.badges.mailings.factories import make_mailing
from tests.factories import make_event, make_order, make_registration, make_ticket
from tests.faults.processes import WAIT_TIMEOUT_SECONDS, Site, send_request, wait_until
from tests.faults.test_killed_processes import make_order_body

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = datetime.timedelta(hours=1)
# Tasks without a due time have the largest possible date, which cannot be moved.
FAR_FUTURE = datetime.datetime(9000, 1, 1, tzinfo=datetime.UTC)
ORDERS = 15


def move_times_back(by: datetime.timedelta) -> None:
    """Move all stored times back, so that everything happened and is due earlier."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, models.DateTimeField):
                rows = models.QuerySet(model).filter(**{f"{field.name}__lt": FAR_FUTURE})
                rows.update(**{field.name: F(field.name) - by})


def get_metric(site: Site, name: str) -> float:
    """Return one of the site's metrics."""
    lines = send_request(f"{site.url}/metrics")[2].decode().splitlines()
    [line] = [line for line in lines if line.startswith(f"{name} ")]
    return float(line.split()[-1])


def make_full_event():
    """Create a place held for half an hour, and two waiting people."""
    ticket = make_ticket(make_event(slug="full"), capacity=1)
    held = make_registration(
        ticket, confirmed_at=None, hold_expires_at=timezone.now() + HOUR / 2, is_reserved=True,
        order=make_order(ticket.event, email="held@example.org"), email="held@example.org",
    )  # fmt: skip
    ticket.refresh_from_db()
    assert ticket.reserved == 1
    for name in ("first", "second"):
        wish = WaitingRequest(first_name=name, last_name="Waits", email=f"{name}@example.org")
        join_ticket_list(ticket=ticket, request=wish)
    return ticket, held


@pytest.mark.long
def test_hour_without_worker_loses_and_doubles_nothing(site, receiver):
    event = make_event()
    make_ticket(event)
    ticket, held = make_full_event()
    site.server()
    orders = f"{site.url}/api/v1/events/{event.slug}/orders/"
    for number in range(ORDERS):
        assert send_request(orders, make_order_body(number))[0] == 201
    schedule_mailing(mailing=make_mailing(event), at=timezone.now() + HOUR / 4)
    register_periodic_jobs()
    assert send_request(f"{site.url}/readyz")[0] == 200

    move_times_back(HOUR)

    status, _headers, said = send_request(f"{site.url}/readyz")
    assert status == 503
    assert said == b"tasks wait and no worker takes them\n"
    assert send_request(f"{site.url}/healthz")[0] == 200
    assert get_metric(site, "convention_worker_late") == 1
    assert get_metric(site, "convention_task_wait_seconds") >= HOUR.total_seconds()
    assert get_metric(site, 'convention_tasks{status="ready"}') >= ORDERS
    assert receiver.messages == []
    assert send_request(orders, make_order_body(ORDERS))[0] == 201

    for _worker in range(2):
        site.worker()
    wait_until(
        lambda: send_request(f"{site.url}/readyz")[0] == 200,
        what="readiness",
        seconds=2 * WAIT_TIMEOUT_SECONDS,
    )
    # The first in line is offered the place before or after “You are on the waiting list” would be sent:
    # with an offer made, that mail is left out.
    wait_until(
        lambda: len(list_mails(receiver)) >= 2 * (ORDERS + 1) + 2,
        what="mails",
        seconds=4 * WAIT_TIMEOUT_SECONDS,
    )
    wait_until(is_queue_empty, what="an empty queue", seconds=2 * WAIT_TIMEOUT_SECONDS)
    got = Counter(list_mails(receiver))
    assert [key for key, times in got.items() if times > 1] == []
    by_kind = Counter((address, kind) for address, kind in got)
    for number in range(ORDERS + 1):
        address = f"person{number}@example.org"
        assert sorted(kind for whom, kind in by_kind if whom == address) == ["confirmation", "mailing"]
    assert sorted(address for address, kind in by_kind if kind == "offer") == ["first@example.org"]
    held.refresh_from_db()
    assert held.state == Registration.State.EXPIRED
    ticket.refresh_from_db()
    assert ticket.reserved == 1
    assert [entry.state for entry in WaitingEntry.objects.order_by("pk")] == ["offered", "waiting"]
    assert get_metric(site, "convention_worker_late") == 0


def list_mails(receiver) -> list[tuple[str, str]]:
    """Return reader and kind of each mail."""
    return [(str(mail["To"]), parse_mail_kind(str(mail["Message-ID"]))) for mail in receiver.messages]


def parse_mail_kind(name: str) -> str:
    """Return the beginning of a Message-ID."""
    words = name.strip("<>").split("@")[0].split("-")
    return "offer" if "offer" in words else words[0]


def is_queue_empty() -> bool:
    """Return whether nothing waits or runs."""
    return not DBTaskResult.objects.filter(status__in=["READY", "RUNNING"]).exists()


def test_periodic_job_runs_after_clock_is_set_back(monkeypatch):
    """A job that ran while the clock was a day ahead would otherwise not be due for a day."""
    name = "convention.db.leases.delete_expired_leases"
    monkeypatch.setattr(periodic_jobs, "intervals", {name: 3600.0})
    register_periodic_jobs()

    now = timezone.now()

    assert run_due_jobs(at=now + 24 * HOUR) == [name]
    assert has_overdue_job(by=datetime.timedelta(minutes=2), at=now)
    assert run_due_jobs(at=now) == [name]
    assert run_due_jobs(at=now) == []
    assert not has_overdue_job(by=datetime.timedelta(minutes=2), at=now)
    assert PeriodicJob.objects.get().due_at == now + HOUR
