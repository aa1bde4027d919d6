"""List, add, change and remove rooms."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.bodies import render_bodies, render_body, validate_body
from convention.api.idempotency import IDEMPOTENCY_KEY_HEADER, run_once_per_key
from convention.api.openapi import PROBLEMS_EXTENSION
from convention.api.pagination import ApiCursorPagination
from convention.errors import NotFound
from convention.events.models import Event, Room
from convention.events.rooms.forms import RoomForm
from schedule.board.serializers import MAX_KEY
from schedule.conflicts.forms import RoomPlanningForm
from schedule.conflicts.planning_rules import save_room_planning
from schedule.editing.rooms import check_room_unused, remove_room, save_room

from .access import PlanningView, open_event
from .draft_bodies import RemovalResponse
from .form_values import check_forms, limit_form
from .room_bodies import ROOM_EXAMPLE, RoomChangesRequest, RoomCreateRequest, RoomDetailsResponse


class RoomListView(PlanningView, GenericAPIView[Room]):
    pagination_class = ApiCursorPagination
    serializer_class = RoomDetailsResponse

    @extend_schema(
        responses=RoomDetailsResponse(many=True),
        examples=[ROOM_EXAMPLE],
        tags=["schedule"],
        operation_id="rooms",
    )
    def get(self, request: Request, event: str) -> Response:
        """Return the rooms, page by page."""
        event_obj, _person = open_event(request, event)
        page = self.paginate_queryset(event_obj.rooms.all()) or []
        return self.get_paginated_response(render_bodies(RoomDetailsResponse, page))

    @extend_schema(
        request=RoomCreateRequest,
        responses={201: RoomDetailsResponse},
        parameters=[IDEMPOTENCY_KEY_HEADER],
        tags=["schedule"],
        operation_id="room_add",
    )
    def post(self, request: Request, event: str) -> Response:
        """Add a room; each has another name."""
        event_obj, _person = open_event(request, event)
        body = validate_body(RoomCreateRequest, request.data)
        pk = run_once_per_key(request, lambda: change_room(event_obj, Room(event=event_obj), body).pk)
        return Response(render_body(RoomDetailsResponse, get_room(event_obj, pk)), status=201)


class RoomView(PlanningView):
    @extend_schema(
        request=RoomChangesRequest,
        responses=RoomDetailsResponse,
        tags=["schedule"],
        operation_id="room_change",
    )
    def patch(self, request: Request, event: str, pk: int) -> Response:
        """Change the members that are sent."""
        event_obj, _person = open_event(request, event)
        room = get_room(event_obj, pk)
        room = change_room(event_obj, room, validate_body(RoomChangesRequest, request.data))
        return Response(render_body(RoomDetailsResponse, room))

    @extend_schema(
        responses={200: RemovalResponse},
        parameters=[
            OpenApiParameter("confirmed", bool, description="Remove it even if sessions are in the room.")
        ],
        tags=["schedule"],
        operation_id="room_remove",
        extensions={PROBLEMS_EXTENSION: ["409"]},
    )
    def delete(self, request: Request, event: str, pk: int) -> Response:
        """Remove a room. Sessions in it keep their time and have no room until they are moved.

        The answer is 409 if there are some, and names them, unless `confirmed=true` is sent.
        """
        event_obj, person = open_event(request, event)
        room = get_room(event_obj, pk)
        if request.query_params.get("confirmed") != "true":
            check_room_unused(room)
        remove_room(event=event_obj, room=room, author=person)
        return Response(render_body(RemovalResponse, {"deleted": True}))


def get_room(event: Event, pk: int) -> Room:
    """Return the room of the event. Raise NotFound."""
    room = event.rooms.filter(pk=pk).first() if pk <= MAX_KEY else None
    if room is None:
        raise NotFound(_("This room was not found; it may have been deleted."))
    return room


def change_room(event: Event, room: Room, body: Mapping[str, Any]) -> Room:
    """Save what a program sent: the room, and what the planner knows of it. Raise InvalidFields."""
    form = limit_form(RoomForm({**body}, instance=room), body)
    planning_form = limit_form(RoomPlanningForm({**body}, instance=room, event=event), body)
    check_forms(form, planning_form, members={})
    with transaction.atomic():
        if form.changed_data:
            save_room(event=event, room=room, changed_fields=form.changed_data)
        if planning_form.changed_data:
            save_room_planning(room=room, changed_fields=planning_form.changed_data)
    return room
