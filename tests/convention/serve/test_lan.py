"""`manage.py serve --lan`, seen from this machine and from another on its network: real processes, https."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.db import connection

from convention.club.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from convention.serve.local_network import list_local_addresses
from tests.conftest import ROOT
from tests.factories import make_account, make_administrator
from tests.journeys.test_local_network import find_free_port_pair

# All `long`, so that one process of the suite runs them all, with one demo and one server.
pytestmark = [pytest.mark.once, pytest.mark.long]
SECONDS_TO_START = 120
PASSWORD_LINE = re.compile(r"^    (\S+@\S+) .*? ((?:[a-z2-9]{4}-){3}[a-z2-9]{4})$", re.MULTILINE)
LOCAL_ONLY_PATHS = ["/dev/mail/", "/en/dev/mail/", "/dev/mail/x.log/0/", "/organize/components/"]


class Service:
    """`manage.py serve` in development with its own folder, and requests to it."""

    def __init__(self, folder: Path, *arguments: str, name: str = "log", **environ: str) -> None:
        self.folder, self.port = folder, find_free_port_pair()
        self.log = folder / name
        inherited = {n: value for n, value in os.environ.items() if n not in {"DATABASE_URL", "SITE_URL"}}
        quiet = {"WEB_WORKERS": "1", "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
        self.environ = {**inherited, "MODE": "development", "VAR_DIR": str(folder), **quiet, **environ}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port), *arguments],
                cwd=ROOT, env=self.environ, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait(self) -> str:
        """Wait until it runs; return what it printed."""
        end = time.monotonic() + SECONDS_TO_START
        while "Stop with Ctrl-C" not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < end, self.printed()
            time.sleep(0.1)
        return self.printed()

    def printed(self) -> str:
        return self.log.read_text()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=60) == 0, self.printed()

    def browser(self) -> urllib.request.OpenerDirector:
        """Return an opener that trusts the local authority and keeps cookies."""
        trusting = ssl.create_default_context(cafile=str(self.folder / "lan" / "authority.crt"))
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trusting), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        opener.cookies = next(h.cookiejar for h in opener.handlers if hasattr(h, "cookiejar"))
        return opener

    def get(self, path: str, *, host: str = "localhost", **headers: str) -> tuple[int, str]:
        """Return status and body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"https://{host}:{self.port}{path}", headers=named)
        try:
            with self.browser().open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def sign_in(self, email: str, password: str) -> str:
        """Return where the sign-in leads; "" if it is refused."""
        browser = self.browser()
        site = f"https://localhost:{self.port}"
        browser.open(f"{site}/en/accounts/login/").close()
        token = next(cookie.value for cookie in browser.cookies if cookie.name == "csrftoken")
        form = {"login": email, "password": password, "csrfmiddlewaretoken": token}
        request = urllib.request.Request(
            f"{site}/en/accounts/login/", urllib.parse.urlencode(form).encode(), {"Referer": f"{site}/"}
        )
        with browser.open(request) as answer:
            return "" if answer.url.endswith("/login/") else answer.url


@contextlib.contextmanager
def run_service(folder: Path, *arguments: str, **options: str):
    """Serve until the end of the block."""
    service = Service(folder, *arguments, **options)
    try:
        service.wait()
        yield service
        service.stop()
    finally:
        service.process.terminate()


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory, add_database):
    """Return local data with the small demo, whose passwords are the published one."""
    folder = tmp_path_factory.mktemp("demo")
    add_database(folder)
    environ = {**os.environ, "MODE": "development", "VAR_DIR": str(folder)}
    environ.pop("DATABASE_URL", None)
    seed = [sys.executable, "manage.py", "seed", "--size", "small"]
    subprocess.run(seed, cwd=ROOT, env=environ, check=True)
    return folder


@pytest.fixture(scope="module")
def lan(demo_folder):
    """Serve the demo on the local network, with DEBUG left on."""
    with run_service(demo_folder, "--lan", DEBUG="true") as service:
        yield service


