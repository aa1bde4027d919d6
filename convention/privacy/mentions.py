"""Find the texts that still mention somebody after an erasure, for the privacy desk to change by hand.

Titles, descriptions and pages are written for others to read, and a name in them may be a namesake's: no
program decides that. Documents that the law requires to stay are not looked at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from .redact import Redactor
from .strike import written
from .walk import holdings


@dataclass(frozen=True)
class Mention:
    """One text, by its table, column and row: never the text itself."""

    table: str
    column: str
    key: Any

    @property
    def title(self) -> str:
        """What such a row is called."""
        return str(apps.get_model(self.table)._meta.verbose_name)

    @property
    def label(self) -> str:
        """What the column is called."""
        field: Any = apps.get_model(self.table)._meta.get_field(self.column)
        return str(field.verbose_name)


def mentions_of(redactor: Redactor) -> Iterator[Mention]:
    """Yield every text in which the redactor finds something."""
    by_law = {one.model for one in holdings() if one.by_law}
    for model in apps.get_models(include_auto_created=False):
        columns = [field.name for field in text_columns(model)]
        if model in by_law or not columns:
            continue
        for pk, values in written(model, columns):
            for name, value in values.items():
                if redactor.value(value) != value:
                    yield Mention(model._meta.label_lower, name, pk)


def text_columns(model: type[models.Model]) -> Iterable["models.Field[Any, Any]"]:
    """Yield the columns in which somebody can write text, other than one of a list of values."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
        if is_text and not field.choices and not field.primary_key:
            yield field
