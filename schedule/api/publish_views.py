"""Publish the draft."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.bodies import render_body, validate_body
from convention.api.idempotency import IDEMPOTENCY_KEY_HEADER, run_once_per_key
from convention.api.openapi import PROBLEMS_EXTENSION
from schedule.models import ScheduleVersion
from schedule.permissions import get_draft_to_edit
from schedule.versions.differences import ChangeKind
from schedule.versions.publish import (
    Notify,
    PublicationStamp,
    publish_reviewed_draft,
)
from schedule.versions.timetables import find_last_version_number, load_unpublished_changes

from .access import PlanningView, open_event
from .draft_bodies import PublicationResponse, PublishRequest


class PublishView(PlanningView):
    @extend_schema(
        request=PublishRequest,
        responses={201: PublicationResponse},
        parameters=[IDEMPOTENCY_KEY_HEADER],
        tags=["schedule"],
        operation_id="publish",
        extensions={PROBLEMS_EXTENSION: ["409"]},
    )
    def post(self, request: Request, event: str) -> Response:
        """Publish the draft that you read, and notify the people concerned, unless `notify` is `nobody`.

        The answer is 409 if a session was moved, or another version was published, since you read the draft;
        if a conflict of the level `block` prevents it; and if there is nothing to publish.
        """
        open_event(request, event)
        body = validate_body(PublishRequest, request.data)
        published = run_once_per_key(request, lambda: self._publish(request, event, body))
        version = ScheduleVersion.objects.select_related("event").get(pk=published["version"])
        response = {
            "number": version.number,
            "name": version.name,
            "published_at": version.published_at,
            "session_count": version.slots.count(),
            "changes": published["changes"],
        }
        with timezone.override(version.event.zone):
            return Response(render_body(PublicationResponse, response), status=201)

    def _publish(self, request: Request, event: str, body: dict[str, Any]) -> dict[str, Any]:
        with transaction.atomic():
            draft, person = get_draft_to_edit(event, request.user)
            seen_version = body.get("version", find_last_version_number(draft.event))
            # Still true when published: `publish_reviewed_draft` refuses a draft that has changed since.
            counts = load_unpublished_changes(draft).count_by_kind()
            version = publish_reviewed_draft(
                draft=draft,
                name=body["name"],
                note=body["note"],
                author=person,
                notify=Notify(body["notify"]),
                seen=PublicationStamp(seen_version, body["revision"]),
            )
        changes = {kind.value: counts.get(kind, 0) for kind in ChangeKind}
        return {"version": version.pk, "changes": changes}
