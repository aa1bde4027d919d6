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
from django.db.models import F, QuerySet
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
from registrations.changes.cancel import cancel_by_rules
from registrations.models import CompanyShare, Order, Registration, RegistrationQuerySet, Ticket
from registrations.models.orders import OrderQuerySet
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from tests.badges.attendance import factories
from tests.convention.tasks import sample_tasks
from tests.factories import make_company, make_event, make_member, make_registration, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
THREAD_COUNT = 4


@pytest.fixture
def gate():
    """Return a barrier for all threads."""
    return threading.Barrier(THREAD_COUNT, timeout=20)


def run_concurrently(jobs_to_do) -> list[str]:
    """Run the functions concurrently; return the class names of their results or errors."""
    return sorted(type(thread).__name__ for thread in run_in_threads(jobs_to_do, threads=THREAD_COUNT))


def unwrap_on_sqlite(action):
    """Return the action as it is on PostgreSQL; on SQLite without its transaction."""
    return action if connection.vendor == "postgresql" else action.__wrapped__


def remove_row_locks(monkeypatch, gate=None) -> None:
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


def split_updates(monkeypatch, gate) -> None:
    """Read the rows of an update first, and write them by key: its conditions are not checked again."""
    update = QuerySet.update

    def read_then_write(self, **values):
        keys = list(self.values_list("pk", flat=True))
        gate.wait()
        return update(self.model.objects.filter(pk__in=keys), **values)

    monkeypatch.setattr(QuerySet, "update", read_then_write)


def make_order_request(email: str = "a@example.org", ticket: str = "guest") -> OrderRequest:
    return OrderRequest(
        email=email, places=(RequestedPlace(ticket=ticket, first_name="A", last_name="B", email=email),)
    )


# Places.


def race_for_last_place() -> list[str]:
    make_ticket(event := make_event(), capacity=1)
    return run_concurrently(
        [lambda: place_order.place_order(event=event, request=make_order_request())] * THREAD_COUNT
    )


def test_last_place_is_sold_once():
    assert race_for_last_place() == ["Order"] + ["SoldOut"] * 3


def test_control_without_condition_constraint_prevents_overselling(monkeypatch, gate):
    def take_anyway(wanted):
        gate.wait()
        for ticket, places in wanted.items():
            Ticket.objects.filter(pk=ticket.pk).update(reserved=F("reserved") + places)

    monkeypatch.setattr(save_order, "save_order_fast", lambda _booking: False)
    monkeypatch.setattr(save_order, "reserve_items", take_anyway)
    monkeypatch.setattr(save_order, "save_orders", unwrap_on_sqlite(save_order.save_orders))
    assert race_for_last_place() == ["IntegrityError"] * 3 + ["Order"]


# A company's cap, and one place for each member.


def make_pending_registration(ticket: Ticket, email: str) -> Registration:
    order = place_order.place_order(event=ticket.event, request=make_order_request(email, "member"))
    return order.registrations.get()


def race_for_company_cap(action) -> tuple[list[str], int]:
    ticket = make_ticket(make_event(), slug="member", audience="member", company_cap=1)
    company = make_company()
    CompanyShare.objects.create(ticket=ticket, company=company)
    addresses = [f"m{number}@example.org" for number in range(THREAD_COUNT)]
    members = [make_member(company, email=address) for address in addresses]
    proofs = [make_pending_registration(ticket, member.email) for member in members]
    found = run_concurrently([lambda proof=proof: action(registration=proof) for proof in proofs])
    return found, CompanyShare.objects.get().reserved


def test_company_cap_is_not_exceeded():
    assert race_for_company_cap(verification.verify_membership) == (["CompanyFull"] * 3 + ["Registration"], 1)


def test_control_check_then_update_exceeds_company_cap(monkeypatch, gate):
    def look_first(ticket, company, places=1):
        share = CompanyShare.objects.get(ticket=ticket, company=company)
        gate.wait()
        assert share.reserved < ticket.company_cap
        CompanyShare.objects.filter(pk=share.pk).update(reserved=F("reserved") + places)

    monkeypatch.setattr(verification, "reserve_company_share", look_first)
    assert race_for_company_cap(unwrap_on_sqlite(verification.verify_membership)) == (
        ["Registration"] * THREAD_COUNT,
        THREAD_COUNT,
    )


def race_for_one_member(action) -> tuple[list[str], int]:
    ticket = make_ticket(make_event(), slug="member", audience="member")
    make_member(email="ana@example.org")
    proofs = [make_pending_registration(ticket, "ana@example.org") for _each in range(THREAD_COUNT)]
    found = run_concurrently([lambda proof=proof: action(registration=proof) for proof in proofs])
    return found, Registration.objects.confirmed().count()


def test_member_gets_one_place():
    assert race_for_one_member(verification.verify_membership) == (
        ["AlreadyRegistered"] * 3 + ["Registration"],
        1,
    )


