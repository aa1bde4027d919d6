"""Rows that are found and sorted by what folds the same: kept beside the names, and with them."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, Self

from django.db import models

from .text import filed, tidy

MOST_WORDS: Final = 12
AT_ONCE: Final = 1000


class FindableQuerySet[Row: "Findable"](models.QuerySet[Row]):
    """Sets of rows that stay findable when many are written at once. `update` of a name does not keep it."""

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        """Add many; each is made findable."""
        objs = list(objs)
        for row in objs:
            row.make_findable()
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], *args: Any, **kwargs: Any) -> int:
        """Change many; each stays findable."""
        objs, fields = list(objs), list(fields)
        if not self.model.FOLDED.isdisjoint(fields):
            for row in objs:
                row.make_findable()
            fields = list({*fields, *self.model.FOUND_BY})
        return super().bulk_update(objs, fields, *args, **kwargs)

    def matching(self, words: str) -> Self:
        """Those in whom every word is found, in any order; signs that are no word are found in nobody."""
        said = tidy(words)
        wanted = filed(said).split()[:MOST_WORDS]
        if said and not wanted:
            return self.none()
        found = self
        for word in wanted:
            found = found.filter(**{f"{self.model.FOUND_BY[0]}__contains": word})
        return found


class Findable(models.Model):
    """A row with columns that fold what others say, `FOLDED`.

    A search looks through the first of `FOUND_BY`, and a list goes by the last.
    """

    FOUND_BY: ClassVar[tuple[str, ...]] = ("search", "sort_name")
    FOLDED: ClassVar[frozenset[str]]

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it, and keep it findable."""
        fields = kwargs.get("update_fields")
        if fields is None or not self.FOLDED.isdisjoint(fields):
            self.make_findable()
            if fields is not None:
                kwargs["update_fields"] = {*fields, *self.FOUND_BY}
        super().save(*args, **kwargs)

    def make_findable(self) -> None:
        """Write what a search looks through and a list is sorted by: without accents and capitals."""
        raise NotImplementedError


def fold_again(model: Any, fields: tuple[str, ...], write: Callable[[Any], None]) -> None:
    """For migrations: write these fields of each row that says something else now, some rows at a time."""
    rows, last = model._base_manager.order_by("pk"), 0
    while some := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        changed, last = [], some[-1].pk
        for row in some:
            before = [getattr(row, name) for name in fields]
            write(row)
            if before != [getattr(row, name) for name in fields]:
                changed.append(row)
        rows.bulk_update(changed, fields, batch_size=AT_ONCE)
