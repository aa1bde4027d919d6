"""Negative controls: without each lock or condition, what it guards breaks every time.

Each guard is tried with concurrent requests, as the program is and with the guard removed. A gate holds all
threads after they have read and before they write, which is the moment that the guard is for. SQLite guards
by its single writer: there the action also runs without its transaction.
"""

import contextlib
import datetime
import threading
from types import SimpleNamespace

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet

from badges.attendance.models import Checkpoint, Scan
from badges.attendance.scanning import batch_state, fast_path
from badges.attendance.scanning import record_scans as scanning
from convention.db import leases
from convention.events import signing_keys
from convention.events.models import Event, EventKey
from convention.events.sequence import advance_sequence
from convention.events.signing_keys import get_signing_key
from convention.models import Lease, PeriodicJob
from convention.tasks import periodic, worker
from registrations.booking import idempotency as keys_of_orders
from registrations.booking import place_order, save_order, verification
from registrations.changes.cancel import cancel_registration
from registrations.models import CompanyShare, Order, Registration, RegistrationQuerySet, Ticket
from registrations.models.orders import OrderQuerySet
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from tests.badges.attendance import factories
from tests.convention.tasks import sample_tasks
from tests.factories import make_company, make_event, make_member, make_registration, make_ticket
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


@pytest.fixture
def gate():
    """Return a barrier for all threads."""
    return threading.Barrier(AT_ONCE, timeout=20)


def outcome(jobs_to_do) -> list[str]:
    """Run the functions concurrently; return the class names of their results or errors."""
    return sorted(type(thread).__name__ for thread in in_threads(jobs_to_do, threads=AT_ONCE))


def open_to_all(act):
    """Return the action as it is on PostgreSQL; on SQLite without its transaction."""
    return act if connection.vendor == "postgresql" else act.__wrapped__


def unlocked(monkeypatch, gate=None) -> None:
    """Read registrations without a lock; with a gate, all read before any goes on."""

    class Read(RegistrationQuerySet):
        def get(self, *args, **kwargs):
            row = super().get(*args, **kwargs)
            if gate:
                gate.wait()
            return row

    def read_only(self, **_options):
        return Read(self.model, self.query.chain(), self._db)

    monkeypatch.setattr(RegistrationQuerySet, "select_for_update", read_only)
    monkeypatch.setattr(OrderQuerySet, "locked_for_update", lambda self: self.all())


def asked(email: str = "a@example.org", ticket: str = "guest") -> OrderRequest:
    return OrderRequest(
        email=email, places=(RequestedPlace(ticket=ticket, first_name="A", last_name="B", email=email),)
    )


# Places.


def rush_for_the_last_place() -> list[str]:
    make_ticket(event := make_event(), capacity=1)
    return outcome([lambda: place_order.place_order(event=event, request=asked())] * AT_ONCE)


def test_the_last_place_is_sold_once():
    assert rush_for_the_last_place() == ["Order"] + ["SoldOut"] * 3


def test_control_without_the_condition_only_the_constraint_stops_an_oversale(monkeypatch, gate):
    def take_anyway(wanted):
        gate.wait()
        for ticket, places in wanted.items():
            Ticket.objects.filter(pk=ticket.pk).update(reserved=F("reserved") + places)

    monkeypatch.setattr(save_order, "save_order_fast", lambda _booking: False)
    monkeypatch.setattr(save_order, "reserve_items", take_anyway)
    monkeypatch.setattr(save_order, "save_orders", open_to_all(save_order.save_orders))
    assert rush_for_the_last_place() == ["IntegrityError"] * 3 + ["Order"]


# A company's cap, and one place for each member.


def pending(ticket: Ticket, email: str) -> Registration:
    order = place_order.place_order(event=ticket.event, request=asked(email, "member"))
    return order.registrations.get()


def rush_of_colleagues(act) -> tuple[list[str], int]:
    ticket = make_ticket(make_event(), slug="member", audience="member", company_cap=1)
    company = make_company()
    CompanyShare.objects.create(ticket=ticket, company=company)
    addresses = [f"m{number}@example.org" for number in range(AT_ONCE)]
    members = [make_member(company, email=address) for address in addresses]
    proofs = [pending(ticket, member.email) for member in members]
    found = outcome([lambda proof=proof: act(registration=proof) for proof in proofs])
    return found, CompanyShare.objects.get().reserved


def test_a_company_gets_its_cap():
    assert rush_of_colleagues(verification.verify_membership) == (["CompanyFull"] * 3 + ["Registration"], 1)


def test_control_a_cap_that_is_looked_at_first_is_exceeded(monkeypatch, gate):
    def look_first(ticket, company, places=1):
        share = CompanyShare.objects.get(ticket=ticket, company=company)
        gate.wait()
        assert share.reserved < ticket.company_cap
        CompanyShare.objects.filter(pk=share.pk).update(reserved=F("reserved") + places)

    monkeypatch.setattr(verification, "reserve_company_share", look_first)
    assert rush_of_colleagues(open_to_all(verification.verify_membership)) == (
        ["Registration"] * AT_ONCE,
        AT_ONCE,
    )


