"""Health checks and metrics: /healthz, /readyz, /metrics."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.http import HttpResponse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder

from convention import hooks
from convention.db.timeouts import query_with_timeout
from convention.installed_apps import LAYERS
from convention.tasks.worker import is_worker_late, longest_wait_seconds
from convention.web.local_requests import is_from_this_machine

from .metrics import ProcessMetrics, remove_dead_process_files
from .readiness import find_readiness_problem

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

TASK_STATES = ("READY", "RUNNING", "FAILED", "SUCCESSFUL")


class HealthProbeMiddleware:
    """Answer health checks before any other middleware.

    Monitoring connects by IP address over plain http: ALLOWED_HOSTS and the redirect to https do not apply.
    """

    def __init__(self, get_response: "Callable[[HttpRequest], HttpResponseBase]") -> None:
        self.get_response = get_response
        # Once for each process that begins to serve: the files of killed processes would be counted for ever.
        remove_dead_process_files()
        self.probes = {"/healthz": health_page, "/readyz": readiness_page, "/metrics": metrics_page}

    def __call__(self, request: "HttpRequest") -> "HttpResponseBase":
        probe = self.probes.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


def health_page(request: "HttpRequest") -> HttpResponse:
    """Answer 200 while the process lives."""
    return plain_response("ok\n")


def readiness_page(request: "HttpRequest") -> HttpResponse:
    """Answer 200 if the database is up to date and writable and a worker runs; else 503."""
    # In a thread with a timeout: monitoring needs a response even if the database hangs.
    problem = query_with_timeout(find_readiness_problem)
    if problem is None:
        problem = "the database does not answer"
    return plain_response(f"{problem}\n", status=503) if problem else plain_response("ok\n")


def metrics_page(request: "HttpRequest") -> HttpResponse:
    """Return metrics in Prometheus' format, to this machine or to the holder of METRICS_TOKEN."""
    if not can_read_metrics(request):
        return plain_response(
            "Ask from this machine, or with `Authorization: Bearer METRICS_TOKEN`.\n", status=403
        )
    registry = CollectorRegistry()
    registry.register(ProcessMetrics())
    registry.register(DatabaseMetrics(query_with_timeout(lambda: list(read_database_metrics()))))
    encode, content_type = choose_metrics_encoder(request.headers.get("Accept", ""))
    return plain_response(encode(registry), content_type=content_type)


def choose_metrics_encoder(accepted: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    """Return the encoder and the content type that the Accept header asks for."""
    try:
        return choose_encoder(accepted)
    except (TypeError, ValueError):  # the version is not a number
        return choose_encoder("")


def can_read_metrics(request: "HttpRequest") -> bool:
    """Return whether the request comes directly from this machine or has METRICS_TOKEN."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    # If METRICS_TOKEN is empty, an empty token must not match it.
    if settings.METRICS_TOKEN and secrets.compare_digest(token.encode(), settings.METRICS_TOKEN.encode()):
        return True
    return is_from_this_machine(request)


class DatabaseMetrics:
    """A collector of prometheus_client for metrics of the database; None if it does not answer."""

    def __init__(self, stored: list[Metric] | None) -> None:
        self.stored = stored

    def collect(self) -> Iterator[Metric]:
        is_up = int(self.stored is not None)
        yield GaugeMetricFamily("convention_database_up", "Whether the database answers.", is_up)
        yield from self.stored or []


def read_database_metrics() -> Iterator[Metric]:
    """Yield tasks by state, the longest wait, clock skew, connections, and rows of each model."""
    states = DBTaskResult.objects.order_by().values_list("status").annotate(count=Count("pk"))
    counts = Counter(dict(states))
    tasks = {state.lower(): counts[state] for state in TASK_STATES}
    yield make_gauges("convention_tasks", "Tasks in the queue by state.", "status", tasks)
    wait = round(longest_wait_seconds(at=timezone.now()))
    yield GaugeMetricFamily("convention_task_wait_seconds", "How late the task is that waits longest.", wait)
    late = int(is_worker_late(at=timezone.now()))
    yield GaugeMetricFamily("convention_worker_late", "Whether tasks wait and no worker takes them.", late)
    # SQLite has no server whose clock or connections could differ.
    if connection.vendor == "postgresql":
        yield from read_server_metrics()
    rows = {
        model._meta.label: model._default_manager.count()
        for model in sorted(apps.get_models(), key=lambda model: model._meta.label)
        if model.__module__.split(".")[0] in LAYERS
    }
    yield make_gauges("convention_rows", "Rows of each kind.", "model", rows)
    for provider in hooks.metrics.providers():
        for name, description, values in provider():
            yield make_gauges(name, description, "kind", values)


def read_server_metrics() -> Iterator[Metric]:
    """Yield clock skew (seconds) and number of connections of the database server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp()), count(*) "
            "FROM pg_stat_activity WHERE datname = current_database()"
        )
        clock, connections = cursor.fetchone()
    skew = round(float(clock) - time.time(), 1)
    yield GaugeMetricFamily(
        "convention_clock_skew_seconds", "The database's clock minus this machine's.", skew
    )
    yield GaugeMetricFamily("convention_database_connections", "Connections to this database.", connections)


def make_gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return a metric with one value for each value of a label."""
    family = GaugeMetricFamily(name, text, labels=[label])
    for value_of_label, value in values.items():
        family.add_metric([value_of_label], value)
    return family


def plain_response(
    content: str | bytes, *, status: int = 200, content_type: str = "text/plain; charset=utf-8"
) -> HttpResponse:
    """Return a response that nothing caches."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=content_type, status=status, headers=headers)
