"""API errors as problem details (RFC 9457)."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from convention.db.missing_rows import is_missing_person
from convention.disk_space import is_out_of_space
from convention.errors import ConventionError, InvalidFields, PersonMissing, ServiceUnavailable, StorageFull

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    type EventJsonView = Callable[[HttpRequest, str], HttpResponse]

PROBLEM_CONTENT_TYPE = "application/problem+json"
# Part of the API: programs branch on the kind, the last part of `type`. A kind may be added, never renamed.
PROBLEM_DESCRIPTIONS = {
    "authentication-failed": "The token is unknown, expired or revoked.",
    "closed": "This is not possible now, for example because registration has not opened or has closed.",
    "error": "Another problem; see `detail`.",
    "expired": "The link or token has expired.",
    "bad-request": "The request cannot be read.",
    "forbidden": "You are signed in but do not have permission to do this.",
    "invalid": "The request cannot be carried out; see `detail` for the reason.",
    "invalid-fields": "Some fields need to be corrected; `errors` contains the messages by field.",
    "method-not-allowed": "This address does not support that method.",
    "not-authenticated": "Send a token: Authorization: Bearer TOKEN.",
    "not-found": "There is nothing at this address, or you do not have access to it.",
    "parse-error": "The body is not valid JSON.",
    "permission-denied": "The token or person does not have permission to do this.",
    "length-required": "The body was sent without its length: send Content-Length.",
    "request-timeout": "The body arrived too slowly. Send the same request again.",
    "sold-out": "No places are left.",
    "price-changed": "The price of the order differs from `expected_total`; see `quote` for details.",
    "changed-meanwhile": "Someone else has changed this since you read it. Read it again before deciding.",
    "blocking-conflicts": "Conflicts of the level `block` prevent publishing: see draft/conflicts/.",
    "nothing-to-publish": "The draft is identical to the published version.",
    "nothing-to-undo": "There is no move to undo, or it has already been undone.",
    "not-placed": "The session has no time in the draft: remove it instead of cancelling it.",
    "room-in-use": "Sessions are in the room, see `detail`: send `confirmed=true` to remove it anyway.",
    "still-needed": "It cannot be removed because bookings or scans depend on it.",
    "pairing-code-unknown": "This pairing code is unknown.",
    "pairing-code-used": "Another phone was paired with this code. Scan the current one.",
    "pairing-code-expired": "The pairing code has expired.",
    "code-used-up": "The code has been used up in the meantime.",
    "company-full": "The company has reached its maximum number of places.",
    "idempotency-key-reused": "The Idempotency-Key was used for another request, or more than a day ago.",
    "storage-full": "The server's disk is full; Retry-After says when to send the same request again.",
    "throttled": "Too many requests; Retry-After says when to try again.",
    "too-large": "The body is too large.",
    "unavailable": "The database is not responding or is too busy; Retry-After says when to try again.",
    "unreadable": "The file cannot be read or has the wrong format.",
    "unsupported-media-type": "Send JSON: Content-Type: application/json.",
}


def find_problem_description(kind: str) -> str | None:
    """Return the English sentence about a kind: its own, or the first of its error class's docstring."""
    if kind in PROBLEM_DESCRIPTIONS:
        return PROBLEM_DESCRIPTIONS[kind]
    error_class = next((found for found in list_error_classes() if found.kind == kind), None)
    summary = inspect.getdoc(error_class) if error_class else None
    return summary.partition("\n\n")[0].replace("\n", " ") if summary else None


def list_error_classes(base: type[ConventionError] = ConventionError) -> Iterator[type[ConventionError]]:
    """Yield the error classes of all loaded modules, general ones before special ones."""
    for error_class in base.__subclasses__():
        yield error_class
        yield from list_error_classes(error_class)


def get_problem_type(kind: str) -> str:
    """Return the `type` of a problem: a URL whose last part is its kind."""
    return f"/api/v1/problems/{kind}"


def build_problem(
    kind: str, status: int, detail: str, field_errors: "Mapping[str, Any] | None" = None
) -> dict[str, Any]:
    """Return the problem as data; its member `errors` lists sentences by field."""
    title = kind.replace("-", " ").capitalize()
    body: dict[str, Any] = {
        "type": get_problem_type(kind),
        "title": title,
        "status": status,
        "detail": detail,
    }
    if field_errors:
        body["errors"] = field_errors
    return body