@pytest.fixture(scope="module")
def neighbour():
    """Return a function that requests addresses of the site from another machine and returns each status.

    It uses a network namespace; skipped where none can be created.
    """
    name, ours, theirs = f"cvn{os.getpid() % 10000}", "10.213.77.1", "10.213.77.2"
    if not shutil.which("ip"):
        pytest.skip("no second machine can be played here: there is no `ip`")
    steps = [
        ["netns", "add", name], ["link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b"],
        ["link", "set", f"{name}b", "netns", name], ["addr", "add", f"{ours}/24", "dev", f"{name}a"],
        ["link", "set", f"{name}a", "up"], ["-n", name, "addr", "add", f"{theirs}/24", "dev", f"{name}b"],
        ["-n", name, "link", "set", f"{name}b", "up"],
    ]  # fmt: skip
    try:
        for step in steps:
            done = subprocess.run(["ip", *step], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"no second machine can be played here: {done.stderr.strip()}")

        def ask(port: int, requests: list[tuple[str, dict[str, str]]]) -> list[int]:
            wanted = json.dumps([[f"https://{ours}:{port}{path}", headers] for path, headers in requests])
            command = ["ip", "netns", "exec", name, sys.executable, "-c", REQUEST_SCRIPT, wanted]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            return json.loads(done.stdout)

        yield ask
    finally:
        subprocess.run(["ip", "link", "del", f"{name}a"], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


REQUEST_SCRIPT = """
import json, ssl, sys, urllib.error, urllib.request
statuses = []
for url, headers in json.loads(sys.argv[1]):
    try:
        request = urllib.request.Request(url, headers=headers)
        answer = urllib.request.urlopen(request, timeout=20, context=ssl._create_unverified_context())
        statuses.append(answer.status)
    except urllib.error.HTTPError as error:
        statuses.append(error.code)
print(json.dumps(statuses))
"""


def test_other_machine_cannot_read_mails_with_spoofed_headers(lan, neighbour):
    own = {"Host": f"localhost:{lan.port}"}
    spoofed = [
        own | headers
        for headers in (
            {},
            {"X-Forwarded-For": "127.0.0.1"},
            {"Forwarded": "for=127.0.0.1"},
            {"X-Real-IP": "127.0.0.1"},
            {"Remote-Addr": "127.0.0.1"},
        )
    ]

    closed = neighbour(lan.port, [(path, headers) for path in LOCAL_ONLY_PATHS for headers in spoofed])
    figures = neighbour(lan.port, [("/metrics", headers) for headers in spoofed])
    open_to_all = neighbour(lan.port, [(path, own) for path in ("/", "/healthz", "/scan/", "/events/small/")])

    assert set(closed) == {404}
    assert set(figures) == {403}
    assert open_to_all == [200] * 4


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", list_local_addresses()[0]])
def test_local_machine_can_read_mails(lan, host):
    assert [lan.get(path, host=host)[0] for path in LOCAL_ONLY_PATHS] == [200, 200, 404, 200]
    assert lan.get("/metrics", host=host)[0] == 200


def test_forwarded_request_cannot_read_mails(lan):
    statuses = [lan.get(path, X_Forwarded_For="203.0.113.77")[0] for path in LOCAL_ONLY_PATHS]

    assert statuses == [404] * len(LOCAL_ONLY_PATHS)


def test_printed_passwords_replace_published_demo_password(lan):
    passwords = dict(PASSWORD_LINE.findall(lan.printed()))

    assert {account.email for account in DEMO_ACCOUNTS} <= set(passwords)
    assert "password: convention" not in lan.printed()
    for account in DEMO_ACCOUNTS[:2]:
        assert lan.sign_in(account.email, DEMO_PASSWORD) == ""
        assert lan.sign_in(account.email, passwords[account.email]) != ""


def test_cookies_are_secure(lan):
    browser = lan.browser()
    browser.open(f"https://localhost:{lan.port}/en/accounts/login/").close()

    assert {cookie.name: cookie.secure for cookie in browser.cookies} == {"csrftoken": True}


def test_unknown_address_shows_no_debug_page(lan):
    status, page = lan.get("/nowhere/at/all/")

    assert status == 404
    assert "DEBUG = True" not in page
    assert "URLconf" not in page


def test_foreign_host_name_is_refused(lan):
    assert lan.get("/", Host="evil.example")[0] == 400
    assert lan.get("/", Host=f"localhost:{lan.port}")[0] == 200


@pytest.mark.parametrize(
    "arguments", [["--lan"], pytest.param([], marks=pytest.mark.soak)], ids=["on the network", "alone"]
)
def test_second_start_preserves_passwords_and_prints_none(lan, arguments):
    """The first server is still running."""
    passwords = dict(PASSWORD_LINE.findall(lan.printed()))

    with run_service(lan.folder, *arguments, name="log of the second") as again:
        printed = again.printed()

    hint = r"shown once on .*; new ones: .* manage\.py demo_passwords"
    assert re.search(rf"Demo accounts \(passwords: {hint}\)", printed)
    assert "password: convention" not in printed
    assert PASSWORD_LINE.findall(printed) == []
    assert lan.sign_in("admin@club.example", passwords["admin@club.example"]) != ""


@pytest.fixture
def copy_to_folder(transactional_db, tmp_path):
    """Copy the test's database, which was not seeded, into a new folder of local data; return it."""

    def copy() -> Path:
        folder = tmp_path / "var"
        folder.mkdir()
        with contextlib.closing(sqlite3.connect(folder / "convention.sqlite3")) as made:
            connection.ensure_connection()
            connection.connection.backup(made)
        return folder

    return copy


@pytest.mark.parametrize("arguments", [["--lan"], ["--host", "0.0.0.0"]])
def test_real_site_with_demo_password_does_not_start(copy_to_folder, arguments):
    administrator = make_administrator(email="president@club.org")
    administrator.password = ScryptPasswordHasher().encode(DEMO_PASSWORD, "salt")
    administrator.save()

    service = Service(copy_to_folder(), *arguments)
    try:
        status = service.process.wait(SECONDS_TO_START)
    finally:
        service.process.terminate()

    assert status == 2
    assert service.printed().splitlines()[-1] == (
        "These accounts open with the demo's password, which everybody can read: president@club.org. "
        "Give each another one with `manage.py changepassword ADDRESS`, then start again."
    )


def test_real_site_on_lan_does_not_simulate_payments(copy_to_folder):
    make_account(email="president@club.org")
    with run_service(copy_to_folder(), "--lan") as service:
        printed = service.printed()
        environ = Path(f"/proc/{find_first_child(service.process.pid)}/environ").read_bytes().split(b"\0")

    assert b"PLAYED_PAYMENTS=false" in environ
    assert "Demo accounts" not in printed
    assert "New passwords" not in printed


def find_first_child(pid: int) -> int:
    """Return the process that a service started first: the server."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
