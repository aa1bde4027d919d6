"""REST endpoints of the scanner: the snapshot for deciding offline, and the scans."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.db import OperationalError
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import MethodNotAllowed, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.views import APIView

from badges.attendance.authentication import DeviceAuthentication
from badges.attendance.models import Device
from convention.api.bodies import render_body, validate_body
from convention.api.parsers import StrictJsonParser

from .device_state.heartbeat import parse_device_state, update_last_seen
from .device_state.leases import renew_lease
from .fast_path import record_single_scan
from .record_scans import add_typed_attendees, record_scans
from .serializers import ScanBatchRequest, ScanBatchResponse
from .snapshot import load_checkpoint_state, load_snapshot, make_etag
from .snapshot_serializers import SnapshotQuery, SnapshotResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponseBase
    from rest_framework.parsers import BaseParser
    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request


class ScanParser(StrictJsonParser):
    """Accept NaN and Infinity, so that one bad number spoils its own scan and not the whole batch."""

    strict = False


class JsonNegotiation(BaseContentNegotiation):
    """Read and answer JSON whatever the headers say: hand scanners and scripts send all kinds of them."""

    def select_parser(self, request: "Request", parsers: "Iterable[BaseParser]") -> "BaseParser":
        return next(iter(parsers))

    def select_renderer(
        self, request: "Request", renderers: "Iterable[BaseRenderer]", format_suffix: str | None = None
    ) -> "tuple[BaseRenderer, str]":
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class IsDevice(BasePermission):
    """Require a paired device."""

    def has_permission(self, request: "Request", view: Any) -> bool:
        return isinstance(request.auth, Device)


def get_device(request: "Request") -> Device:
    """Return the device that `DeviceAuthentication` found; call it on requests that `IsDevice` permits."""
    assert isinstance(request.auth, Device)
    return request.auth


class DeviceView(APIView):
    """An endpoint for paired devices."""

    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)
    # A single device may serve the whole queue of an entrance.
    throttle_classes = ()
    parser_classes = (ScanParser,)
    content_negotiation_class = JsonNegotiation

    def initial(self, request: "Request", *args: Any, **kwargs: Any) -> None:
        """Refuse other methods before asking for the token, since the address itself is no secret."""
        if request.method not in self.allowed_methods:
            sentence = _("Send a %(method)s request to this address.") % {"method": self.allowed_methods[0]}
            raise MethodNotAllowed(request.method or "", sentence)
        super().initial(request, *args, **kwargs)


class ScanListView(DeviceView):
    """The scans of a device."""

    http_method_names = ("post",)

    @extend_schema(
        request=ScanBatchRequest,
        responses=ScanBatchResponse,
        tags=["scanner"],
        operation_id="scanner_scans",
    )
    def post(self, request: "Request") -> Response:
        """Record scans; the results are in the same order, one for each item, invalid ones included."""
        # DRF would take an empty body for an empty object.
        if request.stream is None:
            raise ParseError(_("The body is not valid JSON."))
        device = get_device(request)
        body = validate_body(ScanBatchRequest, request.data)
        scans, clock = body["scans"], body["clock"]
        result = record_single_scan(device=device, scans=scans, clock=clock, at=timezone.now())
        # None means "not the usual case", whatever the reason: the full path answers those.
        results = [result] if result else record_scans(device=device, scans=scans, clock=clock)
        results = add_typed_attendees(scans, results)
        limit = renew_lease(device, at=timezone.now())
        answer = {
            "results": results,
            "limits": [limit] if limit else [],
            "sequence": device.event.sequence,
            # From this the device measures its clock offset and sends it with its next scans.
            "server_time": timezone.now(),
        }
        with timezone.override(device.event.zone):
            return Response(render_body(ScanBatchResponse, answer))


class SnapshotView(DeviceView):
    """The data from which a device decides offline."""

    http_method_names = ("get", "head")

    @extend_schema(
        parameters=[SnapshotQuery],
        responses=SnapshotResponse,
        tags=["scanner"],
        operation_id="scanner_snapshot",
    )
    def get(self, request: "Request") -> "HttpResponseBase":
        """Return the data for deciding offline; only changes after `since`."""
        device = get_device(request)
        query = validate_body(SnapshotQuery, request.query_params.dict())
        since, cursor, now = query["since"], query["presences"], timezone.now()
        state = parse_device_state(request.headers.get("Scanner-State", ""))
        checkpoint_state = load_checkpoint_state(device, at=now, pending=(state or {}).get("pending", 0))
        etag = make_etag(checkpoint_state, since, cursor)
        response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
        if response is None:
            snapshot = load_snapshot(checkpoint_state, since=since, cursor=cursor)
            with timezone.override(device.event.zone):
                response = Response(render_body(SnapshotResponse, snapshot))
        # A full disk or another writer must not keep the snapshot from the phone.
        with suppress(OperationalError):
            update_last_seen(device, now, state)
        response["ETag"] = etag
        response["Cache-Control"] = "private, no-cache"
        # Each device has its own data under the same address; a shared cache must not mix them up.
        patch_vary_headers(response, ["Authorization"])
        return response
