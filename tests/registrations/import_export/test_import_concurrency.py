"""Imports concurrent with cancellation, correction, expiry or another import; controls run without locks."""

import datetime
import threading
from collections.abc import Callable

import pytest
from django.db import connections
from django.utils import timezone

from convention.errors import ConventionError
from convention.events.models import Event
from convention.tables.files import read_table
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_registration
from registrations.import_export import import_registrations as importing
from registrations.import_export.undo_import import undo_import
from registrations.inventory.stock import release_ticket_holds
from registrations.models import Registration, RegistrationQuerySet, Ticket
from registrations.models.orders import OrderQuerySet
from registrations.order_request import OrderRequest, RequestedPlace
from tests.factories import make_event, make_order, make_question, make_registration, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
THREAD_COUNT = 4
WAIT_SECONDS = 1.0
LOCKED = pytest.mark.parametrize(
    "locked", [True, pytest.param(False, marks=pytest.mark.postgresql)], ids=["locked", "control"]
)


def import_text(event: Event, text: str) -> importing.RegistrationImportResult:
    return importing.import_registrations(event=event, table=read_table("list.csv", text.encode()))


def import_during(monkeypatch, action: Callable[[], object], event: Event, text: str) -> None:
    """Import while `action` runs, which starts between reading and writing and may have to wait for locks."""
    save = importing.save_import

    def one() -> None:
        try:
            action()
        finally:
            connections.close_all()

    other = threading.Thread(target=one)

    def met(event, done) -> None:
        other.start()
        other.join(WAIT_SECONDS)
        save(event, done)

    monkeypatch.setattr(importing, "save_import", met)
    import_text(event, text)
    other.join(20)


def count_places(*tickets: Ticket) -> list[tuple[int, int]]:
    """Return the reserved count and the number of occupied places of each ticket."""
    return [
        (Ticket.objects.get(pk=ticket.pk).reserved, sum(r.occupies_place for r in ticket.registrations.all()))
        for ticket in tickets
    ]


def unlock(monkeypatch) -> None:
    monkeypatch.setattr(RegistrationQuerySet, "select_for_update", lambda self, **_options: self.all())
    monkeypatch.setattr(OrderQuerySet, "locked_for_update", lambda self: self.all())


def make_own_registration(ticket: Ticket, email: str, **fields) -> Registration:
    order = make_order(ticket.event, email=email)
    return make_registration(ticket, order=order, email=email, **fields)


@LOCKED
def test_place_moved_and_cancelled_concurrently_is_released_once(monkeypatch, locked):
    event = make_event()
    guest, press = make_ticket(event, capacity=3), make_ticket(event, slug="press", capacity=3)
    first, *_others = [make_own_registration(guest, f"p{number}@example.org") for number in range(3)]
    if not locked:
        unlock(monkeypatch)
    text = "first_name,last_name,email,ticket\nZoé,P,p0@example.org,press\n"

    import_during(monkeypatch, lambda: cancel_registration(registration=first), event, text)

    assert count_places(guest, press) == ([(2, 2), (0, 0)] if locked else [(1, 2), (1, 0)])


@LOCKED
def test_hold_expiring_during_import_does_not_release_imported_place(monkeypatch, locked):
    member = make_ticket(make_event(), slug="member", audience="member", capacity=1)
    later = timezone.now() + datetime.timedelta(minutes=30)
    make_own_registration(member, "late@example.org", confirmed_at=None, hold_expires_at=later)
    if not locked:
        unlock(monkeypatch)
    text = "first_name,last_name,email,ticket\nNew,B,late@example.org,member\n"

    import_during(monkeypatch, lambda: release_ticket_holds([member.pk], at=later), member.event, text)

    assert count_places(member) == [(1, 1) if locked else (0, 1)]


