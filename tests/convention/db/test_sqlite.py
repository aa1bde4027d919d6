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
from tests.threads import in_threads

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="It is the backend of SQLite."),
]
HOLD = """
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


def raise_it() -> None:
    with transaction.atomic():
        found = sequence()
        Event.objects.update(sequence=found + 1)


def test_all_who_write_at_once_have_their_turn():
    make_event()
    before = sequence()
    in_threads([raise_it, lambda: Event.objects.update(sequence=F("sequence") + 1)] * 40, threads=8)
    assert sequence() == before + 80


def test_a_turn_ends_with_its_transaction_however_it_ends():
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
    in_threads([raise_it], threads=1)
    assert sequence() == event.sequence + 1


def queues_open() -> int:
    links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sum(link.readlink().name.endswith("-queue") for link in links if link.is_symlink())


def test_a_process_opens_the_queue_once_for_all_its_connections():
    make_event()
    in_threads([raise_it] * 4, threads=4)
    assert queues_open() == 1
    connection.close()
    raise_it()
    assert queues_open() == 1


@pytest.fixture
def no_queue():
    """Put a folder in the place of the queue's file, which nobody can lock."""
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


def test_where_the_queue_cannot_be_opened_all_write_by_the_lock_of_sqlite_alone(no_queue):
    event = make_event()
    in_threads([raise_it] * 4, threads=2)
    Event.objects.update(sequence=F("sequence") + 1)
    with transaction.atomic():
        assert connection.has_write_lock is False
    assert sequence() == event.sequence + 5


def test_the_queue_is_opened_to_read_so_that_whoever_made_it_shuts_nobody_out():
    with transaction.atomic():
        assert fcntl.fcntl(connection._held_queue._file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY


def test_without_autocommit_a_statement_waits_for_no_turn_while_it_holds_the_lock_of_sqlite():
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
def holder():
    """Return a process that writes and keeps the lock."""
    started = []

    def start(seconds: float) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", HOLD.format(seconds=seconds)],
            cwd=ROOT, env=os.environ | {"DATABASE_URL": database_url()}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == "mine\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_whoever_waits_for_another_process_goes_on_when_it_is_done(holder):
    make_event()
    process = holder(0.5)
    raise_it()
    assert process.wait(10) == 0
    assert sequence() == 101


def test_a_process_that_is_killed_keeps_nobody_waiting(holder):
    event = make_event()
    process = holder(600)
    process.kill()
    began = time.monotonic()
    raise_it()
    assert sequence() == event.sequence + 1
    assert time.monotonic() - began < 60


@pytest.fixture(params=["in the queue", "past the queue"])
def locked_out(request, holder):
    """Start a process that writes for ever, with our backend or another; it ends when called."""
    make_event()
    connection.close()
    if request.param == "in the queue":
        process = holder(600)
    else:
        process = subprocess.Popen(
            [sys.executable, "-c", PAST_THE_QUEUE, str(connection.settings_dict["NAME"])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout.readline() == "mine\n"

    def end() -> None:
        process.kill()
        process.wait()

    yield end
    end()


PAST_THE_QUEUE = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None).execute("BEGIN IMMEDIATE")
print("mine", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def timeout_of(seconds: float):
    """Make new connections wait so long for a lock."""
    options = connection.settings_dict["OPTIONS"]
    before = options["timeout"]
    options["timeout"] = seconds
    connection.close()
    yield
    options["timeout"] = before
    connection.close()


def refused() -> float:
    """Try to write, and fail; return the seconds it took."""
    began = time.monotonic()
    with pytest.raises(OperationalError, match="database is locked"):
        raise_it()
    return time.monotonic() - began


@pytest.mark.long
def test_the_waits_of_many_writers_do_not_add_up(locked_out):
    with timeout_of(2):
        began = time.monotonic()
        in_threads([refused] * 8, threads=8)
        assert time.monotonic() - began < 14
    locked_out()
    raise_it()
    assert connection.has_write_lock is False


def test_all_waits_of_one_request_share_its_budget(locked_out):
    began = time.monotonic()
    with wait_budget(1):
        refused()
        refused()
        with pytest.raises(OperationalError, match="database is locked"):
            Event.objects.update(sequence=F("sequence") + 1)
    assert 1 <= time.monotonic() - began < 15
    locked_out()
    raise_it()  # until then a thread of the queue may hold the lock that the writers above have given up
    with wait_budget(0):  # nothing to wait for
        raise_it()


@pytest.mark.long
def test_a_wait_that_was_given_up_keeps_nobody_out(locked_out, holder):
    with wait_budget(0.2):
        refused()
    locked_out()
    later = holder(0)
    assert later.wait(30) == 0
    raise_it()
    assert sequence() == 101


def test_the_budget_counts_what_waiting_took():
    with wait_budget(5):
        with limit_wait(20) as first:
            time.sleep(0.5)
        with limit_wait(20) as second:
            pass
        with limit_wait(1) as third:
            pass
    with limit_wait(20) as without:
        pass
    assert (first, third, without) == (5, 1, 20)
    assert 3 < second <= 4.5


@pytest.mark.long
def test_where_one_writes_for_long_only_two_threads_wait_for_it_to_end(locked_out):
    with timeout_of(8):
        began = time.monotonic()
        seconds: list[float] = []
        in_threads([lambda: seconds.append(refused())] * 12, threads=6)
        lasted = time.monotonic() - began
    seconds.sort()
    assert [second < 7 for second in seconds] == [True] * 10 + [False] * 2
    assert seconds[0] < 2  # one that came when it was stuck
    assert lasted < 14
    locked_out()
    raise_it()
