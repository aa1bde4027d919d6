"""The processes of a server on one machine, and their addresses."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from convention.errors import ConventionError
from convention.tasks.queue_names import DEFAULT_QUEUE

from . import local_network
from .certificates import CertificateFiles
from .supervisor import ManagedProcess

MAX_WEB_WORKERS = 4
# One worker for tasks that visitors wait for, one for all tasks.
DEFAULT_TASK_WORKERS = 2
MAX_TASK_WORKERS = 16
# Open connections of one process; further ones wait to be accepted.
MAX_CONNECTIONS = 2048


@dataclass(frozen=True)
class ServerAddress:
    """An address of the site; on the local network, with certificates."""

    host: str
    port: int
    site_url: str
    certificate_files: CertificateFiles | None = None

    @property
    def is_exposed(self) -> bool:
        """Return whether other machines can reach it."""
        return not local_network.is_local_host(self.host)

    @property
    def phone_port(self) -> int:
        """Return the port where phones fetch the authority's certificate, over plain http."""
        return self.port + 1

    @property
    def phone_url(self) -> str:
        return f"http://{local_network.list_local_addresses()[0]}:{self.phone_port}/"


def server_process(server_address: ServerAddress) -> ManagedProcess:
    """Return the web server, with worker processes by the number of cores."""
    workers = os.environ.get("WEB_WORKERS") or str(min(os.cpu_count() or 1, MAX_WEB_WORKERS))
    command = [
        *granian_command("convention.rsgi:application", server_address.host, server_address.port),
        *("--interface", "rsgi", "--workers", workers),
    ]
    if files := server_address.certificate_files:
        command += [
            *("--ssl-certificate", str(files.server_certificate), "--ssl-keyfile", str(files.server_key)),
            *("--ssl-protocol-min", "tls1.2"),
        ]
    return ManagedProcess("server", command)


def phone_page_process(server_address: ServerAddress) -> ManagedProcess:
    command = granian_command(
        "convention.serve.phone_app:application", server_address.host, server_address.phone_port
    )
    return ManagedProcess("phone page", [*command, "--interface", "wsgi", "--blocking-threads", "2"])


def task_worker_processes() -> list[ManagedProcess]:
    """Return the task workers, `TASK_WORKERS` in number.

    Of several, the first runs only the default queue, so that no mailing or import delays a confirmation.
    """
    number = read_task_workers()
    manage = Path(__file__).resolve().parent.parent.parent / "manage.py"
    command = [sys.executable, str(manage), "worker"]
    if number == 1:
        return [ManagedProcess("worker", command)]
    others = [ManagedProcess(f"worker {other}", command) for other in range(2, number + 1)]
    return [ManagedProcess("worker", [*command, "--queue", DEFAULT_QUEUE]), *others]


def read_task_workers() -> int:
    """Return the number of task workers. Raise InvalidSetting if it is no number from 1 to 16."""
    text = os.environ.get("TASK_WORKERS") or str(DEFAULT_TASK_WORKERS)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_TASK_WORKERS:
        raise InvalidSetting(f"TASK_WORKERS is {text!r}; it must be a number from 1 to {MAX_TASK_WORKERS}.")
    return int(text)


class InvalidSetting(ConventionError):
    """An environment variable of `serve` has a value that cannot be used."""

    kind = "invalid-setting"


def granian_command(application: str, host: str, port: int) -> list[str]:
    """Return the command that serves one application.

    HTTP/1 alone: while granian detects whether a connection speaks HTTP/2, no timeout runs, so that a
    thousand silent connections would block everybody.
    """
    return [
        *(sys.executable, "-m", "granian", "--host", host, "--port", str(port)),
        *("--http", "1", "--no-ws", "--backpressure", str(MAX_CONNECTIONS)),
        *("--log-level", "warning", "--workers-kill-timeout", "8", "--respawn-failed-workers", application),
    ]
