"""Clients that send or read slowly, or vanish, cost a connection, never a thread."""

import http.client
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from badges.attendance.models import Scan
from convention.serve.certificates import ensure_certificates
from convention.web.request_body import MAX_MEMORY_BYTES
from tests.badges.attendance import factories
from tests.conftest import database_url
from tests.faults.downloads import make_job_file
from tests.faults.processes import UNVERIFIED_TLS, Site, send_request

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
SLOW_PAIR_COUNT = 200
# In seconds: generous on a quiet machine, and less than a slow sender has.
PROMPT_SECONDS = 12.0
HEAD = b"POST /api/v1/scanner/scans/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
PARTIAL_BODY = HEAD + b'Content-Length: 1000\r\n\r\n{"scans": '
PARTIAL_HEAD = HEAD + b"X-Slow: "


class Crowd:
    """Open connections to a site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.sockets: list[socket.socket] = []

    def connect(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.site.port), timeout=30)
        secured = UNVERIFIED_TLS.wrap_socket(plain) if self.site.place.certificate_files else plain
        self.sockets.append(secured)
        return secured

    def begin(self, *beginnings: bytes) -> None:
        for beginning in beginnings:
            self.connect().sendall(beginning)

    def leave(self) -> None:
        for one in self.sockets:
            one.close()
        self.sockets = []


@pytest.fixture
def crowd() -> Iterator[Callable[[Site], Crowd]]:
    made: list[Crowd] = []

    def make(site: Site) -> Crowd:
        made.append(Crowd(site))
        return made[-1]

    yield make
    for one in made:
        one.leave()


@pytest.fixture(params=["plain", "lan"])
def either_site(request, transactional_db, tmp_path):
    """Run a site over http, and one over https with its own authority."""
    files = None
    if request.param == "lan":
        files = ensure_certificates(tmp_path / "lan", names=["localhost"], addresses=["127.0.0.1"])
    made = Site(database_url(), tmp_path, files, WEB_WORKERS="2", EMAIL_URL="dummymail://")
    yield made
    made.stop()


@pytest.fixture
def scan():
    """Send one scan of a new badge; return the status."""
    door = factories.make_event(slug="door")
    token = factories.make_device(door)[1]

    def send(site: Site, timeout: float = 60) -> int:
        item = factories.make_item(factories.make_badge_code(factories.make_registration(door)))
        url = f"{site.url}/api/v1/scanner/scans/"
        return send_request(url, {"scans": [item]}, timeout=timeout, Authorization=f"Bearer {token}")[0]

    return send


def parse_status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@pytest.mark.long
def test_slow_senders_block_no_requests_and_time_out(either_site, crowd, scan):
    either_site.server()

    for _process_loads_its_pages in range(10):
        assert send_request(f"{either_site.url}/en/")[0] == 200
        assert scan(either_site) == 200

    slow = crowd(either_site)
    slow.begin(*[PARTIAL_BODY, PARTIAL_HEAD] * SLOW_PAIR_COUNT)

    for _silent in range(20):
        socket_of_nobody = socket.create_connection(("127.0.0.1", either_site.port))
        slow.sockets.append(socket_of_nobody)

    for _again in range(6):
        assert send_request(f"{either_site.url}/healthz", timeout=PROMPT_SECONDS)[0] == 200
        assert scan(either_site, PROMPT_SECONDS) == 200
        assert send_request(f"{either_site.url}/en/", timeout=PROMPT_SECONDS)[0] == 200

    answers = [one.recv(4096) for one in slow.sockets[: 2 * SLOW_PAIR_COUNT : 2]]

    assert {parse_status(answer) for answer in answers} == {408}
    assert b'"/api/v1/problems/request-timeout"' in answers[-1]

    slow.leave()

    assert scan(either_site) == 200
    assert Scan.objects.count() == 17
    assert "Traceback" not in either_site.said()


@pytest.mark.long
def test_connections_with_slow_headers_are_closed(site, crowd):
    site.server()
    slow = crowd(site)
    slow.begin(PARTIAL_HEAD, b"PRI ", b"")

    slow.sockets[0].settimeout(60)

    assert [one.recv(4096) for one in slow.sockets] == [b"", b"", b""]


@pytest.mark.long
def test_clients_disconnecting_during_body_cause_no_error(site, crowd, scan):
    site.server()
    gone = crowd(site)
    gone.begin(*[PARTIAL_BODY] * 50)

    gone.leave()

    assert scan(site) == 200
    assert Scan.objects.count() == 1
    assert "Traceback" not in site.said()


@pytest.mark.long
def test_large_body_sent_in_pieces_is_put_together(site, crowd):
    site.server()
    event = factories.make_event()
    token = factories.make_device(event)[1]
    item = factories.make_item(factories.make_badge_code(factories.make_registration(event)))
    body = json.dumps({"x": "é" * MAX_MEMORY_BYTES, "scans": [item]}).encode()
    sender = crowd(site).connect()
    head = f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    sender.sendall(HEAD + head.encode())

    for at in range(0, len(body), 50_000):
        time.sleep(0.05)
        sender.sendall(body[at : at + 50_000])

    assert parse_status(sender.recv(4096)) == 200
    assert str(Scan.objects.get().uid) == item["id"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/scanner/scans/", '"/api/v1/problems/length-required"'),
        ("/en/accounts/login/", "The Content-Length header is missing"),
        ("/accounts/login/", "La requête n’indique pas sa longueur"),
    ],
)
def test_body_without_content_length_is_refused(site, path, words):
    site.server()
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("POST", path, iter([b"hello"]), encode_chunked=True)

    answer = connection.getresponse()

    assert answer.status == 411
    assert words in answer.read().decode()


def measure_peak_memory(process) -> int:
    """Return the peak memory of a worker process, in bytes."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    peaks = [re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) for pid in children]
    return 1024 * max(int(peak[1]) for peak in peaks if peak)


