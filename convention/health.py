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
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from .measure import counted, forget_the_dead
from .patience import ask
from .readiness import hindrance
from .worker import oldest_wait, worker_is_late

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

LOCAL = {"127.0.0.1", "::1", ""}
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
    """Figures in Prometheus' text format: for this machine, or with the METRICS_TOKEN as bearer token."""
    if not may_read_metrics(request):
        return plain("Ask from this machine, or with `Authorization: Bearer METRICS_TOKEN`.\n", status=403)
    stored = ask(lambda: list(figures()))
    lines = [*gauge("convention_database_up", "Whether the database answers.", {"": int(stored is not None)})]
    return plain(counted() + "".join(f"{line}\n" for line in [*lines, *(stored or [])]))


def may_read_metrics(request: "HttpRequest") -> bool:
    """A request that came straight from this machine, or that knows the token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return True
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.META.get("REMOTE_ADDR", "") in LOCAL and not forwarded


def figures() -> Iterator[str]:
    """Tasks by state, the longest wait, the clock, connections, rows of each kind."""
    states = DBTaskResult.objects.order_by().values_list("status").annotate(count=Count("pk"))
    counts = Counter(dict(states))
    tasks = {f'{{status="{state.lower()}"}}': counts[state] for state in STATES}
    yield from gauge("convention_tasks", "Tasks in the queue by state.", tasks)
    wait = round(oldest_wait(at=timezone.now()))
    yield from gauge("convention_task_wait_seconds", "How late the task is that waits longest.", {"": wait})
    late = int(worker_is_late(at=timezone.now()))
    yield from gauge("convention_worker_late", "Whether tasks wait and no worker takes them.", {"": late})
    if connection.vendor == "postgresql":
        yield from server_figures()
    rows = {
        f'{{model="{model._meta.label}"}}': model._default_manager.count()
        for model in sorted(apps.get_models(), key=lambda model: model._meta.label)
        if model.__module__.split(".")[0] in OURS
    }
    yield from gauge("convention_rows", "Rows of each kind.", rows)
    for path in settings.METRICS:
        for name, what, values in import_string(path)():
            yield from gauge(name, what, values)


def server_figures() -> Iterator[str]:
    """How far the database's clock is from ours, and who is connected to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp()), count(*) "
            "FROM pg_stat_activity WHERE datname = current_database()"
        )
        clock, connections = cursor.fetchone()
    skew = round(float(clock) - time.time(), 1)
    yield from gauge(
        "convention_clock_skew_seconds", "The database's clock minus this machine's.", {"": skew}
    )
    yield from gauge("convention_database_connections", "Connections to this database.", {"": connections})


def gauge(name: str, what: str, values: Mapping[str, float]) -> Iterator[str]:
    """One figure in Prometheus' text format; `values` by their labels."""
    yield f"# HELP {name} {what}"
    yield f"# TYPE {name} gauge"
    yield from (f"{name}{labels} {value}" for labels, value in values.items())


def plain(content: str, *, status: int = 200) -> HttpResponse:
    """Text that nothing keeps."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type="text/plain; charset=utf-8", status=status, headers=headers)
