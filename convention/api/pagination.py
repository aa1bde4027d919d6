"""Lists come in pages, by cursor."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination

from convention.errors import InvalidFields

if TYPE_CHECKING:
    from rest_framework.request import Request

ADDRESS = {"type": "string", "format": "uri", "nullable": True}


class CursorPages(CursorPagination):
    """`{"next": ..., "previous": ..., "results": [...]}`; `limit` up to 500, more counts as 500."""

    page_size = 100
    page_size_query_param = "limit"
    max_page_size = 500
    ordering = "pk"

    def paginate_queryset(self, queryset: Any, request: "Request", view: Any = None) -> list[Any] | None:
        """One page. Raises NotFound for a cursor of somebody's own making, InvalidFields for a bad limit."""
        require_number("limit", request.query_params.get("limit", "1"))
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, TypeError, OverflowError, DataError) as error:
            if self.cursor_query_param not in request.query_params:
                raise
            raise NotFound(self.invalid_cursor_message) from error

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """How the API's description says the two parameters of a page."""
        return [
            parameter("cursor", "Out of `next` or `previous` of another page.", {"type": "string"}),
            parameter("limit", "How many at most; above 500, 500.", {"type": "integer", "minimum": 1}),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """How it says a page."""
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": ADDRESS, "previous": ADDRESS, "results": schema},
        }


def parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter that may be left out."""
    return {"name": name, "required": False, "in": "query", "description": description, "schema": schema}


def require_number(name: str, given: str) -> None:
    """Raises InvalidFields for anything but a whole number above zero."""
    if not (given.isascii() and given.isdigit() and len(given) <= 18 and int(given) > 0):
        sentence = _("Send a whole number above zero.")
        raise InvalidFields(sentence, {name: [sentence]})
