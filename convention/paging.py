"""Pages of long lists whose last page costs hardly more than the first."""

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet


class KeyedPaginator[Row: Model](Paginator[Row]):
    """Finds a page by keys alone, which an index holds in order, and reads the rows of that page only.

    A plain OFFSET reads, joins and sorts every row before the page.
    """

    object_list: QuerySet[Row]

    def page(self, number: int | str) -> Page[Row]:
        """The rows of one page, in their order, joined as the list is."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self.object_list.select_related(None).values("pk")[first : first + self.per_page]
        return Page(self.object_list.filter(pk__in=keys), number, self)
