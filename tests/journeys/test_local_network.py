"""`make run LAN=1` used from a phone: the help page, the certificate, then the scanner over https."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Error

from convention.serve.local_network import list_local_addresses
from tests.journeys.conftest import ARGUMENTS

pytestmark = pytest.mark.long  # the site starts with the whole demo
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def lan(tmp_path_factory, add_database):
    """Run the service on the local network with a new folder, into which it seeds the demo."""
    var = tmp_path_factory.mktemp("lan")
    add_database(var)
    port = find_free_port_pair()
    environ = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SITE_URL"}}
    environ |= {"MODE": "development", "VAR_DIR": str(var), "PYTHONUNBUFFERED": "1", "WEB_WORKERS": "1"}
    with (var / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--lan", "--port", str(port)],
            cwd=ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for(lambda: "Stop with Ctrl-C" in (var / "log").read_text(), process, var / "log")
        yield {"port": port, "var": var, "host": list_local_addresses()[0], "log": (var / "log").read_text()}
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert "its data is kept" in (var / "log").read_text()


def find_free_port_pair() -> int:
    """Return a free port whose successor is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("", port + 1))
            except OSError:
                continue
            return port


def wait_for(condition, process: subprocess.Popen, log: Path, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)


@pytest.fixture
def phone(playwright, chromium_path, tmp_path):
    """Return a function that opens Chromium with a new home; `trust` is an authority to install."""
    contexts = []

    def opened(trust: Path | None = None):
        home = tmp_path / f"home-{len(contexts)}"
        for folder in (home / ".pki/nssdb", home / ".local/share/pki/nssdb"):
            folder.mkdir(parents=True)
            certutil("-N", "-d", f"sql:{folder}", "--empty-password")
            if trust:
                certutil("-A", "-d", f"sql:{folder}", "-n", "Convention", "-t", "C,,", "-i", str(trust))
        contexts.append(
            playwright.chromium.launch_persistent_context(
                home / "profile",
                executable_path=chromium_path,
                args=[*ARGUMENTS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
                env={**os.environ, "HOME": str(home)},
                viewport={"width": 390, "height": 844},
            )
        )
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


def certutil(*arguments: str) -> None:
    if not shutil.which("certutil"):
        pytest.skip("no certutil here (Debian: apt-get install libnss3-tools)")
    subprocess.run(["certutil", *arguments], check=True, capture_output=True)


@pytest.mark.long
def test_terminal_shows_address_for_phones(lan):
    assert f"Phones on this network start here: http://{lan['host']}:{lan['port'] + 1}/" in lan["log"]
    assert f"  Site        https://{lan['host']}:{lan['port']}/" in lan["log"]
    assert "█" in lan["log"]


@pytest.mark.long
def test_phone_downloads_certificate_and_trusts_the_site(lan, phone, tmp_path):
    page = phone()
    page.goto(f"http://{lan['host']}:{lan['port'] + 1}/?language=en")
    assert page.get_by_role("heading", level=1).inner_text() == "Prepare this phone"
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.context.new_page().goto(f"https://{lan['host']}:{lan['port']}/healthz")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download the certificate").click()
    certificate = tmp_path / "convention.crt"
    fetched.value.save_as(certificate)

    trusting = phone(trust=certificate)
    answer = trusting.goto(f"https://{lan['host']}:{lan['port']}/scan/")
    assert answer.ok
    assert trusting.evaluate("window.isSecureContext")
    size = trusting.evaluate(
        """async () => {
            const stream = await navigator.mediaDevices.getUserMedia({ video: true });
            return stream.getVideoTracks().length;
        }"""
    )
    assert size == 1
    assert trusting.evaluate("'serviceWorker' in navigator && typeof crypto.subtle.verify === 'function'")


def test_authority_key_is_private_and_not_served(lan):
    assert (lan["var"] / "lan" / "authority.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://{lan['host']}:{lan['port'] + 1}/lan/authority.key", timeout=5)
