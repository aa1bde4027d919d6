"""An hour without a worker: the queue grows, probes say so, and once it is back nothing is lost or doubled.

Nobody waits for an hour: every moment in the database is put back by one.
"""

import datetime
from collections import Counter

import pytest
from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.mailings.launch import schedule
from convention.hooks import periodic_jobs
from convention.models import Round
from convention.periodic import expect_rounds, is_overdue, run_due
from registrations.join_waiting import Wish, join_for_ticket
from registrations.models import Registration, WaitingEntry
from tests.badges.mailings.making import make_mailing
from tests.factories import make_event, make_order, make_registration, make_ticket
from tests.faults.processes import PATIENCE, Site, ask, wait_until
from tests.faults.test_kill import body

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = datetime.timedelta(hours=1)
FAR = datetime.datetime(9000, 1, 1, tzinfo=datetime.UTC)
"""Tasks that wait for nothing are due at the end of times."""
ORDERS = 15


def put_back(by: datetime.timedelta) -> None:
    """Let so much time have passed: all that is stored happened earlier, and is due earlier."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, models.DateTimeField):
                rows = models.QuerySet(model).filter(**{f"{field.name}__lt": FAR})
                rows.update(**{field.name: F(field.name) - by})


def figure(site: Site, name: str) -> float:
    """One of the figures that the site gives."""
    lines = ask(f"{site.url}/metrics")[2].decode().splitlines()
    [line] = [line for line in lines if line.startswith(f"{name} ")]
    return float(line.split()[-1])


def full_event():
    """A place that a hold of half an hour takes, and two who wait for it."""
    ticket = make_ticket(make_event(slug="full"), capacity=1)
    held = make_registration(
        ticket, confirmed_at=None, held_until=timezone.now() + HOUR / 2, takes_place=True,
        order=make_order(ticket.event, email="held@example.org"), email="held@example.org",
    )  # fmt: skip
    ticket.refresh_from_db()
    assert ticket.taken == 1
    for name in ("first", "second"):
        wish = Wish(first_name=name, last_name="Waits", email=f"{name}@example.org")
        join_for_ticket(ticket=ticket, wish=wish)
    return ticket, held


@pytest.mark.long
def test_an_hour_without_a_worker_loses_and_doubles_nothing(site, receiver):
    event = make_event()
    make_ticket(event)
    ticket, held = full_event()
    site.server()
    orders = f"{site.url}/api/v1/events/{event.slug}/orders/"
    for number in range(ORDERS):
        assert ask(orders, body(number))[0] == 201
    schedule(mailing=make_mailing(event), at=timezone.now() + HOUR / 4)
    expect_rounds()
    assert ask(f"{site.url}/readyz")[0] == 200

    put_back(HOUR)

    status, _headers, said = ask(f"{site.url}/readyz")
    assert (status, said) == (503, b"tasks wait and no worker takes them\n")
    assert ask(f"{site.url}/healthz")[0] == 200
    assert figure(site, "convention_worker_late") == 1
    assert figure(site, "convention_task_wait_seconds") >= HOUR.total_seconds()
    assert figure(site, 'convention_tasks{status="ready"}') >= ORDERS
    assert receiver.messages == []
    assert ask(orders, body(ORDERS))[0] == 201

    for _worker in range(2):
        site.worker()
    wait_until(lambda: ask(f"{site.url}/readyz")[0] == 200, what="readiness", seconds=2 * PATIENCE)
    wait_until(lambda: len(letters(receiver)) >= 2 * (ORDERS + 1) + 3, what="mails", seconds=2 * PATIENCE)
    wait_until(is_quiet, what="an empty queue", seconds=2 * PATIENCE)
    got = Counter(letters(receiver))
    assert [key for key, times in got.items() if times > 1] == []
    by_kind = Counter((address, kind) for address, kind in got)
    for number in range(ORDERS + 1):
        address = f"person{number}@example.org"
        assert sorted(kind for whom, kind in by_kind if whom == address) == ["confirmation", "mailing"]
    assert sorted(address for address, kind in by_kind if kind == "offer") == ["first@example.org"]
    held.refresh_from_db()
    assert held.state == Registration.State.EXPIRED
    ticket.refresh_from_db()
    assert ticket.taken == 1
    assert [one.state for one in WaitingEntry.objects.order_by("pk")] == ["offered", "waiting"]
    assert figure(site, "convention_worker_late") == 0


def letters(receiver) -> list[tuple[str, str]]:
    """Each mail by its reader and kind."""
    return [(str(mail["To"]), kind_of(str(mail["Message-ID"]))) for mail in receiver.messages]


def kind_of(name: str) -> str:
    """What a Message-ID begins with."""
    words = name.strip("<>").split("@")[0].split("-")
    return "offer" if "offer" in words else words[0]


def is_quiet() -> bool:
    """Whether nothing waits or runs."""
    return not DBTaskResult.objects.filter(status__in=["READY", "RUNNING"]).exists()


def test_recurring_work_goes_on_after_the_clock_was_put_back(monkeypatch):
    """What ran while the clock was a day ahead is not due for a day, and would rest for as long."""
    name = "convention.leases.forget_lapsed"
    monkeypatch.setattr(periodic_jobs, "intervals", {name: 3600.0})
    expect_rounds()
    now = timezone.now()
    assert run_due(at=now + 24 * HOUR) == [name]
    assert is_overdue(by=datetime.timedelta(minutes=2), at=now)
    assert run_due(at=now) == [name]
    assert run_due(at=now) == []
    assert not is_overdue(by=datetime.timedelta(minutes=2), at=now)
    assert Round.objects.get().due_at == now + HOUR
