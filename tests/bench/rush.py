"""3,000 attempts for 500 places over HTTP, 64 at once; the floor is one bare statement."""

import json
from collections.abc import Iterator

import psycopg

from tests.bench.figures import Figure
from tests.bench.load import Result, drive, request
from tests.bench.site import Site, run_server

ATTEMPTS, PLACES, AT_ONCE = 3000, 500, 64
TABLES = """
CREATE TABLE IF NOT EXISTS bench_ticket (id int PRIMARY KEY, capacity int, taken int);
CREATE TABLE IF NOT EXISTS bench_order (id serial PRIMARY KEY, ticket int, name text);
TRUNCATE bench_order; DELETE FROM bench_ticket; INSERT INTO bench_ticket VALUES (1, 500, 0);
"""


WHY = (
    "the floor writes one row and reads none. An order is parsed, checked and rendered in Python, and its one"
    " statement writes an order, a registration and a task (15 index entries, four foreign keys) and raises"
    " two counters."
)


BY_CODE = """
from convention.events.models import Event
from registrations.models import Quota, Ticket, Voucher
event = Event.objects.get(slug="large")
for slug, code in (("by-code", "RUSH"), ("before-by-code", "WARM")):
    room = Quota.objects.create(event=event, name=code, capacity=500)
    ticket = Ticket.objects.create(event=event, slug=slug, name=code, is_public=False, quota=room)
    Voucher.objects.create(event=event, code=code, kind="access", capacity=500).tickets.add(ticket)
Ticket.objects.create(event=event, slug="on-invoice", name="On invoice", capacity=500, price=12_000)
"""
# Orders for another ticket before measuring, since load comes to a site that already runs.
WARMING = 400


def figures(site: Site) -> Iterator[Figure]:
    """Measure the demo's ticket `scarce`, then orders by voucher and on invoice."""
    floor = measure_bare_rate(site) if site.is_postgresql else None
    drive(site.port, [order("guest")] * WARMING)
    yield from sell_out(site, "rush", order("scarce"), floor, at_least=400 if site.is_postgresql else 250)
    site.manage("shell", "-v0", "-c", BY_CODE)
    drive(site.port, [order("before-by-code", code="WARM")] * WARMING)
    at_least = 300 if site.is_postgresql else 150
    by_code = order("by-code", code="RUSH")
    yield from sell_out(site, "rush by code, shared quota", by_code, floor, at_least=at_least)
    name = "rush on invoice, held until it is confirmed"
    yield from sell_out(site, name, order("on-invoice"), floor, at_least=at_least)


def sell_out(
    site: Site, name: str, attempt: bytes, floor: float | None, *, at_least: float
) -> Iterator[Figure]:
    """Send the same attempt many times; `at_least` is the wanted rate of orders a second."""
    result = drive(site.port, [attempt] * ATTEMPTS, connections=AT_ONCE)
    booked = result.statuses.get(201, 0)
    yield Figure(f"{name}: places booked of {PLACES}", booked, "", at_least=PLACES, at_most=PLACES)
    refused = (409, 422)  # nothing is left; the code is used up
    wrong = sum(count for status, count in result.statuses.items() if status not in (201, *refused))
    yield Figure(f"{name}: error pages", wrong, "", at_most=0)
    yield Figure(
        f"{name}: orders until sold out", compute_rate(result), "/s", at_least=at_least,
        floor=floor, floor_work="one bare statement", of_floor=floor and 1 / 3, why=WHY,
    )  # fmt: skip
    yield Figure(f"{name}: p95 of all attempts", result.percentile(0.95), "ms")


def compute_rate(result: Result) -> float:
    """Return orders per second until the last one."""
    return result.statuses.get(201, 0) / (result.until_last(201) or 1)


def order(ticket: str, **extra: str) -> bytes:
    """Return an order as an API request."""
    person = {"ticket": ticket, "first_name": "A", "last_name": "B", "email": "a@example.org"}
    body = {
        "email": "a@example.org",
        "language": "fr",
        "payment": "invoice",
        "registrations": [person],
    } | extra
    return request("/api/v1/events/large/orders/", method="POST", body=json.dumps(body).encode())


def measure_bare_rate(site: Site) -> float:
    """Measure an application that runs nothing but the statement."""
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute(TABLES)
    with run_server(site, "tests.bench.bare:application") as port:
        data = request("/order", method="POST", body=b'{"name": "A B"}')
        drive(port, [request("/")] * WARMING)
        found = compute_rate(drive(port, [data] * ATTEMPTS, connections=AT_ONCE))
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("DROP TABLE bench_order, bench_ticket")
    return found
