"""Errors of the API as problem details (RFC 9457)."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from convention.errors import ConventionError, InvalidFields

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/problem+json"


def problem(kind: str, status: int, detail: str, *, fields: "Mapping[str, Any] | None" = None) -> Response:
    """One problem; `type` ends in its kind, `errors` holds sentences by field."""
    body: dict[str, Any] = {
        "type": f"/api/v1/problems/{kind}",
        "title": kind.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
    }
    if fields:
        body["errors"] = fields
    return Response(body, status=status, content_type=CONTENT_TYPE)


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: our sentences and DRF's own errors in one shape."""
    if isinstance(error, ConventionError):
        fields = error.fields if isinstance(error, InvalidFields) else None
        return problem(error.kind, error.status, str(error), fields=fields)
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        return problem("invalid-fields", 422, "Some fields need another look.", fields=detail)
    standard = exception_handler(error, context)
    if standard is None:
        return None
    kind = getattr(
        error,
        "default_code",
        {Http404: "not_found", PermissionDenied: "forbidden"}.get(type(error)),
    )
    detail = getattr(error, "detail", "There is nothing at this address.")
    response = problem(str(kind or "error").replace("_", "-"), standard.status_code, str(detail))
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in standard:
            response[header] = standard[header]
    return response