def test_control_without_lock_member_gets_several_places(monkeypatch, gate):
    def look_first(registration, person):
        others = Registration.objects.confirmed().filter(event=registration.event, person=person)
        assert not others.exists()
        gate.wait()

    monkeypatch.setattr(verification, "refuse_second_registration", look_first)
    assert race_for_one_member(unwrap_on_sqlite(verification.verify_membership)) == (
        ["Registration"] * THREAD_COUNT,
        THREAD_COUNT,
    )


# Cancelling.


def race_to_cancel(action) -> tuple[list[str], int]:
    ticket = make_ticket()
    registration = make_registration(ticket)
    for _each in range(THREAD_COUNT):
        make_registration(ticket)
    found = run_concurrently([lambda: action(registration=registration)] * THREAD_COUNT)
    return found, Ticket.objects.get().reserved


def test_concurrent_cancellations_release_one_place():
    assert race_to_cancel(cancel_by_rules) == (["AlreadyCancelled"] * 3 + ["Registration"], THREAD_COUNT)


def test_control_without_lock_cancellations_release_several_places(monkeypatch, gate):
    remove_row_locks(monkeypatch, gate)
    assert race_to_cancel(unwrap_on_sqlite(cancel_by_rules)) == (["Registration"] * THREAD_COUNT, 1)


# Idempotency keys of orders.


def race_with_one_idempotency_key() -> int:
    make_ticket(event := make_event())
    means = OrderContext(idempotency_key="the-same-for-all")
    run_concurrently(
        [lambda: place_order.place_order(event=event, request=make_order_request(), context=means)]
        * THREAD_COUNT
    )
    return Order.objects.count()


def test_one_idempotency_key_books_once():
    assert race_with_one_idempotency_key() == 1


def test_control_without_key_comparison_every_request_books(monkeypatch):
    unlike = iter(range(100))
    monkeypatch.setattr(keys_of_orders, "_hash_key", lambda _key: str(next(unlike)))

    assert race_with_one_idempotency_key() == THREAD_COUNT


# The event's sequence and its signing key.


def test_concurrent_changes_get_distinct_sequences():
    event = make_event()
    assert sorted(run_in_threads([lambda: advance_sequence(event.pk)] * THREAD_COUNT)) == [1, 2, 3, 4]


def test_advancing_sequence_changes_nothing_else_in_one_statement(django_assert_num_queries):
    event = make_event(sequence=6)
    before = Event.objects.values().get()

    with django_assert_num_queries(1):
        raised = advance_sequence(event.pk)

    assert raised == 7
    assert Event.objects.values().get() == before | {"sequence": 7}


def test_control_read_then_write_gives_equal_sequences(gate):
    event = make_event()

    def read_first(execute, sql, params, many, context):
        column = '"events_event"."sequence" +'
        if column not in sql:
            return execute(sql, params, many, context)
        found = Event.objects.get(pk=event.pk).sequence
        gate.wait()
        return execute(sql.replace(column, f"{found} +"), params, many, context)

    def advance() -> int:
        with connection.execute_wrapper(read_first):
            return advance_sequence(event.pk)

    assert run_in_threads([advance] * THREAD_COUNT, threads=THREAD_COUNT) == [1] * THREAD_COUNT


def race_for_signing_key() -> int:
    event = make_event()
    run_in_threads([lambda: get_signing_key(event)] * THREAD_COUNT, threads=THREAD_COUNT)
    return EventKey.objects.filter(event=event).count()


def test_event_gets_one_signing_key():
    assert race_for_signing_key() == 1


def test_control_without_lock_event_gets_several_signing_keys(monkeypatch, gate):
    monkeypatch.setattr(
        signing_keys, "_create_first_key", lambda event: (gate.wait(), signing_keys.create_key(event))[1]
    )
    assert race_for_signing_key() == THREAD_COUNT


# Scans.


def race_with_one_badge() -> list[str]:
    event = factories.make_event()
    code = factories.make_badge_code(factories.make_registration(event))
    devices = [factories.make_device(event)[0] for _number in range(THREAD_COUNT)]
    at = timezone.now().isoformat()
    work = [
        lambda device=device: scanning.record_scan_items(
            device=device, items=[factories.make_item(code, at=at)]
        )[0]
        for device in devices
    ]
    return sorted(
        getattr(thread, "verdict", repr(thread)) for thread in run_in_threads(work, threads=THREAD_COUNT)
    )


def test_badge_is_admitted_once():
    assert race_with_one_badge() == ["admitted"] + ["already_in"] * 3


def test_control_without_lock_badge_is_admitted_by_every_device(monkeypatch, gate):
    def loaded(*given, **options):
        batch_state.load_batch_state(*given, **options)
        gate.wait()

    remove_row_locks(monkeypatch)
    monkeypatch.setattr(scanning, "load_batch_state", loaded)
    if connection.vendor == "sqlite":
        monkeypatch.setattr(scanning, "transaction", SimpleNamespace(atomic=contextlib.nullcontext))
    assert race_with_one_badge() == ["admitted"] * THREAD_COUNT


