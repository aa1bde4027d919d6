"""Scans over HTTP: one by one from eight devices, in batches, beside a million stored ones; the snapshot."""

import csv
import datetime
import io
import itertools
import json
import time
import urllib.request
import uuid
from collections.abc import Iterable, Iterator

import psycopg

from tests.bench.figures import Figure
from tests.bench.load import Result, drive, request
from tests.bench.site import Site

SINGLE = 4000
DEVICES = 8
BATCH = 200
MILLION = 1_000_000
SCANS = "/api/v1/scanner/scans/"


def figures(site: Site) -> Iterator[Figure]:
    """All rows about scanning."""
    codes = [row["code"] for row in csv.DictReader(io.StringIO(site.manage("codes", "large")))]
    tokens = [json.loads(site.manage("pair", "large"))["token"] for _number in range(DEVICES)]
    insert, empty = insert_floor(site), drive(site.port, [request("/healthz")] * 4000).rate
    drive(site.port, singles(codes[-200:], tokens))
    first = drive(site.port, singles(codes[:SINGLE], tokens))
    accepted(first, SINGLE)
    yield Figure(
        "one scan by API, 8 at once", first.rate, "/s", at_least=700, floor=empty, floor_work="an empty page"
    )
    yield Figure("one scan by API, p95", first.percentile(0.95), "ms", at_most=20)
    requests = batches(codes, tokens[:4])
    together = drive(site.port, requests, connections=4)
    accepted(together, len(requests))
    rate = together.rate * BATCH
    yield Figure(
        "scans in batches of 200", rate, "/s", at_least=5000, floor=insert, floor_work="a scan inserted alone"
    )
    yield from growth(site, codes, tokens)
    yield from snapshot(site, tokens[0])
    yield from attendance(site)


def growth(site: Site, codes: list[str], tokens: list[str]) -> Iterator[Figure]:
    """The p95 with a few thousand scans stored and with a million, the same badges read."""
    few = drive(site.port, singles(codes[:SINGLE], tokens, "out")).percentile(0.95)
    fill(site, MILLION)
    drive(site.port, singles(codes[:400], tokens))
    many = drive(site.port, singles(codes[:SINGLE], tokens, "out")).percentile(0.95)
    yield Figure("scan p95 beside 1,000,000 stored, growth", 100 * (many / few - 1), "%", at_most=25)


def snapshot(site: Site, token: str) -> Iterator[Figure]:
    """The whole snapshot as a new device fetches it, compressed."""
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
    """The numbers of an organizer's page beside a million scans, straight from the projection."""
    script = """
import time
from badges.attendance.headcount import by_door, tally
event = Event.objects.get(slug="large")
for work in (tally, by_door):
    work(event)
    began = time.perf_counter()
    work(event)
    print(1000 * (time.perf_counter() - began))
"""
    people, doors = site.manage("shell", "-v0", "-c", script).split()[-2:]
    yield Figure("attendance by company and ticket", float(people), "ms", at_most=100)
    yield Figure("attendance by door", float(doors), "ms", at_most=100)


def item(code: str, direction: str) -> dict[str, object]:
    """One scan as the scanner sends it."""
    return {
        "id": str(uuid.uuid4()), "code": code, "direction": direction, "sequence": next(COUNTER),
        "at": datetime.datetime.now(datetime.UTC).isoformat(), "clock_offset_ms": 0, "operator": "Lise",
        "local_verdict": "admitted", "snapshot": 1,
    }  # fmt: skip


COUNTER = itertools.count(1)


def post(items: list[dict[str, object]], token: str) -> bytes:
    """The request that sends them."""
    body = json.dumps({"scans": items}).encode()
    return request(SCANS, method="POST", body=body, headers={"Authorization": f"Bearer {token}"})


def singles(codes: Iterable[str], tokens: list[str], direction: str = "in") -> list[bytes]:
    """One request for each badge, the devices in turn."""
    return [
        post([item(code, direction)], token)
        for code, token in zip(codes, itertools.cycle(tokens), strict=False)
    ]


def batches(codes: list[str], tokens: list[str]) -> list[bytes]:
    """All badges leaving, 200 in each request."""
    groups = itertools.batched(codes, BATCH, strict=False)
    return [
        post([item(code, "out") for code in group], token)
        for group, token in zip(groups, itertools.cycle(tokens), strict=False)
    ]


def accepted(result: Result, count: int) -> None:
    """Only 200 counts."""
    if result.statuses != {200: count}:
        raise RuntimeError(f"Not every request was taken: {result.statuses}")


def insert_floor(site: Site) -> float:
    """Rows a second when one connection writes one row in each transaction."""
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_floor (id bigserial PRIMARY KEY, code text)")
        began = time.perf_counter()
        for _number in range(1000):
            connection.execute("INSERT INTO bench_floor (code) VALUES ('x')")
        return 1000 / (time.perf_counter() - began)


def fill(site: Site, count: int) -> None:
    """Store that many scans of the large event's badges, spread over its first day, and their presences."""
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute(FILL_SCANS, {"count": count})
        connection.execute(FILL_PRESENCES)
        connection.execute("VACUUM ANALYZE attendance_scan")
        connection.execute("VACUUM ANALYZE attendance_presence")


FILL_SCANS = """
WITH doors AS (
    INSERT INTO attendance_checkpoint (event_id, name, kind, is_strict, position)
    SELECT id, 'Room ' || n, 'other', false, 10 + n FROM events_event, generate_series(1, 100) n
    WHERE slug = 'large' RETURNING id, event_id
), door AS (SELECT id, event_id, row_number() OVER () - 1 AS n FROM doors),
person AS (
    SELECT r.id, row_number() OVER (ORDER BY r.id) - 1 AS n FROM registrations_registration r
    JOIN events_event e ON e.id = r.event_id WHERE e.slug = 'large' LIMIT 10000
), device AS (
    SELECT d.id FROM attendance_device d JOIN events_event e ON e.id = d.event_id
    WHERE e.slug = 'large' LIMIT 1
)
INSERT INTO attendance_scan (uid, device_id, event_id, checkpoint_id, registration_id, code_hash,
    payload_hash, direction, scanned_at, received_at, effective_at, is_uncertain, is_offline,
    local_verdict, operator, override_reason, verdict, reason)
SELECT gen_random_uuid(), device.id, door.event_id, door.id, person.id, md5(i::text), md5(i::text), 'in',
    now() - interval '1 day' + i * interval '50 ms', now(), now() - interval '1 day' + i * interval '50 ms',
    false, false, '', '', '', 'admitted', ''
FROM generate_series(0, %(count)s - 1) i
JOIN door ON door.n = i %% 100 JOIN person ON person.n = (i / 100) %% (SELECT count(*) FROM person)
CROSS JOIN device
"""

FILL_PRESENCES = """
INSERT INTO attendance_presence (event_id, checkpoint_id, registration_id, is_inside, first_in, last_in,
    last_device_id, seconds_inside, entries, has_conflict, latest_at, version, changed_at)
SELECT event_id, checkpoint_id, registration_id, true, min(effective_at), min(effective_at), min(device_id),
    0, 1, false, max(effective_at), count(*), now()
FROM attendance_scan WHERE operator = '' GROUP BY event_id, checkpoint_id, registration_id
ON CONFLICT DO NOTHING
"""
