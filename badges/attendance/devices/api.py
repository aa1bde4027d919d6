"""REST endpoint by which a phone pairs itself with the code that an organizer's screen shows."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from badges.attendance.models import MAX_DEVICE_NAME_LENGTH
from badges.attendance.scanning.inputs.device_signatures import decode_device_key
from badges.attendance.scanning.snapshot_serializers import SnapshotDeviceResponse
from convention.api.bodies import render_body, validate_body
from convention.api.fields import StrictTextField
from convention.api.openapi import PROBLEMS_EXTENSION
from convention.api.parsers import StrictJsonParser
from convention.api.throttles import consume_rate_limit
from convention.web.client_network import get_client_network

from .pairing_codes import pair_by_code

# A venue's phones share one network, and six are paired in a minute; a code has 130 bits.
PAIRINGS_PER_NETWORK = 120
PAIRING_WINDOW_SECONDS = 600
MAX_CODE_LENGTH = 100
MAX_KEY_LENGTH = 100

NO_TOKEN: list[Any] = [{}]

PAIRING_EXAMPLE = OpenApiExample(
    "A phone pairs itself",
    value={
        "code": "QK3V0C5WZ2TTY7A4N6M2JH5BXE",
        "public_key": "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKW"
        "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
        "name": "Lise",
    },
    request_only=True,
)
PAIRED_EXAMPLE = OpenApiExample(
    "Paired",
    value={
        "token": "pB1oXnA0c6r9pKfZ3lq8vNn2mJ5sQ7dT1wY4uH6eR8k",
        "device": {
            "id": 7,
            "name": "Lise",
            "checkpoint": 3,
            "expires_at": "2026-06-18T20:00:00+02:00",
            "can_override": False,
            "can_change_checkpoint": False,
        },
    },
    response_only=True,
)


class DeviceKeyField(serializers.CharField):
    """A raw P-256 point in base64url, as bytes once validated."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            return decode_device_key(text)
        except ValueError as error:
            raise ValidationError(_("This is not a raw P-256 point in base64url.")) from error


@extend_schema_serializer(examples=[PAIRING_EXAMPLE])
class PairDeviceRequest(serializers.Serializer[Any]):
    """A pairing code and the phone's new key, whose private half never leaves it."""

    code = StrictTextField(max_length=MAX_CODE_LENGTH, help_text="From the address `/scan/#code=CODE`.")
    public_key = DeviceKeyField(
        max_length=MAX_KEY_LENGTH, help_text="The raw P-256 point, 65 bytes in base64url."
    )
    name = StrictTextField(
        required=False, allow_blank=True, max_length=MAX_DEVICE_NAME_LENGTH, help_text="To tell phones apart."
    )


@extend_schema_serializer(examples=[PAIRED_EXAMPLE])
class PairDeviceResponse(serializers.Serializer[Any]):
    """The token that the phone sends from now on, and the device as in the snapshot."""

    token = serializers.CharField()
    device = SnapshotDeviceResponse()


class PairDeviceView(APIView):
    """The pairing of phones, public: the code is the permission."""

    authentication_classes = ()
    permission_classes = ()
    parser_classes = (StrictJsonParser,)
    http_method_names = ("post",)

    @extend_schema(
        request=PairDeviceRequest,
        responses={201: PairDeviceResponse},
        tags=["scanner"],
        operation_id="scanner_pair",
        auth=NO_TOKEN,
        extensions={PROBLEMS_EXTENSION: ["404", "409", "410", "429"]},
    )
    def post(self, request: Request) -> Response:
        """Pair a phone by a code that is used once and valid for 30 minutes.

        Sent again with the same key within that time, it gives a new token for the same device.
        """
        consume_rate_limit(
            "pair-device",
            get_client_network(request.META),
            limit=PAIRINGS_PER_NETWORK,
            window_seconds=PAIRING_WINDOW_SECONDS,
        )
        body = validate_body(PairDeviceRequest, request.data)
        pairing = pair_by_code(**body)
        with timezone.override(pairing.device.event.zone):
            answer = render_body(PairDeviceResponse, pairing)
        response = Response(answer, status=201)
        response["Cache-Control"] = "no-store"
        return response
