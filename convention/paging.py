"""Pages of long lists whose last page costs hardly more than the first."""

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet


class KeyedPaginator[Row: Model](Paginator[Row]):
    """Finds a page of `found` by keys alone, which an index holds in order, and reads its rows from `shown`.

    A plain OFFSET reads, joins and sorts every row before the page.
    """

    object_list: QuerySet[Row]

    def __init__(self, found: QuerySet[Row], per_page: int, *, shown: QuerySet[Row]) -> None:
        super().__init__(found, per_page)
        self.shown = shown

    def page(self, number: int | str) -> Page[Row]:
        """The rows of one page, in the order of what was found."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self.keys_between(first, first + self.per_page)
        rows = self.shown.filter(pk__in=keys).order_by(*self.object_list.query.order_by)
        return Page(rows, number, self)

    def keys_between(self, first: int, end: int) -> Any:
        """The keys of some rows, counted from 0; `end` is no longer one of them."""
        return self.object_list.values("pk")[first:end]


class OneReadingPaginator[Row: Model](KeyedPaginator[Row]):
    """The same for rows that no index finds, as those in whom a word stands: what one reading of them all
    found is not counted by a second one, unless there is more of it than `most_keys`.
    """

    most_keys = 500

    @cached_property
    def beginning(self) -> list[Any]:
        """The keys of what comes first, and of one row more where that is not all."""
        return list(self.object_list.values_list("pk", flat=True)[: self.most_keys + 1])

    @cached_property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.beginning) if len(self.beginning) <= self.most_keys else self.object_list.count()

    def keys_between(self, first: int, end: int) -> Any:
        """The keys of some rows, read already where they are among the first."""
        is_read = min(end, self.count) <= self.most_keys
        return self.beginning[first:end] if is_read else super().keys_between(first, end)
