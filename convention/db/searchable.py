"""Model mixin: search and sort columns without accents and capitals, updated on save."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final, Self

from django.db import models

from convention.text.normalize import name_search_key, normalize_whitespace

MAX_SEARCH_WORDS: Final = 12
UPDATE_BATCH_SIZE: Final = 1000


class SearchableQuerySet[Row: "SearchableModel"](models.QuerySet[Row]):
    """Keeps the search columns up to date in bulk writes; `update` of a name does not."""

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        objs = list(objs)
        for row in objs:
            row.update_search_columns()
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], *args: Any, **kwargs: Any) -> int:
        objs, fields = list(objs), list(fields)
        if not self.model.SEARCH_SOURCES.isdisjoint(fields):
            for row in objs:
                row.update_search_columns()
            fields = list({*fields, *self.model.SEARCH_COLUMNS})
        return super().bulk_update(objs, fields, *args, **kwargs)

    def search_for(self, words: str) -> Self:
        """Filter rows that match the search; see `make_search_condition`."""
        return self.filter(self.make_search_condition(words))

    def make_search_condition(self, words: str) -> models.Q:
        """Return a condition: every word occurs, in any order; text without any word matches nothing."""
        text = normalize_whitespace(words)
        search_words = name_search_key(text).split()[:MAX_SEARCH_WORDS]
        # A search for punctuation alone must not list everybody.
        if text and not search_words:
            return models.Q(pk__in=[])
        column = self.model.SEARCH_COLUMNS[0]
        return models.Q(*((f"{column}__contains", word) for word in search_words))


class SearchableModel(models.Model):
    """A row whose SEARCH_COLUMNS are derived from its SEARCH_SOURCES.

    Searches use the first of the SEARCH_COLUMNS, lists are sorted by the last.
    """

    SEARCH_COLUMNS: ClassVar[tuple[str, ...]] = ("search", "sort_name")
    SEARCH_SOURCES: ClassVar[frozenset[str]]

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the search columns if a source may have changed."""
        # With `update_fields` Django would not save the derived columns.
        fields = kwargs.get("update_fields")
        if fields is None or not self.SEARCH_SOURCES.isdisjoint(fields):
            self.update_search_columns()
            if fields is not None:
                kwargs["update_fields"] = {*fields, *self.SEARCH_COLUMNS}
        super().save(*args, **kwargs)

    def update_search_columns(self) -> None:
        """Set the search columns from their sources."""
        raise NotImplementedError