@pytest.mark.long
@pytest.mark.parametrize(
    ("path", "kind", "megabytes", "status"),
    [
        ("/api/v1/scanner/scans/", "application/json", 6, 413),
        ("/en/accounts/login/", "multipart/form-data; boundary=x", 70, 413),
        ("/en/accounts/login/", "multipart/form-data; boundary=x", 60, 403),
    ],
)
def test_a_large_body_is_not_held_in_memory(site, path, kind, megabytes, status):
    """A body beyond its limit is refused once sent; one within it goes to disk (and lacks a CSRF token)."""
    process = site.server()

    assert send_request(f"{site.url}/en/accounts/login/")[0] == 200

    before = measure_peak_memory(process)
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(megabytes << 20))
    connection.endheaders()
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    connection.send(part.ljust(1 << 20, b"a"))

    for _megabyte in range(megabytes - 1):
        connection.send(b"a" * (1 << 20))

    assert connection.getresponse().status == status
    assert measure_peak_memory(process) - before < 30 << 20


def test_oversized_body_is_refused_before_it_is_sent(site, crowd):
    site.server()
    for extra in (b"Content-Length: 900000000\r\n", b"Content-Length: 90000000\r\nExpect: 100-continue\r\n"):
        sender = crowd(site).connect()
        sender.sendall(HEAD + extra + b"\r\n")
        assert parse_status(sender.recv(4096)) == 413


@pytest.mark.long
def test_slow_readers_block_no_thread(site, crowd, scan):
    file = make_job_file(size=32 << 20)
    site.server()

    assert send_request(f"{site.url}/en/")[0] == 200
    assert scan(site) == 200

    readers = crowd(site)
    for _reader in range(20):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", site.port))
        head = f"GET {file.path} HTTP/1.1\r\nHost: localhost\r\nCookie: {file.cookie}\r\n\r\n"
        reader.sendall(head.encode())
        readers.sockets.append(reader)

    assert {parse_status(reader.recv(100)) for reader in readers.sockets} == {200}

    time.sleep(1)

    assert send_request(f"{site.url}/en/", timeout=PROMPT_SECONDS)[0] == 200
    assert scan(site, PROMPT_SECONDS) == 200
