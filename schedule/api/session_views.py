"""Create, read, change and remove sessions."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.bodies import render_body, validate_body
from convention.api.idempotency import IDEMPOTENCY_KEY_HEADER, run_once_per_key
from convention.api.models import ApiToken
from convention.api.openapi import PROBLEMS_EXTENSION
from convention.api.scopes import HasScope
from convention.errors import InvalidFields, NotFound
from convention.events.models import Event
from convention.web.edit_conflicts import compute_fingerprints
from schedule.board.place_sessions import find_time_error
from schedule.editing.forms import SessionForm
from schedule.editing.sessions import (
    SLOT_FIELDS,
    SessionChangedMeanwhile,
    add_session,
    edit_session,
    get_session_values,
    remove_session,
)
from schedule.models import Session

from .access import PlanningView, open_event
from .form_values import check_forms, limit_form
from .public_sessions import SessionList
from .session_bodies import (
    SESSION_MEMBERS,
    SessionChangesRequest,
    SessionCreateRequest,
    SessionDetailsResponse,
    SessionRemovalResponse,
    build_session_details,
)

# The form checks these together.
PLACE_FIELDS: Final = ("room", "starts_at", "ends_at")


class SessionCollectionView(SessionList):
    """The public list; organizers' programs add to it."""

    required_scope = ApiToken.Scope.SCHEDULE_WRITE

    def get_permissions(self) -> list[BasePermission]:
        """Require the scope to add a session; the list is public."""
        if self.request.method == "POST":
            return [IsAuthenticated(), HasScope()]
        return super().get_permissions()  # type: ignore[return-value]  # the stub allows combinations, too

    @extend_schema(
        request=SessionCreateRequest,
        responses={201: SessionDetailsResponse},
        parameters=[IDEMPOTENCY_KEY_HEADER],
        tags=["schedule"],
        operation_id="session_add",
    )
    def post(self, request: Request, event: str) -> Response:
        """Add a session. It is public once it has a time in the draft and the draft is published."""
        event_obj, person = open_event(request, event)
        body = validate_body(SessionCreateRequest, request.data)

        def add() -> str:
            # Read inside: a repeated request is answered as before, even if its room was removed since.
            values = read_session_values(event_obj, Session(event=event_obj), body, {})
            return str(add_session(event=event_obj, values=values, author=person).guid)

        guid = run_once_per_key(request, add)
        return respond_with_session(event_obj, uuid.UUID(guid), status=201)


class SessionView(PlanningView):
    @extend_schema(responses=SessionDetailsResponse, tags=["schedule"], operation_id="session")
    def get(self, request: Request, event: str, guid: uuid.UUID) -> Response:
        """Return a session, public or not, with its place in the draft."""
        event_obj, _person = open_event(request, event)
        return respond_with_session(event_obj, guid)

    @extend_schema(
        request=SessionChangesRequest,
        responses=SessionDetailsResponse,
        tags=["schedule"],
        operation_id="session_change",
        extensions={PROBLEMS_EXTENSION: ["409"]},
    )
    def patch(self, request: Request, event: str, guid: uuid.UUID) -> Response:
        """Change the members that are sent: texts at once, time and room in the draft.

        The answer is 409 if somebody else changes the same members at the same moment; `members` names them.
        """
        event_obj, person = open_event(request, event)
        session = get_session(event_obj, guid)
        current = get_session_values(session)
        body = validate_body(SessionChangesRequest, request.data)
        values = read_session_values(event_obj, session, body, current)
        try:
            edit_session(
                session=session,
                seen_fingerprints=compute_fingerprints(current),
                values=values,
                author=person,
            )
        except SessionChangedMeanwhile as error:
            names = sorted(SESSION_MEMBERS.get(name, name) for name in error.current_values)
            error.details["members"] = names
            raise
        return respond_with_session(event_obj, guid)

    @extend_schema(
        responses={200: SessionRemovalResponse},
        tags=["schedule"],
        operation_id="session_remove",
        extensions={PROBLEMS_EXTENSION: ["409"]},
    )
    def delete(self, request: Request, event: str, guid: uuid.UUID) -> Response:
        """Delete a session that was never public; take a public one out of the draft.

        The answer is 409 if people have booked a session that would be deleted.
        """
        event_obj, person = open_event(request, event)
        is_deleted = remove_session(session=get_session(event_obj, guid), author=person)
        return Response(render_body(SessionRemovalResponse, {"deleted": is_deleted}))


def get_session(event: Event, guid: uuid.UUID) -> Session:
    """Return the session of the event. Raise NotFound."""
    session = event.sessions.select_related("track", "follows").filter(guid=guid).first()
    if session is None:
        raise NotFound(_("This session was not found; it may have been deleted."))
    # Otherwise each use of its event would load it again.
    session.event = event
    return session


def respond_with_session(event: Event, guid: uuid.UUID, *, status: int = 200) -> Response:
    details = build_session_details(get_session(event, guid))
    with timezone.override(event.zone):
        return Response(render_body(SessionDetailsResponse, details), status=status)


def read_session_values(
    event: Event, session: Session, body: Mapping[str, Any], current: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values of the members that were sent, as actions take them. Raise InvalidFields."""
    data = {**body, **find_related_keys(event, body)}
    if "speakers" in data:
        data["speakers"] = join_names(data["speakers"])
    names = set(data)
    if names & set(PLACE_FIELDS):
        names |= set(PLACE_FIELDS)
        data = {name: get_form_value(current.get(name)) for name in PLACE_FIELDS} | data
    form = limit_form(SessionForm(data, event=event, instance=session), names)
    check_forms(form, members=SESSION_MEMBERS)
    check_time(event, form.cleaned_data)
    return {name: value for name, value in form.cleaned_data.items() if name in body or name in SLOT_FIELDS}


def join_names(names: Sequence[str]) -> str:
    """Return the names as the form takes them, one on each line. Raise InvalidFields."""
    if any(len(name.splitlines()) > 1 for name in names):
        sentence = _("A name cannot contain a line break.")
        raise InvalidFields(_("Some fields need to be corrected."), {"speakers": [sentence]})
    return "\n".join(names)


def get_form_value(value: Any) -> Any:
    """Return a value as the form takes it: a row by its key."""
    return getattr(value, "pk", value)


def find_related_keys(event: Event, body: Mapping[str, Any]) -> dict[str, int | None]:
    """Return the keys of the track, named by its name, and of the session that it follows, by its guid."""
    keys: dict[str, int | None] = {}
    errors: dict[str, list[str]] = {}
    if body.get("track") is not None:
        keys["track"] = event.tracks.filter(name=body["track"]).values_list("pk", flat=True).first()
        if keys["track"] is None:
            errors["track"] = [_("No track has this name.")]
    if body.get("follows") is not None:
        keys["follows"] = event.sessions.filter(guid=body["follows"]).values_list("pk", flat=True).first()
        if keys["follows"] is None:
            errors["follows"] = [_("This session was not found; it may have been deleted.")]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    return keys


def check_time(event: Event, values: Mapping[str, Any]) -> None:
    """Refuse an implausible time, as the board does. Raise InvalidFields."""
    starts_at, ends_at = values.get("starts_at"), values.get("ends_at")
    error = find_time_error(event, starts_at, ends_at) if starts_at and ends_at else None
    if error:
        raise InvalidFields(_("Some fields need to be corrected."), {error.field: [str(error.sentence)]})
