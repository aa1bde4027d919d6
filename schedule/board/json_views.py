"""Endpoints of the board, for its own scripts: signed in by the session, protected by the CSRF token."""

import json
from typing import TYPE_CHECKING, Any

from django.http import JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from rest_framework import serializers

from convention.api.problems import answer_in_json
from convention.errors import ConventionError
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from schedule.drafts.moves import (
    SlotChangedMeanwhile,
    redo_last_batch,
    undo_batch,
    undo_last_batch,
)
from schedule.drafts.slot_state import to_json
from schedule.models import Schedule
from schedule.permissions import get_draft_to_edit

from .board_data import build_board
from .costs import list_conflicts, list_costs, list_swap_costs
from .journal import build_changes, list_journal
from .place_sessions import place_sessions
from .presence import record_presence
from .serializers import MAX_KEY, MAX_REVISION, BoardMovesRequest, UndoRequest

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class InvalidBoardRequest(ConventionError):
    """The body is not what the board's scripts send."""

    kind = "invalid-board-request"


def read_json[S: serializers.Serializer[Any]](request: "HttpRequest", serializer: type[S]) -> S:
    """Return the validated body. Raise InvalidBoardRequest."""
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidBoardRequest(_("The board sent an unreadable request. Reload the page.")) from None
    validated = serializer(data=data)
    if not validated.is_valid():
        raise InvalidBoardRequest(
            _("The board sent an invalid request. Reload the page."), {"errors": validated.errors}
        )
    return validated


@require_safe
@answer_in_json
def board_data(request: "HttpRequest", event: str) -> "HttpResponse":
    """Return everything that the board shows."""
    draft, person = get_draft_to_edit(event, request.user)
    board = build_board(draft)
    changes = build_changes(draft, since=draft.revision, person=person)
    editors = record_presence(draft, person)
    return JsonResponse({**changes, **board, "editors": editors, "conflicts": list_conflicts(draft)})


@require_safe_or_post
@answer_in_json
def board_moves(request: "HttpRequest", event: str) -> "HttpResponse":
    """Return the moves since a revision; with POST, make moves first.

    With GET, also the other editors and, after moves or with the parameter `conflicts`, the conflicts. They
    are not in the response to a POST, since finding them takes longer than storing a move.
    """
    draft, person = get_draft_to_edit(event, request.user)
    if request.method != "POST":
        since = min(parse_digits(request.GET.get("since", "")) or 0, MAX_REVISION)
        changes = build_changes(draft, since=since, person=person)
        changes["programme"] = Schedule.load(draft.event).revision
        changes["editors"] = record_presence(draft, person)
        if changes["moves"] or "conflicts" in request.GET:
            changes["conflicts"] = list_conflicts(draft)
        return JsonResponse(changes)
    payload = read_json(request, BoardMovesRequest)
    seen = payload.validated_data["seen_revision"]
    try:
        place_sessions(draft=draft, placements=payload.get_placements(), author=person, seen_revision=seen)
    except SlotChangedMeanwhile as error:
        draft.refresh_from_db(fields=["revision"])
        error.details = {
            "changes": build_changes(draft, since=seen, person=person),
            "current": {str(pk): to_json(state) for pk, state in error.current_states.items()},
        }
        raise
    return JsonResponse(build_changes(draft, since=seen, person=person))


@require_POST
@answer_in_json
def board_undo(request: "HttpRequest", event: str) -> "HttpResponse":
    """Undo one's own last command, or one of the journal."""
    draft, person = get_draft_to_edit(event, request.user)
    payload = read_json(request, UndoRequest).validated_data
    if batch := payload.get("batch"):
        result = undo_batch(draft=draft, batch=batch, author=person)
    else:
        result = undo_last_batch(draft=draft, author=person)
    changes = build_changes(draft, since=payload["seen_revision"], person=person)
    return JsonResponse({**changes, "skipped": result.skipped_sessions})


@require_POST
@answer_in_json
def board_redo(request: "HttpRequest", event: str) -> "HttpResponse":
    """Make one's own command again that was undone last."""
    draft, person = get_draft_to_edit(event, request.user)
    payload = read_json(request, UndoRequest).validated_data
    result = redo_last_batch(draft=draft, author=person)
    changes = build_changes(draft, since=payload["seen_revision"], person=person)
    return JsonResponse({**changes, "skipped": result.skipped_sessions})


@require_safe
@answer_in_json
def board_costs(request: "HttpRequest", event: str) -> "HttpResponse":
    """Return the costs of placing a session; with `swap`, of exchanging its place with that session's."""
    draft, _person = get_draft_to_edit(event, request.user)
    session = parse_digits(request.GET.get("session", ""))
    other = parse_digits(request.GET.get("swap", ""))
    if session is None or (other is None and "swap" in request.GET):
        raise InvalidBoardRequest(_("The board sent an invalid request. Reload the page."))
    if other is not None:
        return JsonResponse({"costs": list_swap_costs(draft, min(session, MAX_KEY), min(other, MAX_KEY))})
    return JsonResponse({"costs": list_costs(draft, min(session, MAX_KEY))})


@require_safe
@answer_in_json
def board_journal(request: "HttpRequest", event: str) -> "HttpResponse":
    draft, person = get_draft_to_edit(event, request.user)
    return JsonResponse({"batches": list_journal(draft, person)})