def problem_response(
    kind: str, status: int, detail: str, *, field_errors: "Mapping[str, Any] | None" = None
) -> JsonResponse:
    """Return a problem as the response of a plain Django view."""
    return make_problem_response(build_problem(kind, status, detail, field_errors))


def make_problem_response(body: dict[str, Any]) -> JsonResponse:
    """Return the response for a problem that is already built."""
    return JsonResponse(
        body,
        status=body["status"],
        content_type=PROBLEM_CONTENT_TYPE,
        # French sentences stay readable in logs and consoles.
        json_dumps_params={"ensure_ascii": False},
    )


def make_error_response(error: ConventionError) -> JsonResponse:
    """Return the problem response for one of our errors, with its fields, details and Retry-After."""
    fields = error.field_errors if isinstance(error, InvalidFields) else None
    body = build_problem(error.kind, error.status, str(error), fields)
    # RFC 9457 allows further members: `quote` of a changed price, for one.
    response = make_problem_response({**body, **error.details})
    set_retry_after(response, error)
    return response


def set_retry_after(response: HttpResponse, error: ConventionError) -> None:
    """Set the header if the error says after how many seconds the request may be repeated."""
    if retry_after := getattr(error, "retry_after", 0):
        response["Retry-After"] = str(retry_after)


def handle_api_exception(error: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """Turn our errors and DRF's into problem responses (DRF's exception handler)."""
    error = translate_database_error(error)
    if isinstance(error, ConventionError):
        return make_error_response(error)
    if isinstance(error, exceptions.ValidationError):
        # A list is about the whole body, which has no field to name.
        detail = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        return make_problem_response(
            build_problem("invalid-fields", 422, _("Some fields need to be corrected."), detail)
        )
    drf_response = exception_handler(error, context)
    return None if drf_response is None else _translate_drf_error(error, drf_response)


def translate_database_error[E: BaseException | None](error: E) -> E | ConventionError:
    """Return the error for the user in place of one of the database; else the error itself.

    That is ServiceUnavailable if the database is down, too busy or out of space, and PersonMissing if two
    people were merged meanwhile.
    """
    # Before the check for OperationalError: that is how databases report a full disk too.
    if not isinstance(error, ConventionError) and is_out_of_space(error):
        logger.error("The disk is full: %s.", type(error).__name__)
        return StorageFull(
            _(
                "The server’s disk is full, so nothing can be saved at the moment. "
                "Everything already saved is safe. Please try again later."
            )
        )
    if is_missing_person(error):
        # Logged: without a merge, it would be a fault of ours.
        logger.warning("The record of a person is gone: %s.", type(error).__name__)
        return PersonMissing(_("Something has changed in the meantime. Please try again."))
    if not isinstance(error, OperationalError | InterfaceError):
        return error
    # Only the class: the message of a driver may contain host, user and values.
    logger.error("The database does not answer: %s.", type(error.__cause__ or error).__name__)
    return ServiceUnavailable(
        _("We cannot reach our database at the moment. Nothing is lost; please try again shortly.")
    )


def _translate_drf_error(error: Exception, drf_response: Response) -> JsonResponse:
    # Django's own errors have no `default_code`.
    kinds: dict[type, str] = {Http404: "not-found", PermissionDenied: "forbidden"}
    kind = kinds.get(type(error)) or str(getattr(error, "default_code", "error")).replace("_", "-")
    detail = str(getattr(error, "detail", _("There is nothing at this address.")))
    response = make_problem_response(build_problem(kind, drf_response.status_code, detail))
    # RFC 9110 requires these with 401 and 405.
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in drf_response:
            response[header] = drf_response[header]
    return response


def answer_in_json(view: "EventJsonView") -> "EventJsonView":
    """Answer errors as problem details, which the scripts show, instead of as pages."""

    @functools.wraps(view)
    def answer(request: "HttpRequest", event: str) -> "HttpResponse":
        try:
            response = view(request, event)
        except ConventionError as error:
            response = make_error_response(error)
        response["Cache-Control"] = "private, no-store"
        return response

    return answer
