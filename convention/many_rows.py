"""Several rows of a table, to tick."""

from typing import Any

from django import forms


class ManyRows(forms.ModelMultipleChoiceField):
    """Only keys of rows that are offered reach the database: no number is too large for it."""

    def clean(self, value: Any) -> Any:
        """The rows. Raises ValidationError for any other."""
        rows = self.queryset.values_list("pk", flat=True) if self.queryset is not None else ()
        known = {str(pk) for pk in rows}
        for one in value or ():
            if str(one) not in known:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": one}
                )
        return super().clean(value)
