"""The least that can sell a place or store a scan: parse, one statement, respond. A floor, not a product."""

import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

STATEMENTS = {
    "/order": """
WITH place AS (
    UPDATE bench_ticket SET taken = taken + 1 WHERE id = 1 AND taken < capacity RETURNING id
) INSERT INTO bench_order (ticket, name) SELECT id, %s FROM place RETURNING id
""",
    "/scan": "INSERT INTO bench_scan (code) VALUES (%s) RETURNING id",
}
local = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Store a name; answer 409 if nothing is left."""
    if environ["REQUEST_METHOD"] == "GET":
        return answer(start_response, "200 OK", b"ok")
    name = json.loads(environ["wsgi.input"].read())["name"]
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    row = local.connection.execute(STATEMENTS[environ["PATH_INFO"]], [name]).fetchone()
    if row is None:
        return answer(start_response, "409 Conflict", b'{"type": "sold-out"}')
    return answer(start_response, "201 Created", json.dumps({"id": row[0]}).encode())


def answer(start_response: Callable[..., Any], status: str, body: bytes) -> list[bytes]:
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
