"""Pages of long lists whose last page costs hardly more than the first."""

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
        keys = self.object_list.values("pk")[first : first + self.per_page]
        rows = self.shown.filter(pk__in=keys).order_by(*self.object_list.query.order_by)
        return Page(rows, number, self)
