"""What the organizers’ pages of the programme have in common."""

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from convention.events.models import Event

from ..agenda import base_of

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict

read_or_write = require_http_methods(["GET", "HEAD", "POST"])


def page(request: "HttpRequest", template: str, event: Event, **context: Any) -> HttpResponse:
    """A page in the organizers' frame, in the event's own time."""
    context |= {"event": event, "section": "organize", "base": base_of(event)}
    response = render(request, f"schedule/organize/{template}.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def posted(request: "HttpRequest") -> "QueryDict | None":
    """What was filled in; None while the form is only shown."""
    return request.POST if request.method == "POST" else None
