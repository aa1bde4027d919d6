"""Columns for the sanitized HTML of a text, made when the text is saved and displayed unchanged.

Sanitizing a long text takes a quarter of a second, too long for each reader. People edit and
export the text itself.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models
from django.utils.safestring import SafeString, mark_safe

from .texts import get_clean_html


class CleanHtmlField(models.TextField):
    """The sanitized HTML of another column of the row, only ever written together with it."""

    def __init__(self, *args: Any, source: str, **options: Any) -> None:
        self.source = source
        defaults: dict[str, Any] = {"default": "", "blank": True, "editable": False}
        super().__init__(*args, **defaults | options)

    def deconstruct(self) -> Any:
        """Include the source column in migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 (Django's own)
        """Sanitize the current value of the source column."""
        html = get_clean_html(getattr(model_instance, self.source))
        # The instance shows the new HTML without being loaded again.
        setattr(model_instance, self.attname, html)
        return html

    def from_db_value(self, value: str | None, *_ignored: Any) -> SafeString:
        """Mark the HTML as safe, so that templates do not escape it."""
        return mark_safe(value or "")  # noqa: S308 (cleaned by nh3 before it was stored)


def clean_html_fields(model: type[models.Model], sources: Iterable[str]) -> list[CleanHtmlField]:
    """Return the model's HTML fields for any of these sources."""
    names = set(sources)
    fields = model._meta.concrete_fields
    return [field for field in fields if isinstance(field, CleanHtmlField) and field.source in names]


class RichTextQuerySet(models.QuerySet[Any]):
    """A queryset whose bulk writes update the HTML columns too."""

    def update(self, **values: Any) -> int:
        """Update the HTML of given texts too."""
        # `bulk_update` calls this with expressions instead of texts, and with the HTML columns among them.
        fields = [field for field in clean_html_fields(self.model, values) if field.name not in values]
        return super().update(
            **values, **{field.name: get_clean_html(values[field.source]) for field in fields}
        )

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Update the HTML of texts among the fields too."""
        rows, names = list(objs), list(fields)
        html_fields = clean_html_fields(self.model, names)
        for field in html_fields:
            for row in rows:
                field.pre_save(row, add=False)
        return super().bulk_update(rows, [*names, *(field.name for field in html_fields)], batch_size)


class RichTextModel(models.Model):
    """A model with texts that are shown as HTML."""

    objects = RichTextQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Save the HTML of each saved text too."""
        # With update_fields, Django calls pre_save of the named fields only.
        names: Sequence[str] | None = options.get("update_fields")
        if names is not None:
            html_names = [field.name for field in clean_html_fields(type(self), names)]
            options["update_fields"] = [*names, *html_names]
        super().save(*args, **options)
