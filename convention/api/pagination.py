"""Lists come in pages, by cursor."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination

if TYPE_CHECKING:
    from rest_framework.request import Request


class CursorPages(CursorPagination):
    """`{"next": ..., "previous": ..., "results": [...]}`; `limit` up to 500."""

    page_size = 100
    page_size_query_param = "limit"
    max_page_size = 500
    ordering = "pk"

    def paginate_queryset(self, queryset: Any, request: "Request", view: Any = None) -> list[Any] | None:
        """One page. Raises NotFound for a cursor of somebody's own making."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, TypeError, OverflowError, DataError) as error:
            if self.cursor_query_param not in request.query_params:
                raise
            raise NotFound(self.invalid_cursor_message) from error
