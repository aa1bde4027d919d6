"""Scans over HTTP: single, in batches, beside a million stored ones; and the snapshot."""

import contextlib
import csv
import datetime
import io
import itertools
import json
import sqlite3
import statistics
import time
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from tests.bench.figures import Figure
from tests.bench.load import Result, drive, request
from tests.bench.million import fill
from tests.bench.site import Site, run_server

SINGLE, TURNS = 3000, 3
DEVICES = 8
BATCH = 200
WHY = (
    "the floor writes one row and reads none. A scan is one statement for the device and the role behind it,"
    " one that reads all else (checkpoint, key, registration, presence) and one that writes scan and presence"
    " under the registration’s lock; the rest is the signature, the verdict, and validating and rendering by"
    " REST framework."
)
WHY_WAITS = (
    "SQLite allows one writer at a time, and each waits for the disk: of eight requests at once, seven wait"
    " in the write queue (`convention/db/sqlite/`)."
)
WHY_BATCHES = (
    "about half of a batch’s time goes to its 200 signatures; the rest reads and locks 200 registrations by"
    " the ORM, decides, and writes scans and presence. PostgreSQL and the load driver share the server’s two"
    " cores."
)
WHY_CHECKPOINTS = "a million rows of presence are a million index entries to count."
SCANS = "/api/v1/scanner/scans/"


def figures(site: Site) -> Iterator[Figure]:
    """Measure everything about scanning."""
    codes = [row["code"] for row in csv.DictReader(io.StringIO(site.manage("codes", "large")))]
    tokens = [json.loads(site.manage("pair", "large"))["token"] for _number in range(DEVICES)]
    yield from measure_single_scans(site, codes, tokens)
    requests = make_batch_requests(codes, tokens[:4])
    together = drive(site.port, requests, connections=4)
    require_accepted(together, len(requests))
    yield Figure(
        "scans in batches of 200", together.rate * BATCH, "/s", at_least=4000 if site.is_postgresql else 3500,
        floor=insert_floor(site),
        floor_work="a row inserted alone", of_floor=1 / 2, why=WHY_BATCHES,
    )  # fmt: skip
    yield from measure_growth(site, codes, tokens)
    yield from snapshot(site, tokens[0])
    yield from attendance(site)


def measure_single_scans(site: Site, codes: list[str], tokens: list[str]) -> Iterator[Figure]:
    """Measure three turns with different badges, and report the best: other load can only slow down."""
    drive(site.port, make_single_requests(codes[-1000:], tokens))
    if site.is_postgresql:
        # As autovacuum does within a minute: a plan made for nearly empty tables reads all their rows.
        with psycopg.connect(site.database, autocommit=True) as server:
            server.execute("VACUUM ANALYZE attendance_scan, attendance_presence")
    parts = [codes[turn * SINGLE : (turn + 1) * SINGLE] for turn in range(TURNS)]
    results = [drive(site.port, make_single_requests(part, tokens)) for part in parts]
    for result in results:
        require_accepted(result, SINGLE)
    yield Figure(
        "one scan by API, 8 at once", max(result.rate for result in results), "/s",
        at_least=600 if site.is_postgresql else None,
        floor=measure_bare_rate(site) if site.is_postgresql else None,
        floor_work="a view with one bare statement", of_floor=1 / 3 if site.is_postgresql else None, why=WHY,
    )  # fmt: skip
    yield Figure(
        "one scan by API, p95", min(result.percentile(0.95) for result in results), "ms",
        at_most=25 if site.is_postgresql else None,
        why=WHY if site.is_postgresql else WHY_WAITS,
    )  # fmt: skip


def measure_bare_rate(site: Site) -> float:
    """Measure an application that is nothing but an insert."""
    with psycopg.connect(site.database, autocommit=True) as server:
        server.execute("CREATE TABLE bench_scan (id bigserial PRIMARY KEY, code text)")
    with run_server(site, "tests.bench.bare:application") as port:
        data = request("/scan", method="POST", body=b'{"name": "x"}')
        drive(port, [data] * 200)
        found = drive(port, [data] * SINGLE).rate
    with psycopg.connect(site.database, autocommit=True) as server:
        server.execute("DROP TABLE bench_scan")
    return found


