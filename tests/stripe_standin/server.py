"""HTTP server of the stand-in: authentication, version, idempotency keys, and faults on demand."""

import json
import re
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.stripe_standin import pages
from tests.stripe_standin.answers import answer
from tests.stripe_standin.errors import Refused, make_missing_error
from tests.stripe_standin.forms import parse
from tests.stripe_standin.post import Post
from tests.stripe_standin.world import VERSION, World

PAY_PAGE = re.compile(r"/c/pay/(cs_\w+)")


class StandIn:
    """Server; `world` holds the objects, `post` the events to deliver."""

    def __init__(self, *, port: int = 0, key: str = "sk_test_standin", webhook: str = "") -> None:
        self.key, self.lock = key, threading.RLock()
        self.kept: dict[str, tuple[tuple[str, str, str], int, dict[str, Any]]] = {}
        self.asked: list[tuple[str, str]] = []
        # Statuses with which the next requests fail before anything is done.
        self.fail_with: list[int] = []
        # How many of the next requests are carried out but never answered.
        self.swallow = 0
        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.http.standin = self
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.world = World(self.url)
        self.post = Post(self.world, address=webhook)

    def __enter__(self) -> "StandIn":
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.post.stopped.set()
        self.http.shutdown()
        self.http.server_close()

    def carry_out(self, method: str, path: str, body: str, headers: Any) -> tuple[int, dict[str, Any], dict]:
        """Handle an API request; return status, object and headers."""
        with self.lock:
            self.asked.append((method, path))
            try:
                self.check_caller(headers)
                if self.fail_with:
                    raise Refused(self.fail_with.pop(0), "An unknown error occurred", kind="api_error")
                if method == "POST":
                    return self.once(path, body, headers)
                return 200, answer(self.world, method, path, parse(body)), {}
            except Refused as refused:
                return refused.status, refused.body, {}

    def check_caller(self, headers: Any) -> None:
        """Check API key and version."""
        kind, _space, key = (headers.get("Authorization") or "").partition(" ")
        if kind != "Bearer" or not key:
            raise Refused(
                401,
                "You did not provide an API key. You need to provide your API key in the Authorization "
                "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            )
        if key != self.key:
            raise Refused(401, f"Invalid API Key provided: {key[:8]}{'*' * 8}")
        version = headers.get("Stripe-Version")
        if version != VERSION:
            raise Refused(400, f"Invalid Stripe API version: {version}", code="api_version_invalid")

    def once(self, path: str, body: str, headers: Any) -> tuple[int, dict[str, Any], dict]:
        """Handle a POST once for each idempotency key; repetitions get the same response."""
        if (headers.get("Content-Type") or "").split(";")[0] != "application/x-www-form-urlencoded":
            raise Refused(400, "Invalid request: send application/x-www-form-urlencoded.")
        key = headers.get("Idempotency-Key") or secrets.token_hex(16)
        if len(key) > 255:
            raise Refused(400, "Idempotency keys must be 255 characters or less.", kind="idempotency_error")
        asked = parse(body)
        same = ("POST", path, json.dumps(asked, sort_keys=True))
        if key in self.kept:
            known, status, kept = self.kept[key]
            if known != same:
                raise Refused(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters they were first "
                    f"used with. Try using a key other than '{key}' if you meant to execute a different "
                    "request.",
                    kind="idempotency_error",
                )
            return status, kept, {"Idempotency-Key": key, "Idempotent-Replayed": "true"}
        try:
            status, result = 200, answer(self.world, "POST", path, asked)
        except Refused as refused:
            if not refused.was_begun:
                raise
            status, result = refused.status, refused.body
        self.kept[key] = (same, status, result)
        return status, result, {"Idempotency-Key": key}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.handle_one("GET")

    def do_POST(self) -> None:
        self.handle_one("POST")

    def do_DELETE(self) -> None:
        self.handle_one("DELETE")

    def handle_one(self, method: str) -> None:
        standin: StandIn = self.server.standin
        split = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        if found := PAY_PAGE.fullmatch(split.path):
            self.pay_page(standin, method, found[1], body)
            return
        asked = split.query if method == "GET" else body
        status, result, headers = standin.carry_out(method, split.path, asked, self.headers)
        if standin.swallow and status == 200:
            standin.swallow -= 1
            self.close_connection = True
            return
        self.reply(status, json.dumps(result, indent=2), "application/json", **headers)

    def pay_page(self, standin: StandIn, method: str, name: str, body: str) -> None:
        with standin.lock:
            try:
                session = standin.world.get("cs", name)
            except Refused:
                self.reply(404, json.dumps(make_missing_error("session", name).body), "application/json")
                return
            declined = False
            if method == "POST" and session["status"] == "open":
                if target := pages.submit(standin.world, session, body):
                    self.reply(303, "", "text/html", Location=target)
                    return
                declined = True
            self.reply(200, pages.page(session, declined=declined), "text/html; charset=utf-8")

    def reply(self, status: int, content: str, kind: str, **headers: str) -> None:
        body = content.encode()
        self.send_response(status)
        named = {"Content-Type": kind, "Request-Id": f"req_{secrets.token_hex(7)}", "Stripe-Version": VERSION}
        for name, value in {**named, **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Discard the log line."""
