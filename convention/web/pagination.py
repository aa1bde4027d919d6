"""Paginators for long lists whose last page costs hardly more than the first."""

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet


class KeyedPaginator[Row: Model](Paginator[Row]):
    """Finds the keys of a page in `matching_rows` by an index, then reads the rows from `page_rows`.

    A plain OFFSET reads, joins and sorts every row before the page.
    """

    object_list: QuerySet[Row]

    def __init__(self, matching_rows: QuerySet[Row], per_page: int, *, page_rows: QuerySet[Row]) -> None:
        super().__init__(matching_rows, per_page)
        self.page_rows = page_rows

    def page(self, number: int | str) -> Page[Row]:
        """Return one page, in the order of `matching_rows`."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self.get_keys_between(first, first + self.per_page)
        # IN does not keep an order, so the order is repeated here.
        rows = self.page_rows.filter(pk__in=keys).order_by(*self.object_list.query.order_by)
        return Page(rows, number, self)

    def get_keys_between(self, first: int, end: int) -> Any:
        """Return the keys from position `first` to before `end`, counted from 0."""
        keys = self.object_list.values("pk")
        # An offset reads all rows before the page, so a page of the second half is counted from the end.
        if first > self.count // 2:
            return keys.reverse()[max(self.count - end, 0) : self.count - first]
        return keys[first:end]


class SinglePassPaginator[Row: Model](KeyedPaginator[Row]):
    """For rows that no index can find, as in a text search: avoids a second scan for the count.

    Up to `max_keys` keys are read at once; only if there are more is a separate count needed.
    """

    max_keys = 500

    @cached_property
    def first_keys(self) -> list[Any]:
        """Return the first keys, and one more if there are more."""
        return list(self.object_list.values_list("pk", flat=True)[: self.max_keys + 1])

    @cached_property
    def count(self) -> int:
        return len(self.first_keys) if len(self.first_keys) <= self.max_keys else self.object_list.count()

    def get_keys_between(self, first: int, end: int) -> Any:
        """Return the keys from `first` to before `end`, without a query if already read."""
        is_read = min(end, self.count) <= self.max_keys
        return self.first_keys[first:end] if is_read else super().get_keys_between(first, end)
