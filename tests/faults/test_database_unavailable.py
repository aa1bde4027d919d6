"""The database is unreachable, full, locked or read-only: 503 with Retry-After, and recovery."""

import contextlib
import json
import sqlite3
import threading
import time

import pytest
from django.db import connection
from django.test import Client

from badges.attendance.models import Scan
from badges.attendance.scanning.record_scans import record_scan_items
from registrations.models import Order, Registration, Ticket
from tests.badges.attendance import factories
from tests.conftest import database_url
from tests.factories import make_event, make_staff, make_ticket
from tests.faults.cluster import Cluster
from tests.faults.processes import WAIT_TIMEOUT_SECONDS, Site, send_request, wait_until
from tests.faults.test_killed_processes import make_order_body
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db(transaction=True)


def assert_sentence(status: int, headers: dict, content: bytes) -> None:
    """Require a problem or page that says what to do, without a traceback."""
    text = content.decode()
    assert (status, headers.get("retry-after")) == (503, "5"), text[:300]
    assert "Traceback" not in text
    assert ('"/api/v1/problems/unavailable"' in text) or ("We cannot reach our database" in text)


sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite’s own troubles")


@contextlib.contextmanager
def override_connection_options(command: str = "", timeout: float = 20):
    """Make new connections begin with a command and a lock timeout."""
    options = connection.settings_dict["OPTIONS"]
    before = dict(options)
    options["init_command"] += command
    options["timeout"] = timeout
    connection.close()
    try:
        yield
    finally:
        options.update(before)
        connection.close()


def limit_database_size():
    """Limit the database to its present pages, none of them free."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        [pages] = cursor.fetchone()
    return override_connection_options(f"; PRAGMA max_page_count = {pages}")


def read_only():
    return override_connection_options("; PRAGMA query_only = ON")


@contextlib.contextmanager
def lock_database():
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    with contextlib.closing(other), override_connection_options(timeout=0.2):
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.rollback()


@sqlite_only
@pytest.mark.parametrize("trouble", [limit_database_size, read_only, lock_database])
def test_failed_sqlite_writes_give_503_and_succeed_later(trouble):
    make_ticket(event := make_event())
    door = factories.make_event(slug="door")
    token = factories.make_device(door)[1]
    codes = [factories.make_badge_code(factories.make_registration(door)) for _number in range(100)]
    scans = {"scans": [factories.make_item(code) for code in codes]}
    client, large = Client(raise_request_exception=False), make_order_body(1) | {"company": "x" * 200}
    large["registrations"] = large["registrations"] * 20

    def order():
        return client.post(
            f"/api/v1/events/{event.slug}/orders/",
            json.dumps(large),
            content_type="application/json",
            headers={"Idempotency-Key": "the-same-each-time"},
        )

    def send():
        return client.post(
            "/api/v1/scanner/scans/",
            scans,
            content_type="application/json",
            headers=factories.make_bearer_header(token),
        )

    before = Order.objects.count()
    with trouble():
        began = time.monotonic()
        for _several in range(3):  # a page or two may be free still
            answers = [order(), send()]
            if all(answer.status_code == 503 for answer in answers):
                break
        for answer in answers:
            if trouble is limit_database_size:
                assert answer.status_code == 503
                assert answer["Retry-After"] == "60"
                assert answer.json()["type"] == "/api/v1/problems/storage-full"
            else:
                assert_sentence(answer.status_code, answer.headers, answer.content)
        assert time.monotonic() - began < 20
    assert order().status_code == 201
    assert send().status_code == 200
    assert Order.objects.count() - before == 1
    assert Scan.objects.count() == 100
    assert Ticket.objects.get(event=event).reserved == Registration.objects.filter(event=event).count() == 20


@sqlite_only
@pytest.mark.parametrize("trouble", [limit_database_size, read_only, lock_database])
def test_evacuation_list_is_available_while_database_is_not_writable(trouble):
    event = factories.make_event(slug="door")
    inside = factories.make_item(factories.make_badge_code(factories.make_registration(event)))
    record_scan_items(device=factories.make_device(event)[0], items=[inside])
    client = make_client(make_staff(event))

    with trouble():
        page = client.get("/organize/door/attendance/evacuation/").content.decode()
        printed = client.get("/organize/door/attendance/evacuation.pdf")

    assert "Müller Zoé" in page
    assert printed.content.startswith(b"%PDF")


@pytest.mark.postgresql
def test_closed_database_connections_are_reopened_without_errors(site):
    ticket = make_ticket(event := make_event())
    door = factories.make_event(slug="door")
    token = f"Bearer {factories.make_device(door)[1]}"
    site.server()
    orders, scans = f"{site.url}/api/v1/events/{event.slug}/orders/", f"{site.url}/api/v1/scanner/scans/"
    statuses = []

    for number in range(24):
        key = f"order-number-{number}"
        code = factories.make_badge_code(factories.make_registration(door))
        scan = {"scans": [factories.make_item(code)]}
        statuses.append(send_request(orders, make_order_body(number), Idempotency_Key=key)[0])
        statuses.append(send_request(scans, scan, Authorization=token)[0])
        if number % 4 == 3:
            end_connections(wait_ms=10_000)

    assert set(statuses) == {200, 201}
    assert Order.objects.filter(event=event).count() == 24
    assert Scan.objects.count() == 24
    ticket.refresh_from_db()
    assert ticket.reserved == 24
    assert "Traceback" not in site.said()


def end_connections(*, wait_ms: int = 0) -> None:
    """End all other connections to the test database; wait at most `wait_ms` for each to be gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            [wait_ms],
        )
        # Without waiting, the server only sends a signal, and a connection may end in the middle of a query.
        assert all(ended for [ended] in cursor.fetchall()) or not wait_ms


