"""List, add, change and remove speakers."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.bodies import render_bodies, render_body, validate_body
from convention.api.idempotency import IDEMPOTENCY_KEY_HEADER, run_once_per_key
from convention.api.pagination import ApiCursorPagination
from convention.api.reading_audit import record_api_read
from convention.errors import NotFound
from convention.events.models import Event
from schedule.editing.programme_parts import remove_programme_item, save_programme_item
from schedule.models import Session, Speaker
from schedule.speakers.forms import SpeakerForm

from .access import PlanningView, open_event
from .draft_bodies import RemovalResponse
from .form_values import check_forms, limit_form
from .speaker_bodies import (
    SPEAKER_EXAMPLE,
    SPEAKER_MEMBERS,
    SpeakerChangesRequest,
    SpeakerCreateRequest,
    SpeakerDetailsResponse,
)


class SpeakerListView(PlanningView, GenericAPIView[Speaker]):
    pagination_class = ApiCursorPagination
    serializer_class = SpeakerDetailsResponse

    @extend_schema(
        responses=SpeakerDetailsResponse(many=True),
        examples=[SPEAKER_EXAMPLE],
        tags=["schedule"],
        operation_id="speakers",
    )
    def get(self, request: Request, event: str) -> Response:
        """Return all speakers, page by page, also those whose sessions are not public."""
        event_obj, _person = open_event(request, event)
        record_api_read("speakers.read", token=request.auth, event=event_obj)
        page = self.paginate_queryset(query_speakers(event_obj)) or []
        return self.get_paginated_response(render_bodies(SpeakerDetailsResponse, page))

    @extend_schema(
        request=SpeakerCreateRequest,
        responses={201: SpeakerDetailsResponse},
        parameters=[IDEMPOTENCY_KEY_HEADER],
        tags=["schedule"],
        operation_id="speaker_add",
    )
    def post(self, request: Request, event: str) -> Response:
        """Add a speaker. Two may have the same name. Sessions refer to speakers by name."""
        event_obj, _person = open_event(request, event)
        body = validate_body(SpeakerCreateRequest, request.data)
        guid = run_once_per_key(
            request, lambda: str(save_speaker(event_obj, Speaker(event=event_obj), body).guid)
        )
        return respond_with_speaker(event_obj, uuid.UUID(guid), status=201)


class SpeakerView(PlanningView):
    @extend_schema(
        request=SpeakerChangesRequest,
        responses=SpeakerDetailsResponse,
        tags=["schedule"],
        operation_id="speaker_change",
    )
    def patch(self, request: Request, event: str, guid: uuid.UUID) -> Response:
        """Change the members that are sent."""
        event_obj, _person = open_event(request, event)
        speaker = get_speaker(event_obj, guid)
        save_speaker(event_obj, speaker, validate_body(SpeakerChangesRequest, request.data))
        return respond_with_speaker(event_obj, guid)

    @extend_schema(
        responses={200: RemovalResponse},
        tags=["schedule"],
        operation_id="speaker_remove",
    )
    def delete(self, request: Request, event: str, guid: uuid.UUID) -> Response:
        """Remove a speaker; their sessions stay, without them."""
        event_obj, _person = open_event(request, event)
        remove_programme_item(event=event_obj, item=get_speaker(event_obj, guid))
        return Response(render_body(RemovalResponse, {"deleted": True}))


def query_speakers(event: Event) -> QuerySet[Speaker]:
    sessions = Session.objects.only("pk", "guid").order_by()
    # defer(None) loads the biographies, which lists of speakers defer.
    return event.speakers.defer(None).order_by("pk").prefetch_related(Prefetch("sessions", sessions))


def get_speaker(event: Event, guid: uuid.UUID) -> Speaker:
    """Return the speaker of the event. Raise NotFound."""
    speaker = query_speakers(event).filter(guid=guid).first()
    if speaker is None:
        raise NotFound(_("This speaker was not found; they may have been deleted."))
    return speaker


def save_speaker(event: Event, speaker: Speaker, body: Mapping[str, Any]) -> Speaker:
    """Save what a program sent. Raise InvalidFields."""
    form = limit_form(SpeakerForm({**body}, instance=speaker), body)
    check_forms(form, members=SPEAKER_MEMBERS)
    if form.changed_data:
        save_programme_item(event=event, item=form.save(commit=False), changed_fields=form.changed_data)
    return speaker


def respond_with_speaker(event: Event, guid: uuid.UUID, *, status: int = 200) -> Response:
    return Response(render_body(SpeakerDetailsResponse, get_speaker(event, guid)), status=status)
