"""All threads are blocked: health checks still answer, and all other requests are answered eventually."""

import concurrent.futures
import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from badges.attendance.models import Scan
from convention.rsgi import MAX_THREADS, MAX_WAIT_SECONDS
from convention.web.external_calls import STUCK_AFTER_SECONDS
from tests.badges.attendance import factories
from tests.conftest import database_url
from tests.factories import make_event, make_person, make_ticket
from tests.faults.cluster import Cluster
from tests.faults.processes import Site, send_request
from tests.faults.test_database_unavailable import SiteStopper, assert_sentence
from tests.registrations.payments.factories import order_by_card

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
# In seconds: generous on a quiet machine, and less than any of the waits here.
PROMPT_SECONDS = 10.0
HOLD_SQLITE = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None).execute("BEGIN IMMEDIATE")
print("mine", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def lock_sqlite() -> Iterator[None]:
    """Hold the write lock of the SQLite file in another process."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_SQLITE, str(connection.settings_dict["NAME"])],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "mine\n"
    try:
        yield
    finally:
        holder.kill()
        holder.communicate()


@contextlib.contextmanager
def lock_postgresql_tables() -> Iterator[None]:
    """Lock the tables of scans."""
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE attendance_scan, attendance_presence IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def test_requests_are_answered_while_database_is_locked(site):
    door = factories.make_event(slug="door")
    make_event(slug="open")
    token = f"Bearer {factories.make_device(door)[1]}"
    items = [
        factories.make_item(factories.make_badge_code(factories.make_registration(door)))
        for _n in range(3 * MAX_THREADS)
    ]
    url = f"{site.url}/api/v1/scanner/scans/"
    site.server()
    locked = lock_sqlite if connection.vendor == "sqlite" else lock_postgresql_tables

    def scan(item: dict) -> tuple[int, dict, bytes]:
        return send_request(url, {"scans": [item]}, timeout=60, Authorization=token)

    assert scan(items[0])[0] == 200
    with locked(), concurrent.futures.ThreadPoolExecutor(len(items)) as senders:
        began = time.monotonic()
        answers = [senders.submit(scan, item) for item in items[1:]]
        while not all(answer.done() for answer in answers):
            assert send_request(f"{site.url}/healthz", timeout=PROMPT_SECONDS)[0] == 200
            time.sleep(0.5)
        lasted = time.monotonic() - began
        for answer in answers:
            assert_sentence(*answer.result())
        assert send_request(f"{site.url}/en/events/open/", timeout=PROMPT_SECONDS)[0] == 200
    assert lasted < MAX_WAIT_SECONDS + 20  # a request may wait for a thread and then for a lock of PostgreSQL
    assert [scan(item)[0] for item in items] == [200] * len(items)
    assert Scan.objects.count() == len(items)
    assert "Traceback" not in site.said()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return the port of a service that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield listener.getsockname()[1]


def post_form(url: str, data: str = "", *, timeout: float = 60) -> int:
    """Return the status of a form that a browser sends."""
    token = "t" * 32
    headers = {"Cookie": f"csrftoken={token}", "X-CSRFToken": token}
    request = urllib.request.Request(url, data.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.once
@pytest.mark.parametrize("service", ["stripe", "mail"])
def test_unresponsive_external_service_delays_only_requests_that_need_it(
    service, transactional_db, silent_port, tmp_path
):
    make_ticket(event := make_event(slug="open"), price=12_000)
    make_person(email="eva@example.org")
    order = order_by_card(event)
    forms = {
        "stripe": (f"/en/orders/{order.reference}/{order.manage_secret}/pay/", ""),
        "mail": ("/en/accounts/login/code/", "email=eva%40example.org"),
    }
    site = Site(
        database_url(), tmp_path,
        STRIPE_SECRET_KEY="sk_test_x", STRIPE_API_BASE=f"http://127.0.0.1:{silent_port}",
        EMAIL_URL=f"smtp://127.0.0.1:{silent_port}",
    )  # fmt: skip
    with contextlib.closing(SiteStopper(site)), concurrent.futures.ThreadPoolExecutor(20) as senders:
        site.server()
        assert send_request(f"{site.url}/en/events/open/")[0] == 200
        path, data = forms[service]
        answers = [senders.submit(post_form, f"{site.url}{path}", data) for _each in range(2 * MAX_THREADS)]
        time.sleep(STUCK_AFTER_SECONDS + 1)
        for _again in range(5):
            assert send_request(f"{site.url}/en/events/open/", timeout=PROMPT_SECONDS)[0] == 200
        assert post_form(f"{site.url}{path}", data, timeout=PROMPT_SECONDS) == 503
        assert {answer.result() for answer in answers} == {503}


@pytest.mark.postgresql
def test_requests_to_frozen_database_are_refused_or_answered_later(transactional_db, tmp_path):
    """Requests that wait for the database get its answer later; requests that wait for a thread get 503."""
    make_event(slug="open")
    base = Cluster(database_url())
    site = Site(base.url, tmp_path, EMAIL_URL="dummymail://")

    def pages(first: int, count: int) -> list[concurrent.futures.Future]:
        addresses = [f"{site.url}/en/events/open/?n={number}" for number in range(first, first + count)]
        return [senders.submit(send_request, address, timeout=120) for address in addresses]

    with contextlib.ExitStack() as ends, concurrent.futures.ThreadPoolExecutor(20) as senders:
        ends.callback(base.remove)
        ends.callback(site.stop)
        site.server()
        assert {page.result()[0] for page in pages(0, 2 * MAX_THREADS)} == {200}
        base.freeze()
        try:
            asked = pages(100, 3 * MAX_THREADS)
            assert send_request(f"{site.url}/healthz", timeout=PROMPT_SECONDS)[0] == 200
            assert send_request(f"{site.url}/readyz", timeout=2 * PROMPT_SECONDS)[0] == 503
            time.sleep(MAX_WAIT_SECONDS + 5)
            refused = [page for page in asked if page.done()]
        finally:
            base.thaw()
        assert len(refused) == 2 * MAX_THREADS
        for page in refused:
            assert_sentence(*page.result())
        assert sorted(page.result()[0] for page in asked) == [200] * MAX_THREADS + [503] * 2 * MAX_THREADS
        assert send_request(f"{site.url}/en/events/open/")[0] == 200
