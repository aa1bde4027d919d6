"""Count requests and tasks of all processes of this machine for `/metrics`; no personal data.

Each process copies its counts to its own files in `var/metrics/`; the process that answers adds them up.
"""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, values

from .metric_files import FileValue, read_process_metrics, remove_files_of_dead_processes

METRICS_FOLDER = Path(settings.VAR_DIR) / "metrics"
KNOWN_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

FileValue.folder = METRICS_FOLDER
values.ValueClass = FileValue

METRICS_REGISTRY = CollectorRegistry()
REQUEST_COUNTER = Counter(
    "convention_http_requests", "Requests answered.", ["method", "route", "status"], registry=METRICS_REGISTRY
)
REQUEST_DURATION = Histogram(
    "convention_http_request_duration_seconds", "Time to an answer.", ["method", "route"],
    buckets=DURATION_BUCKETS, registry=METRICS_REGISTRY,
)  # fmt: skip
TASK_COUNTER = Counter(
    "convention_task_runs", "Attempts to run a task.", ["task", "outcome"], registry=METRICS_REGISTRY
)


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. `route` is the name of its route, never its path."""
    # A client may send any word as its method, and each label value is a row that stays in memory.
    known_method = method if method in KNOWN_METHODS else "other"
    REQUEST_COUNTER.labels(known_method, route, status).inc()
    REQUEST_DURATION.labels(known_method, route).observe(seconds)


def count_task(*, task: str, outcome: str) -> None:
    """Count one attempt at a task; `outcome` is `successful` or `failed`."""
    TASK_COUNTER.labels(task, outcome).inc()


class ProcessMetrics:
    """A collector of prometheus_client for the counts of all processes."""

    def collect(self) -> Iterable[Metric]:
        return read_process_metrics(METRICS_FOLDER)


def remove_dead_process_files() -> None:
    """Remove files of ended processes; called when a process starts to serve."""
    remove_files_of_dead_processes(METRICS_FOLDER)
