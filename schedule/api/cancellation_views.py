"""Cancel and restore sessions in the draft."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.bodies import validate_body
from convention.api.openapi import PROBLEMS_EXTENSION
from schedule.editing.sessions import cancel_session, restore_session

from .access import PlanningView, open_event
from .session_bodies import SessionCancellationRequest, SessionDetailsResponse
from .session_views import get_session, respond_with_session


class SessionCancelView(PlanningView):
    @extend_schema(
        request=SessionCancellationRequest,
        responses=SessionDetailsResponse,
        tags=["schedule"],
        operation_id="session_cancel",
        extensions={PROBLEMS_EXTENSION: ["409"]},
    )
    def post(self, request: Request, event: str, guid: uuid.UUID) -> Response:
        """Cancel a session in the draft. The next publication shows it and notifies the people concerned.

        A second call changes nothing. The answer is 409 for a session without a time; remove it instead.
        """
        event_obj, person = open_event(request, event)
        session = get_session(event_obj, guid)
        body = validate_body(SessionCancellationRequest, request.data)
        cancel_session(session=session, author=person, reason=body.get("reason", ""))
        return respond_with_session(event_obj, guid)


class SessionRestoreView(PlanningView):
    @extend_schema(
        request=None,
        responses=SessionDetailsResponse,
        tags=["schedule"],
        operation_id="session_restore",
        extensions={PROBLEMS_EXTENSION: ["409"]},
    )
    def post(self, request: Request, event: str, guid: uuid.UUID) -> Response:
        """Take back a cancellation in the draft. A second call changes nothing."""
        event_obj, person = open_event(request, event)
        restore_session(session=get_session(event_obj, guid), author=person)
        return respond_with_session(event_obj, guid)
