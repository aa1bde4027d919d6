"""What runs, where: the parts of one machine's service and the addresses they answer at."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from . import network
from .authority import Files
from .supervise import Part

MOST_WORKERS = 4
MAX_CONNECTIONS = 2048
"""Open connections of one process: those beyond wait to be accepted."""


@dataclass(frozen=True)
class Place:
    """Where the site answers. On the local network `files` holds its certificate."""

    host: str
    port: int
    site_url: str
    files: Files | None = None

    @property
    def is_exposed(self) -> bool:
        """Whether other machines can reach it."""
        return self.host != "localhost" and not network.is_loopback(self.host)

    @property
    def phone_port(self) -> int:
        """Where phones fetch the authority's certificate, over plain http."""
        return self.port + 1

    @property
    def phone_url(self) -> str:
        """The page that helps phones."""
        return f"http://{network.local_addresses()[0]}:{self.phone_port}/"


def server(place: Place) -> Part:
    """The web server: processes by the machine's cores."""
    workers = os.environ.get("WEB_WORKERS") or str(min(os.cpu_count() or 1, MOST_WORKERS))
    command = [
        *granian("convention.rsgi:application", place.host, place.port),
        *("--interface", "rsgi", "--workers", workers),
    ]
    if place.files:
        command += [
            *("--ssl-certificate", str(place.files.server), "--ssl-keyfile", str(place.files.server_key)),
            *("--ssl-protocol-min", "tls1.2"),
        ]
    return Part("server", command)


def phone_page(place: Place) -> Part:
    """The page that helps phones to trust the server."""
    command = granian("convention.serve.phone:application", place.host, place.phone_port)
    return Part("phone page", [*command, "--interface", "wsgi", "--blocking-threads", "2"])


def worker() -> Part:
    """The task worker."""
    manage = Path(__file__).resolve().parent.parent.parent / "manage.py"
    return Part("worker", [sys.executable, str(manage), "worker"])


def granian(application: str, host: str, port: int) -> list[str]:
    """Return the command that serves one application.

    HTTP/1 alone: while granian finds out whether a connection speaks HTTP/2, no timeout runs, so that a
    thousand silent connections would shut everybody out.
    """
    return [
        *(sys.executable, "-m", "granian", "--host", host, "--port", str(port)),
        *("--http", "1", "--no-ws", "--backpressure", str(MAX_CONNECTIONS)),
        *("--log-level", "warning", "--workers-kill-timeout", "8", "--respawn-failed-workers", application),
    ]
