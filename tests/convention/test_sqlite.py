"""The database backend: writers of all threads and processes stand in one queue; nobody is left behind."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F

from convention.events.models import Event
from tests.conftest import ROOT, database_url
from tests.factories import make_event
from tests.rush import in_threads

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
        assert connection.has_turn is True
        transaction.set_rollback(True)
    assert connection.has_turn is False
    with transaction.atomic():
        connection.close()
    assert connection.has_turn is False
    with pytest.raises(OperationalError):
        connection.cursor().execute("INSERT INTO nowhere VALUES (1)")
    assert connection.has_turn is False
    in_threads([raise_it], threads=1)
    assert sequence() == event.sequence + 1


def queues_open() -> int:
    links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sum(link.readlink().name.endswith("-queue") for link in links if link.is_symlink())


def test_a_closed_connection_keeps_no_file_open():
    make_event()
    connection.close()
    before = queues_open()
    raise_it()
    assert queues_open() == before + 1
    connection.close()
    assert queues_open() == before


def test_where_the_queue_cannot_be_opened_all_write_by_the_lock_of_sqlite_alone():
    event = make_event()
    connection.close()
    queue = Path(f"{connection.settings_dict['NAME']}-queue")
    queue.unlink()
    queue.mkdir()
    try:
        in_threads([raise_it] * 4, threads=2)
        Event.objects.update(sequence=F("sequence") + 1)
        assert connection.has_turn is False
    finally:
        queue.rmdir()
        connection.close()
    assert sequence() == event.sequence + 5


def test_the_queue_is_opened_to_read_so_that_whoever_made_it_shuts_nobody_out():
    connection.close()
    with transaction.atomic():
        assert fcntl.fcntl(connection._queue, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY


def test_without_autocommit_a_statement_waits_for_no_turn_while_it_holds_the_lock_of_sqlite():
    make_event()
    connection.close()
    transaction.set_autocommit(False)
    try:
        Event.objects.update(sequence=F("sequence") + 1)
        assert (connection.connection.in_transaction, connection._queue) == (True, None)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


@pytest.fixture
def holder():
    """A process that writes and goes on holding its turn."""
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
    assert (sequence(), time.monotonic() - began < 60) == (event.sequence + 1, True)
