"""Cursor pagination of API lists."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination

from convention.errors import InvalidFields

if TYPE_CHECKING:
    from rest_framework.request import Request

# With its example, drf-spectacular makes examples of pages from those of items.
PAGE_URL_SCHEMA = {"type": "string", "format": "uri", "nullable": True, "example": None}


class ApiCursorPagination(CursorPagination):
    """`{"next": ..., "previous": ..., "results": [...]}`; `limit` up to 500, more counts as 500."""

    page_size = 100
    page_size_query_param = "limit"
    max_page_size = 500
    # By a key that never changes: a program that walks the pages misses no row that is changed meanwhile.
    ordering = "pk"

    def paginate_queryset(self, queryset: Any, request: "Request", view: Any = None) -> list[Any] | None:
        """Return one page. Raise NotFound for an invalid cursor, InvalidFields for a bad limit."""
        check_positive_number("limit", request.query_params.get("limit", "1"))
        try:
            return super().paginate_queryset(queryset, request, view)
        # A cursor is base64 that anybody can forge: its position reaches the database unchecked, where
        # SQLite overflows and PostgreSQL reports a DataError.
        except (ValidationError, ValueError, TypeError, OverflowError, DataError) as error:
            if self.cursor_query_param not in request.query_params:
                raise
            raise NotFound(self.invalid_cursor_message) from error

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters `cursor` and `limit` for OpenAPI."""
        return [
            make_query_parameter(
                "cursor", "Out of `next` or `previous` of another page.", {"type": "string"}
            ),
            make_query_parameter(
                "limit", "How many at most; above 500, 500.", {"type": "integer", "minimum": 1}
            ),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the response for OpenAPI."""
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": PAGE_URL_SCHEMA, "previous": PAGE_URL_SCHEMA, "results": schema},
        }


def make_query_parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Describe an optional query parameter for OpenAPI."""
    return {"name": name, "required": False, "in": "query", "description": description, "schema": schema}


def check_positive_number(name: str, value: str) -> None:
    """Raise InvalidFields unless the value is a whole number above zero."""
    # `isascii` refuses digits such as "²", which `int` cannot read; 18 digits fit into 64 bits.
    if not (value.isascii() and value.isdigit() and len(value) <= 18 and int(value) > 0):
        sentence = _("Send a whole number above zero.")
        raise InvalidFields(sentence, {name: [sentence]})
