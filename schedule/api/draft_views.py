"""Read the draft and its conflicts, move sessions in it, undo moves."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.bodies import render_bodies, render_body, validate_body
from convention.api.idempotency import IDEMPOTENCY_KEY_HEADER, run_once_per_key
from convention.api.openapi import PROBLEMS_EXTENSION
from convention.errors import InvalidFields
from convention.events.models import Event
from schedule.board.place_sessions import Placement, find_time_error, place_sessions
from schedule.conflicts.describe import describe_conflict
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.load import load_working_timetable
from schedule.conflicts.timetable import Conflict, Timetable
from schedule.drafts.current_draft import find_current_draft, load_working_states
from schedule.drafts.moves import SlotChangedMeanwhile, undo_batch, undo_last_batch
from schedule.drafts.slot_state import SlotState
from schedule.models import Move, ScheduleDraft
from schedule.permissions import get_draft_to_edit
from schedule.versions.timetables import find_last_version_number

from .access import PlanningView, open_event
from .draft_bodies import (
    ConflictsResponse,
    DraftResponse,
    DraftSlotResponse,
    DraftUndoRequest,
    DraftUndoResponse,
    SlotMovesRequest,
    SlotMovesResponse,
    build_moves,
    find_guids,
    split_slots,
)

MAX_CONFLICTS_SENT: Final = 500


class DraftView(PlanningView):
    @extend_schema(responses=DraftResponse, tags=["schedule"], operation_id="draft")
    def get(self, request: Request, event: str) -> Response:
        """Return when and where each session is in the draft, and which sessions have no time yet.

        Before anybody has moved a session, that is what is published.
        """
        event_obj, _person = open_event(request, event)
        draft = {
            "version": find_last_version_number(event_obj),
            "revision": get_revision(event_obj),
            **split_slots(find_guids(event_obj), load_working_states(event_obj)),
        }
        with timezone.override(event_obj.zone):
            return Response(render_body(DraftResponse, draft))


def get_revision(event: Event) -> int:
    """Return the revision of the current draft; 0 before there is one."""
    draft = find_current_draft(event)
    return draft.revision if draft else 0


class DraftSlotsView(PlanningView):
    @extend_schema(
        request=SlotMovesRequest,
        responses=SlotMovesResponse,
        parameters=[IDEMPOTENCY_KEY_HEADER],
        tags=["schedule"],
        operation_id="draft_move",
        extensions={PROBLEMS_EXTENSION: ["409"]},
    )
    def post(self, request: Request, event: str) -> Response:
        """Move up to 200 sessions in the draft: all of them, or none.

        If somebody else has moved one of them since `seen_revision`, the answer is 409, and its member
        `current` has `revision`, `slots` and `unplaced` of these sessions as they are now. Own moves do not
        count. Nothing is public before the draft is published.
        """
        # Before the body is validated, because unknown events answer 404 whatever it contains.
        open_event(request, event)
        body = validate_body(SlotMovesRequest, request.data)
        result = run_once_per_key(request, lambda: self._move(request, event, body))
        return respond_with_moves(request, event, result, SlotMovesResponse)

    def _move(self, request: Request, event: str, body: dict[str, Any]) -> dict[str, Any]:
        with transaction.atomic():
            # A draft that is created for a request that fails disappears with it.
            draft, person = get_draft_to_edit(event, request.user)
            guids = find_guids(draft.event)
            placements = read_placements(draft.event, body["slots"], guids)
            try:
                moves = place_sessions(
                    draft=draft, placements=placements, author=person, seen_revision=body["seen_revision"]
                )
            except SlotChangedMeanwhile as error:
                error.details["current"] = render_current(draft.event, error.current_states, guids)
                raise
        return summarize_moves(draft, moves)


class DraftUndoView(PlanningView):
    @extend_schema(
        request=DraftUndoRequest,
        responses=DraftUndoResponse,
        parameters=[IDEMPOTENCY_KEY_HEADER],
        tags=["schedule"],
        operation_id="draft_undo",
        extensions={PROBLEMS_EXTENSION: ["409"]},
    )
    def post(self, request: Request, event: str) -> Response:
        """Undo moves that were made together: by default the last ones of the token's owner.

        Sessions that were moved again since stay where they are. The answer is 409 if there is nothing to
        undo.
        """
        open_event(request, event)
        body = validate_body(DraftUndoRequest, request.data)
        result = run_once_per_key(request, lambda: self._undo(request, event, body.get("batch")))
        return respond_with_moves(request, event, result, DraftUndoResponse)

    def _undo(self, request: Request, event: str, batch: int | None) -> dict[str, Any]:
        with transaction.atomic():
            draft, person = get_draft_to_edit(event, request.user)
            if batch is None:
                result = undo_last_batch(draft=draft, author=person)
            else:
                result = undo_batch(draft=draft, batch=batch, author=person)
        guids = find_guids(draft.event)
        skipped = [str(guids[key]) for key in result.skipped_sessions]
        return {**summarize_moves(draft, result.moves), "skipped": skipped}


def summarize_moves(draft: ScheduleDraft, moves: Iterable[Move]) -> dict[str, Any]:
    """Return the revision and the keys of the moves; `run_once_per_key` stores them for repeats."""
    return {"revision": draft.revision, "moves": [move.pk for move in moves]}


def respond_with_moves(
    request: Request, event: str, result: Mapping[str, Any], response_class: type[SlotMovesResponse]
) -> Response:
    """Respond with the moves of a stored result; a session that was deleted since is left out."""
    event_obj, _person = open_event(request, event)
    moves = Move.objects.filter(pk__in=result["moves"]).order_by("number")
    response = {**result, "moves": build_moves(moves, find_guids(event_obj))}
    with timezone.override(event_obj.zone):
        return Response(render_body(response_class, response))


def read_placements(
    event: Event, slots: list[dict[str, Any]], guids: Mapping[int, uuid.UUID]
) -> dict[int, Placement | None]:
    """Return the wanted placements by session. Raise InvalidFields with an error for each wrong member."""
    keys = {guid: key for key, guid in guids.items()}
    rooms = set(event.rooms.values_list("pk", flat=True))
    errors: dict[str, list[str]] = {}
    placements: dict[int, Placement | None] = {}
    for number, slot in enumerate(slots):
        key = keys.get(slot["session"])
        if error := find_session_error(key, placements) or find_slot_error(event, slot, rooms):
            member, sentence = error
            errors[f"slots.{number}.{member}"] = [sentence]
        elif key is not None:
            placements[key] = None if slot["remove"] else read_placement(slot)
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    return placements


type MemberError = tuple[str, str]


def find_session_error(key: int | None, placements: Collection[int]) -> MemberError | None:
    """Return an error for a session that is unknown, or among the placements already."""
    if key is None:
        return "session", _("This session was not found; it may have been deleted.")
    return ("session", _("This session is listed twice.")) if key in placements else None


def find_slot_error(event: Event, slot: Mapping[str, Any], rooms: set[int]) -> MemberError | None:
    """Return which member of a wanted slot is wrong, and why; None if none is."""
    if slot["remove"]:
        return None
    if slot["room"] is not None and slot["room"] not in rooms:
        return "room", _("This room was not found; it may have been deleted.")
    error = find_time_error(event, slot["starts_at"], slot["ends_at"])
    return (error.field, str(error.sentence)) if error else None


def read_placement(slot: Mapping[str, Any]) -> Placement:
    starts_at, ends_at = (slot[name].astimezone(datetime.UTC) for name in ("starts_at", "ends_at"))
    return Placement(slot["room"], starts_at, ends_at, slot.get("time_pinned"), slot.get("room_pinned"))


def render_current(
    event: Event, states: Mapping[int, SlotState | None], guids: Mapping[int, uuid.UUID]
) -> dict[str, Any]:
    """Return where the sessions are now, in the form of the draft."""
    current = split_slots({key: guids[key] for key in states}, states)
    with timezone.override(event.zone):
        return {
            "revision": get_revision(event),
            "slots": render_bodies(DraftSlotResponse, current["slots"]),
            "unplaced": [str(guid) for guid in current["unplaced"]],
        }


class DraftConflictsView(PlanningView):
    @extend_schema(responses=ConflictsResponse, tags=["schedule"], operation_id="draft_conflicts")
    def get(self, request: Request, event: str) -> Response:
        """Return what is wrong in the draft: rooms and speakers needed twice, too few seats, and the like."""
        event_obj, _person = open_event(request, event)
        # Read before the timetable: a move in between is then fetched again, not missed.
        revision = get_revision(event_obj)
        timetable = load_working_timetable(event_obj)
        conflicts, guids = find_conflicts(timetable), find_guids(event_obj)
        return Response(
            render_body(
                ConflictsResponse,
                {
                    "revision": revision,
                    "count": len(conflicts),
                    "conflicts": [
                        build_conflict(timetable, conflict, guids)
                        for conflict in conflicts[:MAX_CONFLICTS_SENT]
                    ],
                },
            )
        )


def build_conflict(
    timetable: Timetable, conflict: Conflict, guids: Mapping[int, uuid.UUID]
) -> dict[str, Any]:
    """Return what ConflictResponse renders."""
    return {
        "kind": conflict.kind.value,
        "level": conflict.level.value,
        # A session that was deleted a moment ago has no guid.
        "sessions": [guids[key] for key in conflict.sessions if key in guids],
        "people_count": conflict.people_count,
        "sentence": describe_conflict(timetable, conflict),
    }