def test_correction_during_import_is_preserved(monkeypatch):
    one = make_own_registration(make_ticket(make_event(), is_default=True), "q@example.org", company="C1")
    correction = Correction(
        first_name="Corrected", last_name="Name", email="q@example.org", company="C1", no_photo=True
    )
    text = "first_name,last_name,email,company\n,Name,q@example.org,C2\n"

    import_during(
        monkeypatch, lambda: correct_registration(registration=one, correction=correction), one.event, text
    )

    one.refresh_from_db()
    assert one.name == "Corrected Name"
    assert one.company == "C1"
    assert one.no_photo
    assert Registration.objects.search_for("corrected c1").get() == one


@LOCKED
def test_concurrent_imports_of_same_list_book_everyone_once(monkeypatch, locked):
    event = make_event()
    guest = make_ticket(event, is_default=True)
    text = "first_name,last_name,email\n" + "".join(f"A,B{n},i{n}@example.org\n" for n in range(20))
    if not locked:
        gate, save = threading.Barrier(THREAD_COUNT, timeout=20), importing.save_import
        monkeypatch.setattr(importing, "acquire_advisory_lock", lambda _name: None)
        monkeypatch.setattr(importing, "save_import", lambda *given: (gate.wait(), save(*given)))

    results = run_in_threads([lambda: import_text(event, text)] * THREAD_COUNT, threads=THREAD_COUNT)

    assert [type(result).__name__ for result in results] == ["RegistrationImportResult"] * THREAD_COUNT
    assert count_places(guest) == [(20, 20) if locked else (20 * THREAD_COUNT, 20 * THREAD_COUNT)]


@pytest.mark.postgresql
def test_concurrent_import_and_cancellations_do_not_deadlock():
    """Move people both ways between two tickets while places of both are cancelled."""
    event = make_event()
    a, b = make_ticket(event, slug="a"), make_ticket(event, slug="b")
    rows = [
        make_own_registration(ticket, f"{ticket.slug}{n}@example.org") for ticket in (a, b) for n in range(12)
    ]
    swapped = [f"A,B,{one}{n}@example.org,{other}\n" for one, other in ("ab", "ba") for n in range(6)]
    text = f"first_name,last_name,email,ticket\n{''.join(swapped)}"
    jobs = [lambda: import_text(event, text)]
    jobs += [lambda row=row: cancel_registration(registration=row) for row in rows]

    failed = [result for result in run_in_threads(jobs) if isinstance(result, Exception)]

    assert failed == []
    for reserved, occupied in count_places(a, b):
        assert reserved == occupied


@pytest.mark.postgresql
def test_undoing_imports_during_cancellations_and_orders_does_not_deadlock():
    event = make_event()
    guest = make_ticket(event, capacity=200)
    press = make_ticket(event, slug="press", name="Presse", capacity=200)
    question = make_question(event, "diet", options=[("vegan", 300), ("all", 300)])
    people = [make_own_registration(guest, f"p{number}@example.org") for number in range(24)]
    header = "first_name,last_name,email,ticket,diet"
    known = [f"N,N{n},p{n}@example.org,press,vegan" for n in range(24)]
    runs = [
        import_text(
            event, "\n".join([header, *known[:12], *(f"A,B{n},a{n}@example.org,press,all" for n in range(8))])
        ),
        import_text(
            event, "\n".join([header, *known[12:], *(f"A,B{n},b{n}@example.org,guest,all" for n in range(8))])
        ),
    ]
    place = RequestedPlace(ticket="press", first_name="L", last_name="L", answers={"diet": ["all"]})
    asks = OrderRequest(email="l@example.org", places=(place,))
    work: list[Callable[[], object]] = [
        lambda run=run.import_run: undo_import(import_run=run) for run in runs
    ]
    work += [lambda person=person: cancel_registration(registration=person) for person in people]
    work += [lambda: place_order(event=event, request=asks)] * 8

    results = run_in_threads(work, threads=8)

    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, ConventionError)] == []
    for reserved, occupied in count_places(guest, press):
        assert reserved == occupied
    chosen = [
        registration.answers for registration in Registration.objects.all() if registration.occupies_place
    ]
    for option in question.options.all():
        assert option.reserved == sum(option.slug in given.get("diet", []) for given in chosen)