@pytest.mark.postgresql
def test_connections_closed_under_load_give_503_until_retried(site):
    """Requests whose connection ends get 503, and succeed when sent again."""
    ticket = make_ticket(event := make_event())
    url, done, stop = f"{site.url}/api/v1/events/{event.slug}/orders/", [], threading.Event()
    site.server()

    def book(first: int) -> None:
        for number in range(first, first + 15):
            answer = (0, {}, b"")
            while answer[0] != 201:
                answer = send_request(url, make_order_body(number), Idempotency_Key=f"order-number-{number}")
                if answer[0] != 201:
                    assert_sentence(*answer)
            done.append(number)

    threads = [threading.Thread(target=book, args=(first,)) for first in (0, 15, 30, 45)]
    for thread in threads:
        thread.start()
    while not stop.wait(0.1) and any(thread.is_alive() for thread in threads):
        end_connections()
    for thread in threads:
        thread.join(WAIT_TIMEOUT_SECONDS)
    assert sorted(done) == list(range(60))
    ticket.refresh_from_db()
    assert Order.objects.count() == 60
    assert Registration.objects.count() == 60
    assert ticket.reserved == 60


@pytest.fixture
def cluster(transactional_db):
    """Return a crashable copy of the test database, made when the test has added its rows."""
    made: list[Cluster] = []

    def copy() -> Cluster:
        made.append(Cluster(database_url()))
        return made[-1]

    yield copy
    for one in made:
        one.remove()


@pytest.mark.long
@pytest.mark.postgresql
def test_site_recovers_from_database_crash_without_loss(cluster, receiver, tmp_path):
    make_ticket(event := make_event())
    door = factories.make_event(slug="door")
    token = f"Bearer {factories.make_device(door)[1]}"
    codes = [factories.make_badge_code(factories.make_registration(door)) for _number in range(30)]
    client = Client()
    client.force_login(make_staff(event))
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    base = cluster()
    site = Site(base.url, tmp_path, EMAIL_URL=f"smtp://127.0.0.1:{receiver.port}")
    with contextlib.closing(SiteStopper(site)):
        server, worker = site.server(), site.worker()
        scans = f"{site.url}/api/v1/scanner/scans/"
        orders = f"{site.url}/api/v1/events/{event.slug}/orders/"
        items = [factories.make_item(code) for code in codes]

        def go_on(first: int, last: int) -> None:
            for number in range(first, last):
                key = f"order-number-{number}"
                send_until_accepted(orders, make_order_body(number), Idempotency_Key=key)
                send_until_accepted(scans, {"scans": [items[number]]}, Authorization=token)

        go_on(0, 5)
        rush = threading.Thread(target=go_on, args=(5, 30))
        rush.start()
        wait_until(lambda: base.count("SELECT count(*) FROM attendance_scan") >= 8, what="some scans")
        base.crash()
        for path, headers in [
            (f"/en/events/{event.slug}/", {}),
            (f"/en/organize/{event.slug}/", {"Cookie": cookie}),
            (f"/en/events/{event.slug}/agenda/", {}),
            (f"/api/v1/events/{event.slug}/", {}),
            (f"/orders/{'X' * 10}/{'y' * 43}/", {}),
        ]:
            began = time.monotonic()
            assert_sentence(*send_request(f"{site.url}{path}", **headers))
            assert time.monotonic() - began < 10
        assert send_request(f"{site.url}/readyz")[0] == 503
        assert_sentence(*send_request(scans, {"scans": items}, Authorization=token))
        base.start()
        rush.join(WAIT_TIMEOUT_SECONDS)
        assert not rush.is_alive()
        wait_until(lambda: len({m["Message-ID"] for m in receiver.messages}) == 30, what="every mail")
        assert server.poll() is None
        assert worker.poll() is None
        assert send_request(f"{site.url}/en/organize/{event.slug}/", Cookie=cookie)[0] == 200
    assert base.count("SELECT count(*) FROM registrations_order WHERE email LIKE 'person%'") == 30
    assert base.count(f"SELECT reserved FROM registrations_ticket WHERE event_id = {event.pk}") == 30
    assert base.count("SELECT count(DISTINCT uid) FROM attendance_scan") == 30
    assert base.count("SELECT count(*) FROM attendance_scan") == 30
    assert base.count("SELECT sum(entries) FROM attendance_presence") == 30
    assert len(receiver.messages) - 30 <= 1


class SiteStopper:
    """Stop a site's processes at the end."""

    def __init__(self, site: Site) -> None:
        self.close = site.stop


def send_until_accepted(url: str, data: dict, **headers: str) -> None:
    """Send the same request until it succeeds; any other response must be a 503 with an explanation."""
    end = time.monotonic() + WAIT_TIMEOUT_SECONDS
    while time.monotonic() < end:
        answer = send_request(url, data, **headers)
        if answer[0] in (200, 201):
            return
        assert_sentence(*answer)
        time.sleep(0.1)
    raise AssertionError("never taken")
