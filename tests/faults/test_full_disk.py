"""A full disk: the server answers with an explanation, loses no acknowledged scan, and recovers.

The disk is a real file system of a few megabytes; skipped where none can be mounted.
"""

import contextlib
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from django.db import connection

from convention.errors import ConventionError
from convention.ops.local_data import read_or_create_secret
from convention.serve.certificates import ensure_certificates
from tests.badges.attendance import factories
from tests.convention.ops.test_health import parse_metrics
from tests.factories import make_account, make_event, make_ticket
from tests.faults.processes import Site, send_request, wait_until
from tests.faults.test_killed_processes import make_order_body

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.once,
]

DISK_MB = 24


@pytest.fixture
def disk(tmp_path):
    """Mount an empty file system."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not shutil.which("mount"):
        pytest.skip("no small file system can be mounted here: there is no `mount`")
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_disk(disk: Path) -> None:
    """Use up all space, to the last page."""
    with (disk / "filler").open("ab", buffering=0) as filler:
        for size in (1 << 20, 1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while filler.write(b"x" * size) == size:
                    pass
    assert shutil.disk_usage(disk).free == 0


def make_room(disk: Path) -> None:
    (disk / "filler").unlink()


def copy_database(path: Path) -> str:
    """Copy the test database to `path`; return its URL."""
    # Without the free pages that larger tests of this process left behind: the disk is small.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    return f"sqlite:///{path}"


@pytest.fixture
def start(disk, tmp_path):
    """Start a site whose local data are on the small disk, and its database there or elsewhere."""
    started = []

    def make(*, database: str) -> Site:
        (disk / "var").mkdir(exist_ok=True)
        site = Site(database, disk / "var")
        site.log = tmp_path / "processes.log"  # as journald's, on another disk
        started.append(site)
        assert site.manage("check") == 0  # creates the development secrets that a first start needs
        return site

    yield make
    for site in started:
        site.stop()


class Gate:
    """A device at a checkpoint, and badges to scan."""

    def __init__(self, badges: int) -> None:
        event = factories.make_event(slug="door")
        self.token = f"Bearer {factories.make_device(event)[1]}"
        codes = [factories.make_badge_code(factories.make_registration(event)) for _number in range(badges)]
        self.waiting = [factories.make_item(code) for code in codes]
        self.acknowledged: list[str] = []

    def send_until_refused(self, site: Site) -> tuple[int, dict[str, str], bytes]:
        """Send scans one by one; return the first response that is not 200, or the last one."""
        answer = (0, {}, b"")
        while self.waiting:
            answer = self.send(site, self.waiting[:1])
            if answer[0] != 200:
                return answer
        return answer

    def send(self, site: Site, scans: list[dict]) -> tuple[int, dict[str, str], bytes]:
        """Send scans as a phone does: it keeps each until it is acknowledged."""
        answer = send_request(f"{site.url}/api/v1/scanner/scans/", {"scans": scans}, Authorization=self.token)
        if answer[0] == 200:
            self.acknowledged += [scan["id"] for scan in scans]
            self.waiting = [scan for scan in self.waiting if scan["id"] not in self.acknowledged]
        return answer


def list_stored_scans(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT uid FROM attendance_scan")]


def assert_says_full(answer: tuple[int, dict[str, str], bytes]) -> None:
    """Require a problem or page that says that the disk is full."""
    status, headers, content = answer
    text = content.decode()
    assert (status, headers.get("retry-after")) == (503, "60"), text[:500]
    if headers["content-type"] == "application/problem+json":
        assert '"type": "/api/v1/problems/storage-full"' in text
    else:
        assert "<h1>Le serveur n’a plus d’espace disque.</h1>" in text


def get_metric(site: Site, *name: str) -> float:
    return parse_metrics(send_request(f"{site.url}/metrics")[2].decode()).get(name, 0)


def find_workers(server: subprocess.Popen) -> set[int]:
    """Return the processes that answer requests."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return {int(child) for child in children}


@pytest.mark.long
def test_full_disk_loses_no_acknowledged_scan_and_site_recovers(disk, start):
    gate = Gate(badges=200)
    make_ticket(event := make_event(slug="open"))
    site = start(database=copy_database(disk / "site.sqlite3"))
    server = site.server()
    for scan in gate.waiting[:5]:
        assert gate.send(site, [scan])[0] == 200
    workers = find_workers(server)

    fill_disk(disk)
    refused = gate.send_until_refused(site)
    order = send_request(f"{site.url}/api/v1/events/open/orders/", make_order_body(1))
    page = send_request(f"{site.url}/events/open/")
    batch = gate.send(site, gate.waiting[:50])
    probe = send_request(f"{site.url}/healthz")
    ready = send_request(f"{site.url}/readyz")
    scans_answered = get_metric(site, "convention_http_requests_total", "POST", "scanner-scans", "503")

    for answer in (refused, order, batch):
        assert_says_full(answer)
    assert page[0] == 200
    assert event.name in page[2].decode()
    assert probe[0] == 200
    assert ready[2] == b"the disk of the database is full\n"
    assert scans_answered == 2
    assert find_workers(server) == workers

    make_room(disk)
    assert gate.send_until_refused(site)[0] == 200
    assert send_request(f"{site.url}/api/v1/events/open/orders/", make_order_body(1))[0] == 201
    assert find_workers(server) == workers
    assert sorted(list_stored_scans(disk / "site.sqlite3")) == sorted(format_stored_ids(gate.acknowledged))
    assert len(gate.acknowledged) == 200
    assert "Traceback" not in site.said()


