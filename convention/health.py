"""Whether this process lives, whether it can do its work, and figures about it."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import Error
from django.db.models import Count
from django.http import HttpResponse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from .worker import oldest_wait, worker_is_late

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

LOCAL = {"127.0.0.1", "::1", ""}
OURS = {"convention", "schedule", "registrations", "badges"}


class Probes:
    """Answers the machines that look after this one, before anything else.

    They ask by address, over plain http: neither ALLOWED_HOSTS nor the redirection to https is for them.
    """

    def __init__(self, get_response: "Callable[[HttpRequest], HttpResponseBase]") -> None:
        self.get_response = get_response
        self.probes = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}

    def __call__(self, request: "HttpRequest") -> "HttpResponseBase":
        """Answer a probe, pass on the rest."""
        probe = self.probes.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


def healthz(request: "HttpRequest") -> HttpResponse:
    """Answer while the process lives."""
    return plain("ok\n")


def readyz(request: "HttpRequest") -> HttpResponse:
    """Answer 200 while the database answers and a worker takes what is queued, else 503 and why."""
    try:
        late = worker_is_late(at=timezone.now())
    except Error:
        return plain("the database does not answer\n", status=503)
    if late:
        return plain("tasks wait and no worker takes them\n", status=503)
    return plain("ok\n")


def metrics(request: "HttpRequest") -> HttpResponse:
    """Figures in Prometheus' text format: for this machine, or with the METRICS_TOKEN as bearer token."""
    if not may_read_metrics(request):
        return plain("Ask from this machine, or with `Authorization: Bearer METRICS_TOKEN`.\n", status=403)
    return plain("".join(f"{line}\n" for line in figures()))


def may_read_metrics(request: "HttpRequest") -> bool:
    """A request that came straight from this machine, or that knows the token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return True
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.META.get("REMOTE_ADDR", "") in LOCAL and not forwarded


def figures() -> Iterator[str]:
    """Tasks by state, the longest wait, rows of each kind."""
    yield "# TYPE convention_tasks gauge"
    states = DBTaskResult.objects.order_by().values_list("status").annotate(count=Count("pk"))
    counted = Counter(dict(states))
    for state in ("READY", "RUNNING", "FAILED", "SUCCESSFUL"):
        yield f'convention_tasks{{status="{state.lower()}"}} {counted[state]}'
    yield "# TYPE convention_task_wait_seconds gauge"
    yield f"convention_task_wait_seconds {oldest_wait(at=timezone.now()):.0f}"
    yield "# TYPE convention_rows gauge"
    for model in sorted(apps.get_models(), key=lambda model: model._meta.label):
        if model.__module__.split(".")[0] in OURS:
            yield f'convention_rows{{model="{model._meta.label}"}} {model._default_manager.count()}'


def plain(content: str, *, status: int = 200) -> HttpResponse:
    """Text that nothing keeps."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type="text/plain; charset=utf-8", status=status, headers=headers)
