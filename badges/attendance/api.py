"""The scanner's two endpoints: plain views, since a door cannot wait."""

import functools
from typing import TYPE_CHECKING

from django.http import HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from convention.api.problems import problem
from convention.errors import ConventionError, InvalidFields

from .doors import UnknownDevice, device_of
from .snapshot import etag_of, parse_cursors, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    type View = Callable[[HttpRequest], HttpResponse]


def endpoint(method: str) -> "Callable[[View], View]":
    """A view for one method, whose errors are problem details."""

    def decorate(view: "View") -> "View":
        @csrf_exempt
        @functools.wraps(view)
        def answer(request: "HttpRequest") -> HttpResponse:
            if request.method != method:
                response = problem("method-not-allowed", 405, f"Send {method} to this address.")
                response["Allow"] = method
                return response
            try:
                return view(request)
            except UnknownDevice as error:
                response = problem(error.kind, error.status, str(error))
                response["WWW-Authenticate"] = "Bearer"
                return response
            except ConventionError as error:
                fields = error.fields if isinstance(error, InvalidFields) else None
                return problem(error.kind, error.status, str(error), fields=fields)

        return answer

    return decorate


@endpoint("GET")
def snapshot(request: "HttpRequest") -> HttpResponse:
    """What the device needs to decide by itself; see snapshot.py for the shape."""
    device = device_of(request.headers.get("Authorization", ""))
    since, cursor = parse_cursors(request.GET.get("since", ""), request.GET.get("presences", ""))
    etag = etag_of(device, since, cursor)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = JsonResponse(
            snapshot_of(device, since=since, cursor=cursor), json_dumps_params={"separators": (",", ":")}
        )
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization"])
    return response
