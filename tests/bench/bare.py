"""The least that can sell a place: parse, one statement, answer. A floor, not a product."""

import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

STATEMENT = """
WITH place AS (
    UPDATE bench_ticket SET taken = taken + 1 WHERE id = 1 AND taken < capacity RETURNING id
) INSERT INTO bench_order (ticket, name) SELECT id, %s FROM place RETURNING id
"""
local = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Book, or say that nothing is left."""
    if environ["REQUEST_METHOD"] == "GET":
        return answer(start_response, "200 OK", b"ok")
    name = json.loads(environ["wsgi.input"].read())["name"]
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    row = local.connection.execute(STATEMENT, [name]).fetchone()
    if row is None:
        return answer(start_response, "409 Conflict", b'{"type": "sold-out"}')
    return answer(start_response, "201 Created", json.dumps({"order": row[0]}).encode())


def answer(start_response: Callable[..., Any], status: str, body: bytes) -> list[bytes]:
    """One whole answer."""
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
