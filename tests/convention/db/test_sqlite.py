"""The SQLite backend: writers of all threads and processes wait in one queue."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F

from convention.db.sqlite.write_queue import _queues_by_file, get_write_queue
from convention.db.wait_budget import limit_wait, wait_budget
from convention.events.models import Event
from tests.conftest import ROOT, database_url
from tests.factories import make_event
from tests.threads import run_in_threads

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="It is the backend of SQLite."),
]
HOLD_LOCK = """
import time
from django.db import transaction
from convention.events.models import Event
with transaction.atomic():
    Event.objects.update(sequence=100)
    print("mine", flush=True)
    time.sleep({seconds})
"""


def sequence() -> int:
    return Event.objects.values_list("sequence", flat=True).get()


def increment_sequence() -> None:
    with transaction.atomic():
        found = sequence()
        Event.objects.update(sequence=found + 1)


def test_concurrent_writers_all_succeed():
    make_event()
    before = sequence()

    run_in_threads(
        [increment_sequence, lambda: Event.objects.update(sequence=F("sequence") + 1)] * 40, threads=8
    )

    assert sequence() == before + 80


def test_write_lock_is_released_however_transaction_ends():
    event = make_event()
    with transaction.atomic():
        assert connection.has_write_lock is True
        transaction.set_rollback(True)

    assert connection.has_write_lock is False

    with transaction.atomic():
        connection.close()

    assert connection.has_write_lock is False
    with pytest.raises(OperationalError):
        connection.cursor().execute("INSERT INTO nowhere VALUES (1)")
    assert connection.has_write_lock is False

    run_in_threads([increment_sequence], threads=1)

    assert sequence() == event.sequence + 1


def count_open_queues() -> int:
    links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sum(link.readlink().name.endswith("-queue") for link in links if link.is_symlink())


def test_process_opens_queue_once_for_all_connections():
    make_event()
    run_in_threads([increment_sequence] * 4, threads=4)

    assert count_open_queues() == 1

    connection.close()
    increment_sequence()

    assert count_open_queues() == 1


@pytest.fixture
def unusable_queue():
    """Replace the queue's file with a folder, which cannot be locked."""
    path = f"{connection.settings_dict['NAME']}-queue"
    forget_queue(path)
    Path(path).unlink()
    Path(path).mkdir()
    yield
    Path(path).rmdir()


def forget_queue(path: str) -> None:
    queue = get_write_queue(path)
    queue._file.close()
    _queues_by_file.clear()


def test_writers_use_only_sqlite_lock_if_queue_cannot_be_opened(unusable_queue):
    event = make_event()
    run_in_threads([increment_sequence] * 4, threads=2)
    Event.objects.update(sequence=F("sequence") + 1)

    with transaction.atomic():
        assert connection.has_write_lock is False

    assert sequence() == event.sequence + 5


def test_queue_file_is_opened_read_only():
    with transaction.atomic():
        assert fcntl.fcntl(connection._held_queue._file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY


def test_statement_without_autocommit_does_not_wait_in_queue():
    make_event()
    connection.close()
    transaction.set_autocommit(False)
    try:
        Event.objects.update(sequence=F("sequence") + 1)
        assert connection.connection.in_transaction
        assert connection._held_queue is None
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


@pytest.fixture
def start_writer():
    """Return a function that starts a process which writes and holds the lock."""
    started = []

    def start(seconds: float) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", HOLD_LOCK.format(seconds=seconds)],
            cwd=ROOT, env=os.environ | {"DATABASE_URL": database_url()}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == "mine\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_writer_continues_after_other_process_commits(start_writer):
    make_event()
    process = start_writer(0.5)

    increment_sequence()

    assert process.wait(10) == 0
    assert sequence() == 101


def test_killed_process_releases_lock(start_writer):
    event = make_event()
    process = start_writer(600)
    process.kill()
    began = time.monotonic()

    increment_sequence()

    assert sequence() == event.sequence + 1
    assert time.monotonic() - began < 60


@pytest.fixture(params=["in the queue", "past the queue"])
def release_lock(request, start_writer):
    """Start a process that holds the lock, with our backend or without; return a function to end it."""
    make_event()
    connection.close()
    if request.param == "in the queue":
        process = start_writer(600)
    else:
        process = subprocess.Popen(
            [sys.executable, "-c", LOCK_WITHOUT_QUEUE_SCRIPT, str(connection.settings_dict["NAME"])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout.readline() == "mine\n"

    def end() -> None:
        process.kill()
        process.wait()

    yield end
    end()


LOCK_WITHOUT_QUEUE_SCRIPT = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None).execute("BEGIN IMMEDIATE")
print("mine", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def set_lock_timeout(seconds: float):
    """Make new connections wait at most `seconds` for a lock."""
    options = connection.settings_dict["OPTIONS"]
    before = options["timeout"]
    options["timeout"] = seconds
    connection.close()
    yield
    options["timeout"] = before
    connection.close()


def fail_to_write() -> float:
    """Try to write, and fail; return the seconds it took."""
    began = time.monotonic()
    with pytest.raises(OperationalError, match="database is locked"):
        increment_sequence()
    return time.monotonic() - began


@pytest.mark.long
def test_the_waits_of_many_writers_do_not_add_up(release_lock):
    with set_lock_timeout(2):
        began = time.monotonic()
        run_in_threads([fail_to_write] * 8, threads=8)
        assert time.monotonic() - began < 14
    release_lock()

    increment_sequence()

    assert connection.has_write_lock is False


def test_all_waits_of_one_request_share_its_budget(release_lock):
    began = time.monotonic()
    with wait_budget(1):
        fail_to_write()
        fail_to_write()
        with pytest.raises(OperationalError, match="database is locked"):
            Event.objects.update(sequence=F("sequence") + 1)

    assert 1 <= time.monotonic() - began < 15

    release_lock()
    increment_sequence()  # a thread of the queue may hold the lock until then, for a writer that gave up
    with wait_budget(0):  # nothing to wait for
        increment_sequence()


@pytest.mark.long
def test_abandoned_wait_does_not_block_other_writers(release_lock, start_writer):
    with wait_budget(0.2):
        fail_to_write()
    release_lock()

    later = start_writer(0)

    assert later.wait(30) == 0

    increment_sequence()

    assert sequence() == 101


def test_wait_budget_is_reduced_by_time_waited():
    with wait_budget(5):
        with limit_wait(20) as first:
            time.sleep(0.5)
        with limit_wait(20) as second:
            pass
        with limit_wait(1) as third:
            pass
    with limit_wait(20) as without:
        pass

    assert first == 5
    assert third == 1
    assert without == 20
    assert 3 < second <= 4.5


@pytest.mark.long
def test_only_two_threads_wait_full_timeout_during_long_write(release_lock):
    with set_lock_timeout(8):
        began = time.monotonic()
        seconds: list[float] = []
        run_in_threads([lambda: seconds.append(fail_to_write())] * 12, threads=6)
        lasted = time.monotonic() - began
    seconds.sort()

    assert [second < 7 for second in seconds] == [True] * 10 + [False] * 2
    assert seconds[0] < 2  # a writer that arrived when the queue was already stuck
    assert lasted < 14

    release_lock()
    increment_sequence()
