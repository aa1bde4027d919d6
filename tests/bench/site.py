"""A temporary site to measure: PostgreSQL or SQLite, the large demo, granian, no rate limits."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from convention.serve import processes

ROOT = Path(__file__).resolve().parents[2]
WORKERS, THREADS = 2, 4
PRODUCT = "convention.rsgi:application"


@dataclass(frozen=True)
class Site:
    """The site's address, and a way to run commands on it."""

    port: int
    database: str
    environment: dict[str, str]

    @property
    def is_postgresql(self) -> bool:
        return self.database.startswith("postgres")

    def manage(self, *arguments: str) -> str:
        """Run one command and return its output. Raises RuntimeError if it fails."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed: {done.stderr}")
        return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def site(database: str) -> Iterator[Site]:
    """Migrate, seed the large demo, collect static files and serve the site in production mode."""
    with tempfile.TemporaryDirectory(prefix="convention-bench-") as folder:
        port = free_port()
        environment = os.environ | {
            "DATABASE_URL": database, "VAR_DIR": folder, "STATIC_ROOT": f"{folder}/static",
            "MODE": "production",
            "SECRET_KEY": secrets.token_urlsafe(50), "ALLOWED_HOSTS": "*", "SECURE_SSL_REDIRECT": "off",
            "RATE_LIMITS": "off", "LOG_LEVEL": "ERROR", "EMAIL_URL": "dummymail://",
            "SITE_URL": f"http://127.0.0.1:{port}", "SECOND_FACTOR": "offered",
        }  # fmt: skip
        made = Site(port, database, environment)
        made.manage("migrate", "-v0")
        replace(made, environment=environment | {"MODE": "development"}).manage("seed", "--size", "large")
        if made.is_postgresql:  # as its own housekeeping would a minute later, in the middle of a measurement
            with psycopg.connect(database, autocommit=True) as server:
                server.execute("VACUUM ANALYZE")
        made.manage("collectstatic", "--noinput", "-v0")
        with run_server(made):
            yield made


@contextlib.contextmanager
def run_server(made: Site, application: str = PRODUCT) -> Iterator[int]:
    """Run a server until the end of the block; yield its port."""
    port = made.port if application == PRODUCT else free_port()
    if application == PRODUCT:
        command = [
            *processes.server_process(
                processes.ServerAddress("127.0.0.1", port, f"http://127.0.0.1:{port}")
            ).command
        ]
    else:
        command = [*processes.granian_command(application, "127.0.0.1", port), "--interface", "wsgi"]
        command += ["--blocking-threads", str(THREADS)]
    command += ["--workers", str(WORKERS), "--log-level", "error"]
    with subprocess.Popen(command, cwd=ROOT, env=made.environment) as server:
        try:
            wait_until_ready(port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)


def wait_until_ready(port: int) -> None:
    for _attempt in range(200):
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read()
            return
        time.sleep(0.1)
    raise RuntimeError("The server did not start.")
