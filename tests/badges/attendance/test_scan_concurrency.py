"""Test concurrent scans on threads with separate database connections."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.scanning import batch
from badges.attendance.scanning.batch_state import save_batch
from badges.attendance.scanning.presence import NEVER_SCANNED
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.attendance.scanning.record_encryption import make_registration_key
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.scanning.sql import STATE_COLUMN_NAMES
from badges.attendance.scanning.verdict import COUNTED_VERDICTS
from convention.db.wait_budget import wait_budget
from convention.errors import ServiceUnavailable
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
    record_by_fast_path,
)
from tests.factories import make_session
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
CONCURRENCY = 8


def list_verdicts(results):
    return sorted(result.verdict for answer in results for result in answer)


def scan_concurrently(event, code, rounds=1):
    """Let eight devices scan one badge at the same moment."""
    devices = [make_device(event)[0] for _number in range(CONCURRENCY)]
    at = timezone.now().isoformat()
    jobs = [
        lambda device=device: record_scan_items(device=device, items=[make_item(code, at=at)])
        for device in devices
    ]
    return list_verdicts(run_in_threads(jobs * rounds, threads=CONCURRENCY))


def test_badge_scanned_concurrently_is_admitted_once():
    event = make_event()
    for _round in range(5):
        found = scan_concurrently(event, make_badge_code(make_registration(event)))
        assert found == ["admitted"] + ["already_in"] * (CONCURRENCY - 1)

    assert Scan.objects.count() == 5 * CONCURRENCY
    assert list(Presence.objects.values_list("version", "entries")) == [(CONCURRENCY, 1)] * 5


def test_badge_is_admitted_repeatedly_if_presence_is_ignored(monkeypatch):
    """Serve as negative control: the test above fails if presence is not read."""
    monkeypatch.setattr(batch, "get_presence_state", lambda _key, _batch_state: NEVER_SCANNED)
    event = make_event()

    assert scan_concurrently(event, make_badge_code(make_registration(event))).count("admitted") > 1


def test_scan_sent_concurrently_is_stored_once():
    event = make_event()
    device = make_device(event)[0]

    for code in (make_badge_code(make_registration(event)), "https://example.com/"):
        item = make_item(code)
        answers = run_in_threads(
            [lambda item=item: record_scan_items(device=device, items=[item])] * CONCURRENCY
        )
        results = [result for answer in answers for result in answer]
        assert len({(result.verdict, result.reason) for result in results}) == 1
        assert sorted(result.is_replayed for result in results) == [False] + [True] * (CONCURRENCY - 1)

    assert Scan.objects.count() == 2


def test_batches_in_opposite_order_do_not_deadlock():
    event = make_event()
    codes = [make_badge_code(make_registration(event)) for _number in range(20)]
    devices = [make_device(event)[0] for _number in range(CONCURRENCY)]
    jobs = [
        lambda device=device, turn=turn: record_scan_items(
            device=device, items=[make_item(code) for code in (codes if turn % 2 else codes[::-1])]
        )
        for turn, device in enumerate(devices)
    ]

    found = list_verdicts(run_in_threads(jobs, threads=CONCURRENCY))

    assert found == ["admitted"] * 20 + ["already_in"] * 20 * (CONCURRENCY - 1)


def test_concurrent_scans_never_overfill_room():
    event = make_event()
    room = Checkpoint.objects.create(event=event, name="Salle", kind=Checkpoint.Kind.SESSION, capacity=5)
    devices = [make_device(event, checkpoint=room)[0] for _number in range(CONCURRENCY)]
    codes = [make_badge_code(make_registration(event)) for _number in range(24)]
    jobs = [
        lambda device=devices[turn % CONCURRENCY], code=code: record_scan_items(
            device=device, items=[make_item(code)]
        )
        for turn, code in enumerate(codes)
    ]

    found = list_verdicts(run_in_threads(jobs, threads=CONCURRENCY))

    assert found == ["admitted"] * 5 + ["refused"] * 19
    assert Presence.objects.filter(checkpoint=room, is_inside=True).count() == 5


def post(token, item):
    """Send one item over HTTP and return its result."""
    response = Client().post(
        "/api/v1/scanner/scans/",
        {"scans": [item]},
        content_type="application/json",
        headers=make_bearer_header(token),
    )
    return response.json()["results"][0]


def test_badge_sent_concurrently_over_http_is_admitted_once():
    event = make_event()
    tokens = [make_device(event)[1] for _number in range(CONCURRENCY)]

    for _round in range(5):
        code = make_badge_code(make_registration(event))
        jobs = [lambda token=token, code=code: post(token, make_item(code))["verdict"] for token in tokens]
        assert sorted(run_in_threads(jobs)) == ["admitted"] + ["already_in"] * (CONCURRENCY - 1)

    assert list(Presence.objects.values_list("version", "entries")) == [(CONCURRENCY, 1)] * 5


def test_scan_sent_concurrently_over_http_is_stored_once():
    event = make_event()
    token = make_device(event)[1]
    item = make_item(make_badge_code(make_registration(event)))

    results = run_in_threads([lambda: post(token, item)] * CONCURRENCY)

    assert {result["verdict"] for result in results} == {"admitted"}
    assert sorted(result["replayed"] for result in results) == [False] + [True] * (CONCURRENCY - 1)
    assert Scan.objects.count() == 1
    assert Presence.objects.get().version == 1


STORY = [
    {"direction": "in", "minutes": 50, "local_verdict": "admitted", "operator": "Lise"},
    {"direction": "in", "minutes": 49.9, "local_verdict": "already_in"},  # a repeated read
    {"direction": "out", "minutes": 40, "sequence": 4},
    {"direction": "out", "minutes": 30},
    {"direction": "in", "minutes": 20, "clock_offset_ms": -180_000},
    {"direction": "in", "minutes": 1, "local_verdict": "already_in"},
    {"direction": "in", "minutes": 0, "badge_version": 7},
    {"direction": "in", "minutes": 0, "code": "https://example.com"},
]


def transfer(registration):
    registration.transferred_at = timezone.now() - timedelta(minutes=35)
    registration.save()


def cancel(registration):
    registration.cancelled_at = timezone.now() - timedelta(minutes=35)
    registration.save()


@pytest.mark.parametrize("kind", [Checkpoint.Kind.ENTRANCE, Checkpoint.Kind.SESSION])
@pytest.mark.parametrize(
    "change", [lambda _registration: None, transfer, cancel], ids=["confirmed", "transferred", "cancelled"]
)
def test_fast_path_decides_and_stores_same_as_full_path(kind, change):
    """Send every kind of scan through both paths, each for its own attendee."""
    event, now = make_event(), timezone.now()
    session = make_session(event) if kind == Checkpoint.Kind.SESSION else None
    checkpoint = Checkpoint.objects.create(event=event, name="Salle", kind=kind, session=session)
    device, _token = make_device(event, checkpoint=checkpoint, seen_at=now)
    people = [make_registration(event), make_registration(event)]
    stranger = make_badge_code(make_registration(make_event()))
    for person in people:
        change(person)

    answers = []
    for person, is_fast in zip(people, (True, False), strict=True):
        results = []
        for fields in [*STORY, {"direction": "in", "minutes": 0, "code": stranger}]:
            at = now - timedelta(minutes=fields["minutes"])
            given = {
                name: value for name, value in fields.items() if name not in ("minutes", "badge_version")
            }
            item = make_item(make_badge_code(person, fields.get("badge_version")), at=at.isoformat()) | given
            results += (
                [record_without_orm_reads(device, item, now)]
                if is_fast
                else record_scan_items(device=device, items=[item], at=now)
            )
        answers.append([(result.verdict, result.reason, result.prior_state) for result in results])

    assert answers[0] == answers[1]
    fast, full = (list_stored_rows(person) for person in people)
    assert fast == full


def record_without_orm_reads(device, item, now):
    """Record by the fast path, and assert that no column was missing in its statement."""
    with CaptureQueriesContext(connection) as captured:
        result = record_by_fast_path(device, item, now)

    assert [query["sql"] for query in captured if query["sql"].startswith("SELECT")] == []
    return result


def list_stored_rows(registration):
    scans = Scan.objects.filter(registration=registration).order_by("pk").values_list(*COMPARED_FIELDS)
    return [*scans, *Presence.objects.filter(registration=registration).values(*STATE_COLUMN_NAMES)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="It has one writer at a time.")
def test_refused_scan_waits_no_longer_than_its_request_may():
    event = make_event()
    device, _token = make_device(event, seen_at=timezone.now())
    is_locked, is_over = threading.Event(), threading.Event()

    def hold_write_lock():
        with transaction.atomic():
            is_locked.set()
            is_over.wait(30)

    def scan():
        is_locked.wait(30)
        began = time.monotonic()
        with wait_budget(0.5), pytest.raises(ServiceUnavailable):
            record_by_fast_path(device, make_item("https://example.com/"))
        is_over.set()
        return time.monotonic() - began

    seconds, _held = run_in_threads([scan, hold_write_lock], threads=2)
    assert seconds < 10
    assert Scan.objects.count() == 0


def test_entry_keeps_its_gate_when_device_moves():
    event = make_event()
    device, token = make_device(event)
    other, other_token = make_device(event)
    south = Checkpoint.objects.create(
        event=event, name="Sud", kind=Checkpoint.Kind.OTHER, counts_as=device.checkpoint
    )
    people = [make_registration(event), make_registration(event)]
    entries = [make_item(make_badge_code(person), at=get_time_ago(5).isoformat()) for person in people]
    record_by_fast_path(device, entries[0])
    record_scan_items(device=device, items=entries[1:])
    device.checkpoint = south
    device.save()

    quick = record_by_fast_path(other, make_item(make_badge_code(people[0])))
    [full] = record_scan_items(device=other, items=[make_item(make_badge_code(people[1]))])
    snapshot = Client().get("/api/v1/scanner/snapshot/", headers=make_bearer_header(other_token)).json()
    conflicts = (
        Client().get("/api/v1/scanner/conflicts/", headers=make_bearer_header(token)).json()["conflicts"]
    )

    assert quick.gate == "Entrée"
    assert full.gate == "Entrée"
    assert [row["gate"] for row in snapshot["presences"]] == ["Entrée", "Entrée"]
    assert [row["gate"] for row in conflicts] == ["Entrée", "Entrée"]
    stored = list(Presence.objects.order_by("pk").values_list("last_checkpoint__name", flat=True))
    Presence.objects.update(last_checkpoint=None)
    rebuild_presence(event=event)
    assert list(Presence.objects.order_by("pk").values_list("last_checkpoint__name", flat=True)) == stored


def get_time_ago(minutes):
    return timezone.now() - timedelta(minutes=minutes)


COMPARED_FIELDS = [
    "direction", "scanned_at", "effective_at", "is_time_uncertain", "is_offline", "clock_offset_ms",
    "device_sequence", "local_verdict", "operator", "override_reason", "verdict", "reason", "let_in",
]  # fmt: skip


@pytest.mark.postgresql
@pytest.mark.parametrize("is_known", [True, False], ids=["seen before", "never seen"])
def test_fast_path_scan_during_batch_is_not_overwritten(monkeypatch, is_known):
    """Send a scan of the same badge after the batch has read the presence and before it writes it."""
    event = make_event()
    code = make_badge_code(make_registration(event))
    device, token = make_device(event)
    begin = timezone.now() - timedelta(minutes=10)
    one, other, quick = (
        make_item(code, at=(begin + timedelta(minutes=turn)).isoformat(), direction=direction)
        for turn, direction in enumerate(["in", "out", "in"])
    )
    if is_known:
        record_scan_items(
            device=device, items=[make_item(code, at=(begin - timedelta(minutes=1)).isoformat())]
        )
    meanwhile, posted = ThreadPoolExecutor(1), []
    meanwhile.submit(post, token, make_item("https://example.com/")).result()  # open its connection

    def slow(*args, **given):
        posted.append(meanwhile.submit(post, token, quick))
        time.sleep(0.5)
        return save_batch(*args, **given)

    monkeypatch.setattr("badges.attendance.scanning.record_scans.save_batch", slow)
    record_scan_items(device=device, items=[one, other])
    monkeypatch.undo()
    assert posted[0].result(timeout=20)["verdict"] == "admitted"
    meanwhile.submit(connections.close_all).result()
    assert Scan.objects.filter(verdict__in=COUNTED_VERDICTS).count() == 3 + is_known
    kept = Presence.objects.values(*STATE_COLUMN_NAMES).get()
    rebuild_presence(event=event)
    assert Presence.objects.values(*STATE_COLUMN_NAMES).get() == kept
    assert kept["version"] == 3 + is_known


def test_polling_devices_receive_every_presence_during_scans():
    """Poll with two devices while clocks jump and eight others scan, one by one and in batches."""
    event = make_event(sequence=1)
    codes = {
        one.reference: make_badge_code(one) for one in (make_registration(event) for _number in range(96))
    }
    references = list(codes)
    scanning = [make_device(event) for _number in range(CONCURRENCY)]
    readers = [make_device(event)[1] for _number in range(2)]
    is_over = threading.Event()

    def scan_some(number):
        device, _token = scanning[number]
        for turn, reference in enumerate(references[number::CONCURRENCY]):
            at = timezone.now() + timedelta(hours=(number * 7 + turn * 5) % 11 - 5)
            item = make_item(codes[reference], at=timezone.now().isoformat())
            if turn % 2 or record_by_fast_path(device, item, at) is None:
                record_scan_items(device=device, items=[item], at=at)

    def poll(token):
        told, cursor, client = [], {"since": 1}, Client()
        rounds_after = 0
        while rounds_after < 2:
            rounds_after += is_over.is_set()
            answer = client.get("/api/v1/scanner/snapshot/", cursor, headers=make_bearer_header(token)).json()
            cursor = {"since": 1, "presences": answer["presences_cursor"]}
            told += [one["key"] for one in answer["presences"]]
        return told

    def finish():
        found = run_in_threads([lambda n=n: scan_some(n) for n in range(CONCURRENCY)], threads=CONCURRENCY)
        is_over.set()
        return found

    done, *told = run_in_threads([finish, *(lambda token=token: poll(token) for token in readers)], threads=3)
    assert done == [None] * CONCURRENCY
    everybody = {make_registration_key(reference) for reference in references}
    assert [set(keys) for keys in told] == [everybody, everybody]
    assert max(map(len, told)) < 2 * len(everybody)
    assert Presence.objects.filter(sequence=None).count() == 0
