"""Find texts that still mention a person after an erasure, which the secretary edits by hand.

Titles, descriptions and pages are written for other people, and a name in them may be a namesake's, so they
are not changed automatically. Documents that the law requires to stay are not searched.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from convention.privacy.registry import list_data_sources
from convention.rich_text.clean_columns import CleanHtmlField

from .redact_rows import iterate_texts
from .redactor import Redactor


@dataclass(frozen=True)
class NameMention:
    """A text that mentions the person, by table, column and key; never the text itself."""

    table: str
    column: str
    key: Any

    @property
    def title(self) -> str:
        """Return the name of such a row."""
        return str(apps.get_model(self.table)._meta.verbose_name)

    @property
    def label(self) -> str:
        """Return the name of the column."""
        field: Any = apps.get_model(self.table)._meta.get_field(self.column)
        return str(field.verbose_name)


def find_mentions(redactor: Redactor) -> Iterator[NameMention]:
    """Yield every text that the redactor would change."""
    # Documents that the law requires to stay are not listed: nobody may change them.
    required_by_law = {source.model for source in list_data_sources() if source.is_required_by_law}
    for model in apps.get_models(include_auto_created=False):
        columns = [field.name for field in iterate_text_columns(model)]
        if model in required_by_law or not columns:
            continue
        for pk, values in iterate_texts(model, columns):
            for name, value in values.items():
                # By the redactor itself, so that the list matches what the redaction would change.
                if redactor.redact_value(value) != value:
                    yield NameMention(model._meta.label_lower, name, pk)


def iterate_text_columns(model: type[models.Model]) -> Iterable["models.Field[Any, Any]"]:
    """Yield the columns of free text: no choices, no keys, and no HTML made of another column."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
        is_derived = isinstance(field, CleanHtmlField)
        # Values of choices are ours, even if one looks like a name.
        if is_text and not is_derived and not field.choices and not field.primary_key:
            yield field