@pytest.mark.postgresql
@pytest.mark.parametrize(("guarded", "admitted"), [(True, 1), (False, THREAD_COUNT)])
def test_fast_path_saves_only_if_presence_is_unchanged(monkeypatch, gate, guarded, admitted):
    """Compare versions; without the comparison, which is the control, every device admits the badge."""
    event = factories.make_event()
    code = factories.make_badge_code(factories.make_registration(event))
    devices = [factories.make_device(event)[0] for _number in range(THREAD_COUNT)]
    look, now = fast_path.load_scan_context, timezone.now()
    monkeypatch.setattr(fast_path, "load_scan_context", lambda *given: (look(*given), gate.wait())[0])
    if not guarded:
        statement, condition = fast_path.SAVE_PRESENCE_AND_SCAN_SQL, fast_path.IS_UNCHANGED_SQL
        assert condition in statement
        monkeypatch.setattr(fast_path, "SAVE_PRESENCE_AND_SCAN_SQL", statement.replace(condition, "TRUE"))
    work = [
        lambda device=device: factories.record_by_fast_path(device, factories.make_item(code), now)
        for device in devices
    ]

    found = run_in_threads(work, threads=THREAD_COUNT)

    assert [one.verdict for one in found if one] == ["admitted"] * admitted
    assert Scan.objects.count() == admitted


def race_for_room_capacity() -> int:
    event = factories.make_event()
    room = Checkpoint.objects.create(event=event, name="Salle", kind=Checkpoint.Kind.SESSION, capacity=1)
    devices = [factories.make_device(event, checkpoint=room)[0] for _number in range(THREAD_COUNT)]
    codes = [factories.make_badge_code(factories.make_registration(event)) for _number in range(THREAD_COUNT)]
    work = [
        lambda one=one, code=code: (
            scanning.record_scan_items(device=one, items=[factories.make_item(code)])[0].verdict
        )
        for one, code in zip(devices, codes, strict=True)
    ]
    return run_in_threads(work, threads=THREAD_COUNT).count("admitted")


def test_room_capacity_is_not_exceeded():
    assert race_for_room_capacity() == 1


def test_control_with_stale_count_room_capacity_is_exceeded(monkeypatch):
    """The places left are those from before the first admission."""
    monkeypatch.setattr(batch_state, "count_places_left", lambda _device, capacities, **_options: capacities)
    assert race_for_room_capacity() == THREAD_COUNT


# Tasks, periodic jobs and leases.


def race_for_task() -> int:
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
        for number in range(THREAD_COUNT)
    ]
    claimed = run_in_threads([one.claim_task for one in workers], threads=THREAD_COUNT)
    return len([one for one in claimed if isinstance(one, tuple)])


def test_task_is_claimed_by_one_worker():
    assert race_for_task() == 1
    assert DBTaskResult.objects.get().status == "RUNNING"
    assert Lease.objects.count() == 1


@pytest.mark.parametrize(("leased", "taken"), [(True, 1), (False, THREAD_COUNT)])
def test_control_task_is_claimed_by_all_only_without_row_lock_and_lease(monkeypatch, gate, leased, taken):
    def look(self):
        found = self.first()
        gate.wait()
        return found

    monkeypatch.setattr(DBTaskResultQuerySet, "get_locked", look)
    monkeypatch.setattr(worker, "exclusive_transaction", contextlib.nullcontext)
    if not leased:
        monkeypatch.setattr(worker, "acquire_lease", lambda name: leases.OwnedLease(name, "any"))
    assert race_for_task() == taken


def race_for_periodic_job() -> int:
    name, now = "registrations.periodic_jobs.delete_old_idempotency_keys", timezone.now()
    PeriodicJob.objects.create(name=name, due_at=now)
    claims = [lambda: periodic.claim_periodic_job(name, at=now)] * THREAD_COUNT
    return run_in_threads(claims, threads=THREAD_COUNT).count(True)


def test_periodic_job_is_claimed_by_one_worker():
    assert race_for_periodic_job() == 1


def test_control_check_then_update_lets_all_claim_periodic_job(monkeypatch, gate):
    split_updates(monkeypatch, gate)
    assert race_for_periodic_job() == THREAD_COUNT


def race_for_lease() -> int:
    Lease.objects.create(name="mails", holder="dead", until=timezone.now() - datetime.timedelta(seconds=9))
    return run_concurrently([lambda: leases.acquire_lease("mails")] * THREAD_COUNT).count("OwnedLease")


def test_expired_lease_is_acquired_once():
    assert race_for_lease() == 1


def test_control_check_then_update_lets_all_acquire_lease(monkeypatch, gate):
    split_updates(monkeypatch, gate)
    assert race_for_lease() == THREAD_COUNT
