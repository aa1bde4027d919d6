"""3,000 attempts for 500 places over HTTP, 64 at once, beside one bare statement doing the same."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.bench.figures import Figure
from tests.bench.load import Result, drive, request
from tests.bench.site import ROOT, THREADS, WORKERS, Site, free_port, wait_until_ready
from tests.bench.site import site as site_on

ATTEMPTS, PLACES, AT_ONCE = 3000, 500, 64
TABLES = """
CREATE TABLE IF NOT EXISTS bench_ticket (id int PRIMARY KEY, capacity int, taken int);
CREATE TABLE IF NOT EXISTS bench_order (id serial PRIMARY KEY, ticket int, name text);
TRUNCATE bench_order; DELETE FROM bench_ticket; INSERT INTO bench_ticket VALUES (1, 500, 0);
"""


def figures(site: Site) -> Iterator[Figure]:
    """The rush on the demo's ticket `scarce`: on the given database beside the floor, and on SQLite."""
    floor = bare_rate(site) if site.database.startswith("postgres") else None
    yield from sell_out(site, "rush", floor)
    with (
        tempfile.TemporaryDirectory(prefix="convention-bench-") as folder,
        site_on(f"sqlite:///{folder}/rush.sqlite3") as embedded,
    ):
        yield from sell_out(embedded, "rush on SQLite", None)


def sell_out(site: Site, name: str, floor: float | None) -> Iterator[Figure]:
    """All attempts on one site."""
    drive(site.port, [order("guest")] * 400)
    result = drive(site.port, [order("scarce")] * ATTEMPTS, connections=AT_ONCE)
    booked = result.statuses.get(201, 0)
    yield Figure(f"{name}: places given of {PLACES}", booked, "", at_least=PLACES, at_most=PLACES)
    wrong = sum(count for status, count in result.statuses.items() if status not in (201, 409))
    yield Figure(f"{name}: error pages", wrong, "", at_most=0)
    yield Figure(
        f"{name}: orders until sold out",
        rate(result),
        "/s",
        at_least=600,
        floor=floor,
        floor_work="one bare statement",
    )
    yield Figure(f"{name}: p95 of all attempts", result.percentile(0.95), "ms")


def rate(result: Result) -> float:
    """Orders a second until the last one."""
    return result.statuses.get(201, 0) / (result.until_last(201) or 1)


def order(ticket: str) -> bytes:
    """One order as the API takes it."""
    person = {"ticket": ticket, "first_name": "A", "last_name": "B", "email": "a@example.org"}
    body = {"email": "a@example.org", "language": "fr", "payment": "invoice", "registrations": [person]}
    return request("/api/v1/events/large/orders/", method="POST", body=json.dumps(body).encode())


def bare_rate(site: Site) -> float:
    """The same rush on an application that is nothing but the statement."""
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute(TABLES)
    with bare(site) as port:
        data = request("/", method="POST", body=b'{"name": "A B"}')
        drive(port, [request("/")] * 200)
        found = rate(drive(port, [data] * ATTEMPTS, connections=AT_ONCE))
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("DROP TABLE bench_order, bench_ticket")
    return found


@contextlib.contextmanager
def bare(site: Site) -> Iterator[int]:
    """Serve the bare application as the product is served."""
    port = free_port()
    command = [
        str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", str(THREADS),
        "--no-access-log", "--log-level", "error", "tests.bench.bare:application",
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, env=site.environment) as server:
        try:
            wait_until_ready(port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)
