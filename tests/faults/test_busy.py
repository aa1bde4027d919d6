"""All threads wait for something that does not come: health checks go on, and everybody is answered."""

import concurrent.futures
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from badges.attendance.models import Scan
from convention.rsgi import THREADS, WAIT_SECONDS
from tests.badges.attendance import making
from tests.conftest import database_url
from tests.factories import make_event
from tests.faults.processes import ask
from tests.faults.test_database import assert_sentence

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
SOON = 5.0
HOLD_SQLITE = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None).execute("BEGIN IMMEDIATE")
print("mine", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def sqlite_locked() -> Iterator[None]:
    """Another program writes to the file."""
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
def postgresql_locked() -> Iterator[None]:
    """Somebody holds the tables of scans."""
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE attendance_scan, attendance_presence IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def test_while_another_program_writes_for_long_everybody_is_answered(site):
    door = making.make_event(slug="door")
    make_event(slug="open")
    token = f"Bearer {making.make_device(door)[1]}"
    items = [making.make_item(making.code_of(making.make_registration(door))) for _n in range(3 * THREADS)]
    url = f"{site.url}/api/v1/scanner/scans/"
    site.server()
    locked = sqlite_locked if connection.vendor == "sqlite" else postgresql_locked

    def scan(item: dict) -> tuple[int, dict, bytes]:
        return ask(url, {"scans": [item]}, timeout=60, Authorization=token)

    assert scan(items[0])[0] == 200
    with locked(), concurrent.futures.ThreadPoolExecutor(len(items)) as senders:
        began = time.monotonic()
        answers = [senders.submit(scan, item) for item in items[1:]]
        while not all(answer.done() for answer in answers):
            assert ask(f"{site.url}/healthz", timeout=SOON)[0] == 200
            time.sleep(0.5)
        lasted = time.monotonic() - began
        for answer in answers:
            assert_sentence(*answer.result())
        assert ask(f"{site.url}/en/events/open/", timeout=SOON)[0] == 200
    assert lasted < WAIT_SECONDS + 20  # one that waited for a thread may wait for a lock of PostgreSQL too
    assert [scan(item)[0] for item in items] == [200] * len(items)
    assert Scan.objects.count() == len(items)
    assert "Traceback" not in site.said()
