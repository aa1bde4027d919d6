"""Requests and tasks counted by the processes of this machine together, for `/metrics`; no personal data.

Each process copies its counts to files of its own in `var/metrics/`; the process that is asked adds them up.
"""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, values

from .metric_files import FileValue, read_all, remove_files_of_dead_processes

FOLDER = Path(settings.VAR_DIR) / "metrics"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

FileValue.folder = FOLDER
values.ValueClass = FileValue

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "convention_http_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "convention_http_request_duration_seconds", "Time to an answer.", ["method", "route"],
    buckets=BUCKETS, registry=REGISTRY,
)  # fmt: skip
TASKS = Counter("convention_task_runs", "Attempts to run a task.", ["task", "outcome"], registry=REGISTRY)


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. `route` is the name of its address, never the address."""
    known = method if method in METHODS else "other"
    REQUESTS.labels(known, route, status).inc()
    SECONDS.labels(known, route).observe(seconds)


def count_task(*, task: str, outcome: str) -> None:
    """Count one attempt at a task; `outcome` is `successful` or `failed`."""
    TASKS.labels(task, outcome).inc()


class AllProcesses:
    """A collector, as prometheus_client wants it, of what all processes counted."""

    def collect(self) -> Iterable[Metric]:
        """Return the metrics, added up."""
        return read_all(FOLDER)


def forget_the_dead() -> None:
    """Drop the files of processes that are no more; called where a process starts to serve."""
    remove_files_of_dead_processes(FOLDER)
