"""Endpoints for the scripts of our own pages: signed in by the session, protected by the CSRF token."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from convention.errors import ConventionError

from .problems import make_error_response

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

type EventJsonView = Callable[[HttpRequest, str], HttpResponse]


def answer_in_json(view: "EventJsonView") -> "EventJsonView":
    """Answer errors as problem details, which the scripts show, instead of as pages."""

    @functools.wraps(view)
    def answer(request: "HttpRequest", event: str) -> "HttpResponse":
        try:
            response = view(request, event)
        except ConventionError as error:
            response = make_error_response(error)
        response["Cache-Control"] = "private, no-store"
        return response

    return answer
