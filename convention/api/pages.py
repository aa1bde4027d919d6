"""Lists come in pages, by cursor."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """`{"next": ..., "previous": ..., "results": [...]}`; `limit` up to 500."""

    page_size = 100
    page_size_query_param = "limit"
    max_page_size = 500
    ordering = "pk"
