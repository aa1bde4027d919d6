"""Serve the scanner's two endpoints as plain Django views, which answer faster than DRF's."""

import functools
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from badges.attendance.authentication import UnknownDevice, authenticate_device, parse_bearer_token
from convention.api.problems import problem_response
from convention.errors import ConventionError, InvalidFields, ServiceUnavailable
from convention.middleware import unavailable_response

from .fast_path import record_single_scan
from .record_scans import record_scans, update_last_seen
from .scan_input import MAX_SCANS_PER_REQUEST
from .snapshot import build_snapshot, make_etag, parse_cursors

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    type ScannerView = Callable[[HttpRequest], HttpResponse]


class InvalidJsonBody(ConventionError):
    kind = "parse-error"
    status = 400


class TooManyScans(ConventionError):
    kind = "too-many"
    status = 413


def scanner_endpoint(*methods: str) -> "Callable[[ScannerView], ScannerView]":
    """Decorate a view: allow these methods and turn errors into problem details (RFC 9457)."""

    def decorate(view: "ScannerView") -> "ScannerView":
        @csrf_exempt
        @functools.wraps(view)
        def answer(request: "HttpRequest") -> HttpResponse:
            if request.method not in methods:
                sentence = _("Send %(method)s to this address.") % {"method": methods[0]}
                response = problem_response("method-not-allowed", 405, sentence)
                response["Allow"] = ", ".join(methods)
                return response
            try:
                return view(request)
            except UnknownDevice as error:
                response = problem_response(error.kind, error.status, str(error))
                response["WWW-Authenticate"] = "Bearer"
                return response
            except ServiceUnavailable as error:
                return unavailable_response(request, error)
            except ConventionError as error:
                fields = error.field_errors if isinstance(error, InvalidFields) else None
                return problem_response(error.kind, error.status, str(error), field_errors=fields)

        return answer

    return decorate


@scanner_endpoint("POST")
def scan_list_create(request: "HttpRequest") -> HttpResponse:
    """Record up to 200 scans; scan_input.py documents request and response."""
    authorization = request.headers.get("Authorization", "")
    try:
        items = parse_scan_items(request)
    except ConventionError:
        # Authenticate before telling what is wrong with the body, so that callers without a token learn only
        # that.
        authenticate_device(authorization)
        raise
    quick = record_single_scan(token=parse_bearer_token(authorization), items=items, now=timezone.now())
    # None means "not the usual case", whatever the reason (a bad token included): the full path answers
    # those.
    if quick:
        device, results = quick[0], [quick[1]]
    else:
        device = authenticate_device(authorization)
        results = record_scans(device=device, items=items)
    zone = device.event.zone
    return JsonResponse(
        {
            "results": [result.as_json(zone) for result in results],
            "sequence": device.event.sequence,
            # From this the device measures its clock offset and sends it with its next scans.
            "server_time": timezone.localtime(timezone=zone).isoformat(),
        }
    )


def parse_scan_items(request: "HttpRequest") -> list[Any]:
    """Return the scans of a request body. Raise InvalidJsonBody, InvalidFields or TooManyScans."""
    try:
        body = json.loads(request.body)
    except RequestDataTooBig as error:
        # The usual cause is too many scans, so the device is told the same as for the limit below.
        raise TooManyScans(_("The body is too large: send fewer scans at once.")) from error
    except (ValueError, RecursionError) as error:
        # json.loads raises RecursionError for arrays nested a thousand levels deep.
        raise InvalidJsonBody(_("The body is not valid JSON.")) from error
    items = body.get("scans") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise InvalidFields(_("Send {“scans”: [...]}."), {"scans": [str(_("Send a list."))]})
    if len(items) > MAX_SCANS_PER_REQUEST:
        raise TooManyScans(_("Send at most %(most)s scans at once.") % {"most": MAX_SCANS_PER_REQUEST})
    return items


@scanner_endpoint("GET", "HEAD")
def snapshot_detail(request: "HttpRequest") -> HttpResponse:
    """Return the snapshot for deciding offline; snapshot.py documents the response."""
    device = authenticate_device(request.headers.get("Authorization", ""))
    since, cursor = parse_cursors(request.GET.get("since"), request.GET.get("presences", ""))
    etag = make_etag(device, since, cursor)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = JsonResponse(
            build_snapshot(device, since=since, cursor=cursor), json_dumps_params={"separators": (",", ":")}
        )
    # A full disk or another writer must not keep the snapshot from the phone.
    with suppress(OperationalError):
        update_last_seen(device, timezone.now())
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    # Each device has its own data under the same address; a shared cache must not mix them up.
    patch_vary_headers(response, ["Authorization"])
    return response
