"""Form helpers: show errors of an action at its fields, offer rows."""

from collections.abc import Mapping
from typing import Any

from django import forms


class ActionErrorsMixin(forms.BaseForm):
    """A form whose action may refuse some of its fields."""

    def add_errors(self, errors: Mapping[str, list[str]]) -> None:
        """Add the action's errors to their fields, and those of no field to the form."""
        for name, sentences in errors.items():
            self.add_error(name if name in self.fields else None, sentences)


class OfferedRowsField(forms.ModelMultipleChoiceField):
    """A choice of rows that compares keys in Python: no number is too large for the database."""

    def clean(self, value: Any) -> Any:
        """Return the chosen rows. Raise ValidationError for any other."""
        # SQLite overflows and PostgreSQL raises a DataError for numbers beyond 64 bits.
        rows = self.queryset.values_list("pk", flat=True) if self.queryset is not None else ()
        known = {str(pk) for pk in rows}
        for choice in value or ():
            if str(choice) not in known:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": choice}
                )
        return super().clean(value)