def rush_of_one_member(act) -> tuple[list[str], int]:
    ticket = make_ticket(make_event(), slug="member", audience="member")
    make_member(email="ana@example.org")
    proofs = [pending(ticket, "ana@example.org") for _each in range(AT_ONCE)]
    found = outcome([lambda proof=proof: act(registration=proof) for proof in proofs])
    return found, Registration.objects.confirmed().count()


def test_one_member_gets_one_place():
    assert rush_of_one_member(verification.verify_membership) == (
        ["AlreadyRegistered"] * 3 + ["Registration"],
        1,
    )


def test_control_without_the_members_lock_one_gets_many(monkeypatch, gate):
    def look_first(registration, person):
        others = Registration.objects.confirmed().filter(event=registration.event, person=person)
        assert not others.exists()
        gate.wait()

    monkeypatch.setattr(verification, "refuse_second_place", look_first)
    assert rush_of_one_member(open_to_all(verification.verify_membership)) == (
        ["Registration"] * AT_ONCE,
        AT_ONCE,
    )


# Cancelling.


def rush_to_cancel(act) -> tuple[list[str], int]:
    ticket = make_ticket()
    registration = make_registration(ticket)
    for _each in range(AT_ONCE):
        make_registration(ticket)
    found = outcome([lambda: act(registration=registration)] * AT_ONCE)
    return found, Ticket.objects.get().reserved


def test_one_cancellation_gives_one_place_back():
    assert rush_to_cancel(cancel_registration) == (["AlreadyCancelled"] * 3 + ["Registration"], AT_ONCE)


def test_control_without_the_lock_it_gives_back_many(monkeypatch, gate):
    unlocked(monkeypatch, gate)
    assert rush_to_cancel(open_to_all(cancel_registration)) == (["Registration"] * AT_ONCE, 1)


# Sending an order again.


def rush_with_one_key() -> int:
    make_ticket(event := make_event())
    means = OrderContext(idempotency_key="the-same-for-all")
    outcome([lambda: place_order.place_order(event=event, request=asked(), context=means)] * AT_ONCE)
    return Order.objects.count()


def test_one_key_books_once():
    assert rush_with_one_key() == 1


def test_control_with_keys_that_are_not_compared_it_books_each_time(monkeypatch):
    unlike = iter(range(100))
    monkeypatch.setattr(keys_of_orders, "_hash_key", lambda _key: str(next(unlike)))
    assert rush_with_one_key() == AT_ONCE


# The event's sequence and its key.


def test_each_change_has_a_sequence_of_its_own():
    event = make_event()
    assert sorted(in_threads([lambda: advance_sequence(event.pk)] * AT_ONCE)) == [1, 2, 3, 4]


def test_control_read_first_all_have_the_same(gate):
    event = make_event()

    def read_first() -> int:
        found = Event.objects.get(pk=event.pk).sequence + 1
        gate.wait()
        Event.objects.filter(pk=event.pk).update(sequence=found)
        return found

    assert in_threads([read_first] * AT_ONCE, threads=AT_ONCE) == [1] * AT_ONCE


def rush_for_a_key() -> int:
    event = make_event()
    in_threads([lambda: get_signing_key(event)] * AT_ONCE, threads=AT_ONCE)
    return EventKey.objects.filter(event=event).count()


def test_an_event_gets_one_key():
    assert rush_for_a_key() == 1


def test_control_without_the_events_lock_it_gets_many(monkeypatch, gate):
    monkeypatch.setattr(
        signing_keys, "_create_first_key", lambda event: (gate.wait(), signing_keys.create_key(event))[1]
    )
    assert rush_for_a_key() == AT_ONCE


# Scans.


def rush_with_one_badge() -> list[str]:
    event = factories.make_event()
    code = factories.code_of(factories.make_registration(event))
    devices = [factories.make_device(event)[0] for _number in range(AT_ONCE)]
    at = timezone.now().isoformat()
    work = [
        lambda device=device: scanning.record_scan_items(
            device=device, items=[factories.make_item(code, at=at)]
        )[0]
        for device in devices
    ]
    return sorted(getattr(thread, "verdict", repr(thread)) for thread in in_threads(work, threads=AT_ONCE))


def test_one_badge_is_admitted_once():
    assert rush_with_one_badge() == ["admitted"] + ["already_in"] * 3


def test_control_without_the_lock_one_badge_is_admitted_everywhere(monkeypatch, gate):
    def loaded(*given, **options):
        batch_state.load_batch_state(*given, **options)
        gate.wait()

    unlocked(monkeypatch)
    monkeypatch.setattr(scanning, "load_batch_state", loaded)
    if connection.vendor == "sqlite":
        monkeypatch.setattr(scanning, "transaction", SimpleNamespace(atomic=contextlib.nullcontext))
    assert rush_with_one_badge() == ["admitted"] * AT_ONCE