def measure_growth(site: Site, codes: list[str], tokens: list[str]) -> Iterator[Figure]:
    """Compare the p95 with a few thousand stored scans and with a million, for the same badges."""
    few = measure_usual_p95(site, codes, tokens)
    fill(site)
    drive(site.port, make_single_requests(codes[:400], tokens))
    many = measure_usual_p95(site, codes, tokens)
    yield Figure("scan p95 beside 1,000,000 stored, growth", 100 * (many / few - 1), "%", at_most=25)


def measure_usual_p95(site: Site, codes: list[str], tokens: list[str]) -> float:
    """Return the median p95 of five turns at one checkpoint, in milliseconds.

    The best one would compare the luckiest moments of two times that are minutes apart.
    """
    directions = ("out", "in", "out", "in", "out")
    turns = [
        drive(site.port, make_single_requests(codes[:SINGLE], tokens, direction)) for direction in directions
    ]
    return statistics.median(turn.percentile(0.95) for turn in turns)


def snapshot(site: Site, token: str) -> Iterator[Figure]:
    """Measure the compressed snapshot as a new device fetches it."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{site.port}/api/v1/scanner/snapshot/",
        headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"},
    )
    began = time.perf_counter()
    with urllib.request.urlopen(asked) as answer:
        size = len(answer.read())
    yield Figure("snapshot of 10,000 registrations", time.perf_counter() - began, "s", at_most=3)
    yield Figure("snapshot of 10,000 registrations, compressed", size / 1e6, "MB", at_most=3)


def attendance(site: Site) -> Iterator[Figure]:
    """Measure the attendance figures beside a million scans."""
    script = """
import time
from badges.attendance.reports.headcount import count_attendance, count_by_checkpoint
event = Event.objects.get(slug="large")
for work in (count_attendance, count_by_checkpoint):
    times = []
    for _turn in range(4):
        began = time.perf_counter()
        work(event)
        times.append(time.perf_counter() - began)
    print(1000 * min(times))
"""
    people, checkpoints = site.manage("shell", "-v0", "-c", script).split()[-2:]
    yield Figure("attendance by company and ticket", float(people), "ms", at_most=150)
    yield Figure("attendance by checkpoint", float(checkpoints), "ms", at_most=150, why=WHY_CHECKPOINTS)


def item(code: str, direction: str) -> dict[str, object]:
    """Return one scan as the scanner sends it."""
    return {
        "id": str(uuid.uuid4()), "code": code, "direction": direction, "sequence": next(COUNTER),
        "at": datetime.datetime.now(datetime.UTC).isoformat(), "clock_offset_ms": 0, "operator": "Lise",
        "local_verdict": "admitted", "snapshot": 1,
    }  # fmt: skip


COUNTER = itertools.count(1)


def post(items: list[dict[str, object]], token: str) -> bytes:
    """Return the request that sends scans."""
    body = json.dumps({"scans": items}).encode()
    return request(SCANS, method="POST", body=body, headers={"Authorization": f"Bearer {token}"})


def make_single_requests(codes: Iterable[str], tokens: list[str], direction: str = "in") -> list[bytes]:
    """Return one request for each badge, the devices in turn."""
    return [
        post([item(code, direction)], token)
        for code, token in zip(codes, itertools.cycle(tokens), strict=False)
    ]


def make_batch_requests(codes: list[str], tokens: list[str]) -> list[bytes]:
    """Return requests of 200 badges each, leaving."""
    groups = itertools.batched(codes, BATCH, strict=False)
    return [
        post([item(code, "out") for code in group], token)
        for group, token in zip(groups, itertools.cycle(tokens), strict=False)
    ]


def require_accepted(result: Result, count: int) -> None:
    """Raise RuntimeError unless all responses were 200."""
    if result.statuses != {200: count}:
        raise RuntimeError(f"Not every request was taken: {result.statuses}")


def insert_floor(site: Site) -> float:
    """Return the rows per second of single-row transactions on one connection."""
    connection: Any = (
        psycopg.connect(site.database, autocommit=True)
        if site.is_postgresql
        else sqlite3.connect(site.database.removeprefix("sqlite:///"), isolation_level=None)
    )
    with contextlib.closing(connection):
        connection.execute("CREATE TABLE bench_floor (id integer, code text)")
        began = time.perf_counter()
        for _number in range(1000):
            connection.execute("INSERT INTO bench_floor (id, code) VALUES (1, 'x')")
        took = time.perf_counter() - began
        connection.execute("DROP TABLE bench_floor")
    return 1000 / took
