"""Columns that hold the clean HTML of a text beside it: made once when the text is stored, shown as it is.

To clean a long text takes a quarter of a second, too much for each reader. The text itself stays what people
edit and what is exported.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models
from django.utils.safestring import SafeString, mark_safe

from .rich_text import html_of


class CleanHtmlField(models.TextField):
    """The clean HTML of another column of the row, by its name; only ever written together with it."""

    def __init__(self, *args: Any, source: str, **options: Any) -> None:
        self.source = source
        fixed: dict[str, Any] = {"default": "", "blank": True, "editable": False}
        super().__init__(*args, **fixed | options)

    def deconstruct(self) -> Any:
        """Name the source for migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 (Django's own)
        """Make the HTML of what the source holds now."""
        html = html_of(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, html)
        return html

    def from_db_value(self, value: str | None, *_ignored: Any) -> SafeString:
        """Return it as what templates show without escaping."""
        return mark_safe(value or "")  # noqa: S308 (cleaned by nh3 before it was stored)


def clean_html_fields(model: type[models.Model], sources: Iterable[str]) -> list[CleanHtmlField]:
    """Return the fields of a model that are made of any of these sources."""
    names = set(sources)
    fields = model._meta.concrete_fields
    return [field for field in fields if isinstance(field, CleanHtmlField) and field.source in names]


class RichTextQuerySet(models.QuerySet[Any]):
    """Rows whose HTML follows their texts, also where many are written at once."""

    def update(self, **values: Any) -> int:
        """Write the HTML of the texts that are given too, unless `bulk_update` brings it."""
        fields = [one for one in clean_html_fields(self.model, values) if one.name not in values]
        return super().update(**values, **{field.name: html_of(values[field.source]) for field in fields})

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Write the HTML of the texts that are among the fields too."""
        rows, names = list(objs), list(fields)
        derived = clean_html_fields(self.model, names)
        for field in derived:
            for row in rows:
                field.pre_save(row, add=False)
        return super().bulk_update(rows, [*names, *(field.name for field in derived)], batch_size)


class RichTextModel(models.Model):
    """A row with texts that are shown as HTML."""

    objects = RichTextQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Store the HTML of each text that is stored."""
        names: Sequence[str] | None = options.get("update_fields")
        if names is not None:
            derived = [field.name for field in clean_html_fields(type(self), names)]
            options["update_fields"] = [*names, *derived]
        super().save(*args, **options)
