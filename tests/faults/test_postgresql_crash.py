"""PostgreSQL is killed repeatedly under load: acknowledged work stays, and everything recovers by itself."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.badges.attendance import factories
from tests.conftest import database_url
from tests.factories import make_event, make_ticket
from tests.faults.cluster import Cluster
from tests.faults.processes import WAIT_TIMEOUT_SECONDS, Site, send_request, wait_until
from tests.faults.test_killed_processes import make_order_body

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql, pytest.mark.long]
PLACES, BUYERS, PEOPLE, THREADS = 40, 60, 60, 6
FULL_SIZE = pytest.mark.soak


@pytest.fixture
def site(transactional_db, receiver, tmp_path) -> Iterator[tuple[Site, Cluster]]:
    """Run server and worker on a separate database that may crash."""
    made: list[Any] = []

    def start() -> tuple[Site, Cluster]:
        cluster = Cluster(database_url())
        made.append(cluster.remove)
        site = Site(cluster.url, tmp_path, EMAIL_URL=f"smtp://127.0.0.1:{receiver.port}")
        made.insert(0, site.stop)
        site.server()
        site.worker()
        return site, cluster

    yield start
    for end in made:
        end()


def find_backends(cluster: Cluster) -> list[int]:
    """Return the processes that serve connections: children of the postmaster."""
    main = (cluster.folder / "data" / "postmaster.pid").read_text().split()[0]
    lines = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", main], check=False, capture_output=True, text=True
    ).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if "127.0.0.1" in line]


def kill_a_backend(cluster: Cluster) -> None:
    """Kill one with SIGKILL: the postmaster ends all others and recovers."""
    for pid in random.sample(find_backends(cluster), 1) if find_backends(cluster) else ():
        os.kill(pid, signal.SIGKILL)


def lose_power(cluster: Cluster) -> None:
    cluster.crash()
    cluster.start()


def restart(cluster: Cluster) -> None:
    """Restart as a system update does: connections end, and open transactions are rolled back."""
    cluster.stop()
    cluster.start()


FAULTS = [kill_a_backend, lose_power, restart]


def send_until_final(url: str, data: dict, **headers: str) -> tuple[int, dict]:
    """Send the same request until it is accepted or finally refused; until then, only 503 may come."""
    end = time.monotonic() + WAIT_TIMEOUT_SECONDS
    while time.monotonic() < end:
        status, said, content = send_request(url, data, **headers)
        if status in (200, 201, 409):
            return status, json.loads(content)
        assert status in (0, 503), (status, content[:300])
        assert status == 0 or said.get("retry-after") == "5"
        time.sleep(random.uniform(0.02, 0.2))
    raise AssertionError("never taken")


@pytest.mark.parametrize("crashes", [3, pytest.param(20, marks=FULL_SIZE)])
def test_acknowledged_orders_and_scans_survive_every_crash(site, crashes):
    event = make_event()
    ticket = make_ticket(event, capacity=PLACES, price=1_000)
    door = factories.make_event(slug="door")
    token = f"Bearer {factories.make_device(door)[1]}"
    codes = [factories.make_badge_code(factories.make_registration(door)) for _number in range(PEOPLE)]
    web, cluster = site()
    orders, scans = f"{web.url}/api/v1/events/{event.slug}/orders/", f"{web.url}/api/v1/scanner/scans/"
    taken: list[dict] = []
    sold_out: list[int] = []
    scanned: list[str] = []
    is_over = threading.Event()

    def buy(number: int) -> None:
        status, answer = send_until_final(
            orders, make_order_body(number), Idempotency_Key=f"order-number-{number}"
        )
        if status == 201:
            taken.append(answer)
        else:
            sold_out.append(number)

    def scan(number: int) -> None:
        item = factories.make_item(codes[number])
        status, answer = send_until_final(scans, {"scans": [item]}, Authorization=token)
        assert status == 200
        assert answer["results"][0]["verdict"] == "admitted"
        scanned.append(item["id"])

    def trouble() -> None:
        for number in range(crashes):
            done = (BUYERS + PEOPLE) * (number + 1) // (crashes + 2)
            wait_until(lambda done=done: len(taken) + len(sold_out) + len(scanned) >= done, what="answers")
            FAULTS[number % len(FAULTS)](cluster)
        is_over.set()

    troubling = threading.Thread(target=trouble)
    troubling.start()
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [pool.submit(job, n) for n in range(max(BUYERS, PEOPLE)) for job in (buy, scan)]
        for job in jobs:
            job.result(2 * WAIT_TIMEOUT_SECONDS)
    troubling.join(WAIT_TIMEOUT_SECONDS)
    assert is_over.is_set()
    assert len(taken) == PLACES
    assert len(sold_out) == BUYERS - PLACES
    assert len(scanned) == PEOPLE
    references = {one["reference"] for one in taken}
    listed = ", ".join(f"'{reference}'" for reference in references)
    query = "SELECT count(*) FROM registrations_order"
    assert cluster.count(f"{query} WHERE reference IN ({listed})") == PLACES == len(references)
    assert cluster.count(f"{query} WHERE event_id = {event.pk}") == PLACES
    assert cluster.count(f"SELECT reserved FROM registrations_ticket WHERE id = {ticket.pk}") == PLACES
    uids = ", ".join(f"'{uid}'" for uid in scanned)
    assert cluster.count(f"SELECT count(*) FROM attendance_scan WHERE uid IN ({uids})") == PEOPLE
    assert cluster.count("SELECT sum(entries) FROM attendance_presence") == PEOPLE
    wait_until(lambda: send_request(f"{web.url}/readyz")[0] == 200, what="readiness")
    assert [process.poll() for process in web.processes] == [None, None]
    assert "Traceback" not in web.said()
