"""The scanner's two endpoints: plain views, since a door cannot wait."""

import functools
import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from convention.api.problems import problem
from convention.errors import ConventionError, InvalidFields, Unavailable
from convention.middleware import unavailable

from .doors import UnknownDevice, bearer_of, device_of
from .fast_path import scan_one
from .reading import MOST_AT_ONCE
from .scan import scan
from .snapshot import etag_of, parse_cursors, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    type View = Callable[[HttpRequest], HttpResponse]


class NotJson(ConventionError):
    """The body could not be read at all."""

    kind = "parse-error"
    status = 400


class TooMany(ConventionError):
    """More scans than fit in one request."""

    kind = "too-many"
    status = 413


def endpoint(*methods: str) -> "Callable[[View], View]":
    """A view for these methods, the first of which is what it is for; its errors are problem details."""

    def decorate(view: "View") -> "View":
        @csrf_exempt
        @functools.wraps(view)
        def answer(request: "HttpRequest") -> HttpResponse:
            if request.method not in methods:
                sentence = _("Send %(method)s to this address.") % {"method": methods[0]}
                response = problem("method-not-allowed", 405, sentence)
                response["Allow"] = ", ".join(methods)
                return response
            try:
                return view(request)
            except UnknownDevice as error:
                response = problem(error.kind, error.status, str(error))
                response["WWW-Authenticate"] = "Bearer"
                return response
            except Unavailable as error:
                return unavailable(request, error)
            except ConventionError as error:
                fields = error.fields if isinstance(error, InvalidFields) else None
                return problem(error.kind, error.status, str(error), fields=fields)

        return answer

    return decorate


@endpoint("POST")
def scans(request: "HttpRequest") -> HttpResponse:
    """Take in up to 200 scans; see reading.py for the shape of both sides."""
    authorization = request.headers.get("Authorization", "")
    try:
        items = items_of(request)
    except ConventionError:
        device_of(authorization)
        raise
    quick = scan_one(token=bearer_of(authorization), items=items, now=timezone.now())
    if quick:
        device, results = quick[0], [quick[1]]
    else:
        device = device_of(authorization)
        results = scan(device=device, items=items)
    zone = device.event.zone
    return JsonResponse(
        {
            "results": [result.as_json(zone) for result in results],
            "sequence": device.event.sequence,
            "server_time": timezone.localtime(timezone=zone).isoformat(),
        }
    )


def items_of(request: "HttpRequest") -> list[Any]:
    """The scans of a body. Raises Unreadable or InvalidFields where it is not one, or has too many."""
    try:
        whole = json.loads(request.body)
    except RequestDataTooBig as error:
        raise TooMany(_("The body is too large: send fewer scans at once.")) from error
    except (ValueError, RecursionError) as error:
        raise NotJson(_("The body is not valid JSON.")) from error
    items = whole.get("scans") if isinstance(whole, dict) else None
    if not isinstance(items, list):
        raise InvalidFields(_("Send {“scans”: [...]}."), {"scans": [str(_("Send a list."))]})
    if len(items) > MOST_AT_ONCE:
        raise TooMany(_("Send at most %(most)s scans at once.") % {"most": MOST_AT_ONCE})
    return items


@endpoint("GET", "HEAD")
def snapshot(request: "HttpRequest") -> HttpResponse:
    """What the device needs to decide by itself; see snapshot.py for the shape."""
    device = device_of(request.headers.get("Authorization", ""))
    since, cursor = parse_cursors(request.GET.get("since"), request.GET.get("presences", ""))
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
