"""Whether this process lives, and whether it can do its work."""

from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.http import HttpResponse
from django.utils import timezone

from .worker import worker_is_late

if TYPE_CHECKING:
    from django.http import HttpRequest


def healthz(request: "HttpRequest") -> HttpResponse:
    """Answer while the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: "HttpRequest") -> HttpResponse:
    """Answer 200 while the database answers and a worker takes what is queued, else 503 and why."""
    try:
        late = worker_is_late(at=timezone.now())
    except DatabaseError:
        return HttpResponse("the database does not answer\n", content_type="text/plain", status=503)
    if late:
        return HttpResponse("tasks wait and no worker takes them\n", content_type="text/plain", status=503)
    return HttpResponse("ok\n", content_type="text/plain")