@pytest.mark.postgresql
@pytest.mark.parametrize(("guarded", "admitted"), [(True, 1), (False, AT_ONCE)])
def test_the_quick_way_writes_only_over_what_it_read(monkeypatch, gate, guarded, admitted):
    """With the comparison of versions, and without it as the control."""
    event = factories.make_event()
    code = factories.code_of(factories.make_registration(event))
    devices = [factories.make_device(event)[0] for _number in range(AT_ONCE)]
    look, now = fast_path.load_scan_context, timezone.now()
    monkeypatch.setattr(fast_path, "load_scan_context", lambda *given: (look(*given), gate.wait())[0])
    if not guarded:
        version = "known.version = EXCLUDED.version - 1"
        condition = f"WHERE {version} AND known.changed_at = %(known_at)s::timestamptz"
        assert condition in fast_path.SAVE_PRESENCE_AND_SCAN_SQL
        monkeypatch.setattr(
            fast_path,
            "SAVE_PRESENCE_AND_SCAN_SQL",
            fast_path.SAVE_PRESENCE_AND_SCAN_SQL.replace(condition, ""),
        )
    work = [
        lambda device=device: factories.record_quickly(device, factories.make_item(code), now)
        for device in devices
    ]
    found = in_threads(work, threads=AT_ONCE)
    assert [one.verdict for one in found if one] == ["admitted"] * admitted
    assert Scan.objects.count() == admitted


def rush_into_a_room() -> int:
    event = factories.make_event()
    room = Checkpoint.objects.create(event=event, name="Salle", kind=Checkpoint.Kind.SESSION, capacity=1)
    devices = [factories.make_device(event, checkpoint=room)[0] for _number in range(AT_ONCE)]
    codes = [factories.code_of(factories.make_registration(event)) for _number in range(AT_ONCE)]
    work = [
        lambda one=one, code=code: (
            scanning.record_scan_items(device=one, items=[factories.make_item(code)])[0].verdict
        )
        for one, code in zip(devices, codes, strict=True)
    ]
    return in_threads(work, threads=AT_ONCE).count("admitted")


def test_a_room_takes_as_many_as_it_holds():
    assert rush_into_a_room() == 1


def test_control_counted_without_the_doors_lock_it_takes_more(monkeypatch):
    """The count is what was true before anyone came."""
    monkeypatch.setattr(batch_state, "count_places_left", lambda _device, capacities, **_options: capacities)
    assert rush_into_a_room() == AT_ONCE


# Tasks, rounds and leases.


def rush_for_a_task() -> int:
    sample_tasks.fail_always.enqueue()
    workers = [
        worker.RetryingWorker(
            queue_names=["*"],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=f"worker-{number}",
            excluded_queue_names=[],
        )
        for number in range(AT_ONCE)
    ]
    claimed = in_threads([one.claim_task for one in workers], threads=AT_ONCE)
    return len([one for one in claimed if isinstance(one, tuple)])


def test_a_task_is_taken_by_one_worker():
    assert rush_for_a_task() == 1
    assert (DBTaskResult.objects.get().status, Lease.objects.count()) == ("RUNNING", 1)


@pytest.mark.parametrize(("leased", "taken"), [(True, 1), (False, AT_ONCE)])
def test_control_without_the_rows_lock_the_lease_still_holds_and_without_both_all_take_it(
    monkeypatch, gate, leased, taken
):
    def look(self):
        found = self.first()
        gate.wait()
        return found

    monkeypatch.setattr(DBTaskResultQuerySet, "get_locked", look)
    monkeypatch.setattr(worker, "exclusive_transaction", contextlib.nullcontext)
    if not leased:
        monkeypatch.setattr(worker, "acquire_lease", lambda name: leases.OwnedLease(name, "any"))
    assert rush_for_a_task() == taken


def rush_for_a_round(act) -> int:
    name, now = "registrations.periodic_jobs.delete_old_idempotency_keys", timezone.now()
    PeriodicJob.objects.create(name=name, due_at=now)
    return in_threads([lambda: act(name, at=now)] * AT_ONCE, threads=AT_ONCE).count(True)


def test_a_round_is_taken_by_one_worker():
    assert rush_for_a_round(periodic.claim_periodic_job) == 1


def test_control_looked_at_first_a_round_is_taken_by_all(gate):
    def look_first(name, *, at):
        is_due = PeriodicJob.objects.filter(name=name, due_at__lte=at).exists()
        gate.wait()
        return is_due and bool(PeriodicJob.objects.filter(name=name).update(started_at=at))

    assert rush_for_a_round(look_first) == AT_ONCE


def rush_for_a_lease(act) -> int:
    Lease.objects.create(name="mails", holder="dead", until=timezone.now() - datetime.timedelta(seconds=9))
    return outcome([lambda: act("mails")] * AT_ONCE).count("OwnedLease")


def test_a_lapsed_lease_is_taken_by_one():
    assert rush_for_a_lease(leases.acquire_lease) == 1


def test_control_looked_at_first_a_lease_is_taken_by_all(gate):
    def look_first(name):
        is_free = Lease.objects.filter(name=name, until__lt=timezone.now()).exists()
        gate.wait()
        assert is_free
        Lease.objects.filter(name=name).update(holder="mine", until=timezone.now())
        return leases.OwnedLease(name, "mine")

    assert rush_for_a_lease(look_first) == AT_ONCE