def format_stored_ids(ids: list[str]) -> list[str]:
    return [name.replace("-", "") for name in ids]


@pytest.mark.long
def test_request_metrics_on_full_disk_end_no_worker(disk, start):
    """Metric files are created and grow on a full disk."""
    make_event(slug="open")
    site = start(database=copy_database(disk.parent / "site.sqlite3"))
    fill_disk(disk)
    server = site.server()
    workers = find_workers(server)
    pages = ["/", "/events/open/", "/events/open/agenda/", "/scan/", "/accounts/login/", "/nowhere/"]

    statuses = [send_request(site.url + page)[0] for page in pages]
    status_of_figures = send_request(f"{site.url}/metrics")[0]
    make_room(disk)
    time.sleep(1.1)
    again = send_request(f"{site.url}/events/open/")[0]

    assert statuses == [200, 200, 200, 200, 200, 404]
    assert status_of_figures == 200
    assert again == 200
    assert get_metric(site, "convention_http_requests_total", "GET", "event", "200") == 2
    assert find_workers(server) == workers
    assert list((disk / "var" / "metrics").glob("counter_*.db")) != []


@pytest.mark.long
def test_rate_limits_on_full_disk_give_503(disk, start):
    """The database is on another disk: only requests that need local data fail."""
    make_account(email="zoe@example.org")
    make_event(slug="open")
    site = start(database=copy_database(disk.parent / "site.sqlite3"))
    site.environ["RATE_LIMITS"] = "on"
    fill_disk(disk)
    site.server()
    order = send_request(f"{site.url}/api/v1/events/open/orders/", make_order_body(1))

    assert_says_full(order)
    assert send_request(f"{site.url}/readyz")[2] == b"the disk of VAR_DIR is full\n"
    make_room(disk)
    assert send_request(f"{site.url}/api/v1/events/open/orders/", make_order_body(1))[0] == 422


@pytest.mark.long
def test_server_started_on_full_disk_recovers(disk, start):
    gate = Gate(badges=1)
    event = make_event(slug="open")
    site = start(database=copy_database(disk / "site.sqlite3"))
    fill_disk(disk)
    site.server()

    page, scan = send_request(f"{site.url}/events/open/"), gate.send(site, gate.waiting)
    make_room(disk)
    page_later, scan_later = send_request(f"{site.url}/events/open/"), gate.send(site, gate.waiting)

    for answer in (page, scan):
        assert_says_full(answer)
    assert page_later[0] == 200
    assert event.name in page_later[2].decode()
    assert scan_later[0] == 200


@pytest.mark.long
def test_serve_command_and_worker_started_on_full_disk_recover(disk, start):
    make_event(slug="open")
    site = start(database=copy_database(disk / "site.sqlite3"))
    fill_disk(disk)
    served = site.start("manage.py", "serve", "--port", str(site.port))
    wait_until(lambda: site.answers(served), what="the first answer")
    full = send_request(f"{site.url}/events/open/")
    make_room(disk)

    def rounds_begun() -> int:
        with contextlib.closing(sqlite3.connect(disk / "site.sqlite3")) as database:
            [row] = database.execute(
                "SELECT count(*) FROM convention_periodicjob WHERE started_at IS NOT NULL"
            )
        return row[0]

    assert_says_full(full)
    wait_until(lambda: send_request(f"{site.url}/events/open/")[0] == 200, what="the page")
    wait_until(rounds_begun, what="recurring work")
    assert "The disk is full: nothing can be saved until there is room." in site.said()
    assert "it starts again" not in site.said()


@pytest.mark.long
def test_first_start_on_full_disk_is_refused(disk, start):
    site = start(database=f"sqlite:///{disk / 'site.sqlite3'}")
    fill_disk(disk)

    status = site.manage("serve", "--port", str(site.port))

    assert status == 2
    assert site.said().splitlines()[-1] == ("The disk is full: make room for the database, then start again.")


def test_secret_is_stored_atomically(disk):
    fill_disk(disk)
    with pytest.raises(OSError, match="No space left"):
        read_or_create_secret(disk / "secret_key", lambda: "k" * 50)
    left_behind = {path.name for path in disk.iterdir()} - {"filler"}
    make_room(disk)

    assert left_behind == set()
    assert read_or_create_secret(disk / "secret_key", lambda: "k" * 50) == "k" * 50


def test_lan_certificate_survives_start_on_full_disk(disk):
    names, addresses = ["localhost"], ["192.168.1.20", "127.0.0.1"]
    files = ensure_certificates(disk / "lan", names=names, addresses=addresses)
    before = files.server_certificate.read_bytes(), files.server_key.read_bytes()
    fill_disk(disk)

    ensure_certificates(disk / "lan", names=names, addresses=addresses)
    with pytest.raises(ConventionError, match=r"/lan/server\.(key|crt)"):
        ensure_certificates(disk / "lan", names=names, addresses=["192.168.1.99"])

    assert (files.server_certificate.read_bytes(), files.server_key.read_bytes()) == before
