"""REST endpoints by which a scanner finds attendees by name."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.response import Response

from badges.attendance.scanning.api import DeviceView, get_device
from badges.attendance.scanning.lookup.attendees import FOUND_ATTENDEE_EXAMPLE, FoundAttendeeResponse
from convention.api.bodies import render_body, validate_body
from convention.api.fields import StrictTextField
from convention.api.openapi import PROBLEMS_EXTENSION

from .search import list_attendees, search_attendees

if TYPE_CHECKING:
    from rest_framework.request import Request

MIN_QUERY_LENGTH, MAX_QUERY_LENGTH = 2, 100


SEARCH_EXAMPLE = OpenApiExample("By name", value={"query": "mull zoe"}, request_only=True)
ATTENDEES_EXAMPLE = OpenApiExample(
    "One attendee",
    value={"registrations": [FOUND_ATTENDEE_EXAMPLE]},
    response_only=True,
)


@extend_schema_serializer(examples=[SEARCH_EXAMPLE])
class AttendeeSearchRequest(serializers.Serializer[Any]):
    """A name to search for."""

    query = StrictTextField(
        min_length=MIN_QUERY_LENGTH,
        max_length=MAX_QUERY_LENGTH,
        help_text="Words of name and company, in any order, without accents if you like.",
    )


@extend_schema_serializer(examples=[ATTENDEES_EXAMPLE])
class AttendeeListResponse(serializers.Serializer[Any]):
    """The attendees found, sorted by name."""

    registrations = FoundAttendeeResponse(many=True)


class AttendeeSearchView(DeviceView):
    """Attendees by name or company."""

    http_method_names = ("post",)

    # POST, so that names do not appear in access logs.
    @extend_schema(
        request=AttendeeSearchRequest,
        responses=AttendeeListResponse,
        tags=["scanner"],
        operation_id="scanner_search",
        extensions={PROBLEMS_EXTENSION: ["429"]},
    )
    def post(self, request: "Request") -> Response:
        """Find at most twenty attendees with valid badges."""
        device = get_device(request)
        body = validate_body(AttendeeSearchRequest, request.data)
        found = search_attendees(device=device, query=body["query"])
        return Response(render_body(AttendeeListResponse, {"registrations": found}))


class AttendeeListView(DeviceView):
    """All attendees, for a supervisor's device."""

    http_method_names = ("get", "head")

    @extend_schema(
        responses=AttendeeListResponse,
        tags=["scanner"],
        operation_id="scanner_attendees",
        extensions={PROBLEMS_EXTENSION: ["403"]},
    )
    def get(self, request: "Request") -> Response:
        """Return everybody with a valid badge, for searching offline. Supervisors’ devices only."""
        found = list_attendees(device=get_device(request))
        response = Response(render_body(AttendeeListResponse, {"registrations": found}))
        response["Cache-Control"] = "no-store"
        return response
