"""Real processes on the test database: server and worker that a test kills, and that never outlive it."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from convention.serve import processes
from convention.serve.certificates import CertificateFiles
from convention.serve.supervisor import end_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
WAIT_TIMEOUT_SECONDS = 60.0
# For https with a self-made certificate.
UNVERIFIED_TLS = ssl._create_unverified_context()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], Any], *, what: str, seconds: float = WAIT_TIMEOUT_SECONDS) -> Any:
    """Return the condition's value once it holds; fail with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"In {seconds:.0f} s never came: {what}")


class Site:
    """The processes of one test: each in its own session, which is killed as a whole."""

    def __init__(
        self, database: str, folder: Path, files: CertificateFiles | None = None, **environ: str
    ) -> None:
        self.port = free_port()
        self.url = f"{'https' if files else 'http'}://127.0.0.1:{self.port}"
        self.place = processes.ServerAddress("127.0.0.1", self.port, self.url, files)
        self.log = folder / "processes.log"
        self.environ = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "MODE": "development",
            "SECRET_KEY": settings.SECRET_KEY,  # who is signed in here is signed in there
            "VAR_DIR": str(folder),
            "DATABASE_URL": database,
            "SITE_URL": self.url,
            "RATE_LIMITS": "off",
            "LEASE_SECONDS": "3",
            "WEB_WORKERS": "1",
            **environ,
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start `python ...`; its output goes to the log."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 (it only asks Linux for a signal)
            )
        self.processes.append(process)
        return process

    def server(self) -> subprocess.Popen[bytes]:
        """Start the web server and wait until it answers."""
        _python, *command = processes.server_process(self.place).command
        process = self.start(*command, "--workers", self.environ["WEB_WORKERS"])
        wait_until(lambda: self.answers(process), what="the server’s first answer")
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("manage.py", "worker", "--interval", "0.1")

    def halting(self, name: str, times: int, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `manage.py ...`, which halts when it calls that function for the nth time.

        Returns once it halts, in the middle of its work.
        """
        mark = self.log.with_name(f"halted-{len(self.processes)}")
        process = self.start("-m", "tests.faults.halt_at_call", str(mark), name, str(times), *arguments)
        wait_until(mark.exists, what=f"{name} being called")
        return process

    def manage(self, *arguments: str) -> int:
        """Run a command to its end; return its exit status."""
        return self.start("manage.py", *arguments).wait(WAIT_TIMEOUT_SECONDS)

    def answers(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, self.log.read_text()
        try:
            urllib.request.urlopen(f"{self.url}/healthz", timeout=2, context=UNVERIFIED_TLS).close()
        except OSError:
            return False
        return True

    def said(self) -> str:
        return self.log.read_text()

    def stop(self) -> None:
        for process in self.processes:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children with SIGKILL."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def send_request(
    url: str, data: Any = None, *, timeout: float = 30, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of one request; status 0 if the response is incomplete."""
    body = json.dumps(data).encode() if data is not None else None
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **named})
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=UNVERIFIED_TLS) as answer:
            return answer.status, lowercase_names(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, lowercase_names(error.headers), error.read()
    except (OSError, urllib.error.URLError, ValueError):
        return 0, {}, b""
    except Exception as error:  # http.client's broken answers have no common ancestor with OSError
        if type(error).__module__ != "http.client":
            raise
        return 0, {}, b""


def lowercase_names(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
