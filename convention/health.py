"""Whether this process lives, whether it can do its work, and figures about it."""

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

from .local_requests import is_from_this_machine
from .measure import AllProcesses, forget_the_dead
from .patience import ask
from .readiness import hindrance
from .worker import oldest_wait, worker_is_late

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

STATES = ("READY", "RUNNING", "FAILED", "SUCCESSFUL")
OURS = {"convention", "schedule", "registrations", "badges"}


class Probes:
    """Answers the machines that look after this one, before anything else.

    They ask by address, over plain http: neither ALLOWED_HOSTS nor the redirection to https is for them.
    """

    def __init__(self, get_response: "Callable[[HttpRequest], HttpResponseBase]") -> None:
        self.get_response = get_response
        forget_the_dead()
        self.probes = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}

    def __call__(self, request: "HttpRequest") -> "HttpResponseBase":
        """Answer a probe, pass on the rest."""
        probe = self.probes.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


def healthz(request: "HttpRequest") -> HttpResponse:
    """Answer while the process lives."""
    return plain("ok\n")


def readyz(request: "HttpRequest") -> HttpResponse:
    """Answer 200 while the database answers, is up to date and takes writes, and a worker works; else 503."""
    hinders = ask(hindrance)
    if hinders is None:
        hinders = "the database does not answer"
    return plain(f"{hinders}\n", status=503) if hinders else plain("ok\n")


def metrics(request: "HttpRequest") -> HttpResponse:
    """Figures in Prometheus' format: for this machine, or with the METRICS_TOKEN as bearer token."""
    if not may_read_metrics(request):
        return plain("Ask from this machine, or with `Authorization: Bearer METRICS_TOKEN`.\n", status=403)
    registry = CollectorRegistry()
    registry.register(AllProcesses())
    registry.register(Figures(ask(lambda: list(stored_figures()))))
    encode, content_type = encoder(request.headers.get("Accept", ""))
    return plain(encode(registry), content_type=content_type)


def encoder(accepted: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    """Return the function that renders the format an Accept header asks for, and its content type."""
    try:
        return choose_encoder(accepted)
    except (TypeError, ValueError):  # a version that is no number
        return choose_encoder("")


def may_read_metrics(request: "HttpRequest") -> bool:
    """A request that came straight from this machine, or that knows the token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return True
    return is_from_this_machine(request)


class Figures:
    """A collector, as prometheus_client wants it, of what the database knows; None if it does not answer."""

    def __init__(self, stored: list[Metric] | None) -> None:
        self.stored = stored

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        is_up = int(self.stored is not None)
        yield GaugeMetricFamily("convention_database_up", "Whether the database answers.", is_up)
        yield from self.stored or []


def stored_figures() -> Iterator[Metric]:
    """Yield tasks by state, the longest wait, the clock, connections, and rows of each kind."""
    states = DBTaskResult.objects.order_by().values_list("status").annotate(count=Count("pk"))
    counts = Counter(dict(states))
    tasks = {state.lower(): counts[state] for state in STATES}
    yield gauges("convention_tasks", "Tasks in the queue by state.", "status", tasks)
    wait = round(oldest_wait(at=timezone.now()))
    yield GaugeMetricFamily("convention_task_wait_seconds", "How late the task is that waits longest.", wait)
    late = int(worker_is_late(at=timezone.now()))
    yield GaugeMetricFamily("convention_worker_late", "Whether tasks wait and no worker takes them.", late)
    if connection.vendor == "postgresql":
        yield from server_figures()
    rows = {
        model._meta.label: model._default_manager.count()
        for model in sorted(apps.get_models(), key=lambda model: model._meta.label)
        if model.__module__.split(".")[0] in OURS
    }
    yield gauges("convention_rows", "Rows of each kind.", "model", rows)
    for provider in hooks.metrics.providers():
        for name, what, values in provider():
            yield gauges(name, what, "kind", values)


def server_figures() -> Iterator[Metric]:
    """Yield how far the database's clock is from ours, and how many are connected to it."""
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


def gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return a metric with one value for each value of a label."""
    family = GaugeMetricFamily(name, text, labels=[label])
    for value_of_label, value in values.items():
        family.add_metric([value_of_label], value)
    return family


def plain(
    content: str | bytes, *, status: int = 200, content_type: str = "text/plain; charset=utf-8"
) -> HttpResponse:
    """Return an answer that nothing caches."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=content_type, status=status, headers=headers)
