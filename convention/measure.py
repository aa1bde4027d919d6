"""What the processes of this machine count together, for `/metrics`: requests and tasks, nobody's data.

Each process counts in a file of its own in `var/metrics/`; whoever is asked adds them up.
"""

import contextlib
import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

FOLDER.mkdir(parents=True, exist_ok=True)
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
    """One request more. `route` is the name of its address, never the address."""
    known = method if method in METHODS else "other"
    with contextlib.suppress(OSError):  # a full disk is no reason not to answer
        REQUESTS.labels(known, route, status).inc()
        SECONDS.labels(known, route).observe(seconds)


def count_task(*, task: str, outcome: str) -> None:
    """One attempt more; `outcome` is `successful` or `failed`."""
    with contextlib.suppress(OSError):
        TASKS.labels(task, outcome).inc()


def counted() -> str:
    """What all processes counted, in Prometheus' text format."""
    together = CollectorRegistry()
    MultiProcessCollector(together, path=str(FOLDER))
    return generate_latest(together).decode()


def forget_the_dead() -> None:
    """Drop the files of processes that are no more; called where a process starts to serve."""
    for path in FOLDER.glob("*.db"):
        number = path.stem.rpartition("_")[2]
        if number.isdecimal() and not Path(f"/proc/{number}").exists() and Path("/proc").exists():
            path.unlink(missing_ok=True)
