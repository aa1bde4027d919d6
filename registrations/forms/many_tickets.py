"""Several tickets of an event, to tick."""

from typing import Any

from django import forms

from ..models import Ticket


class ManyTickets(forms.ModelMultipleChoiceField):
    """Only keys of tickets that are offered reach the database: no number is too large for it."""

    def clean(self, value: Any) -> Any:
        """The tickets. Raises ValidationError for any other."""
        rows = self.queryset if self.queryset is not None else Ticket.objects.none()
        known = {str(pk) for pk in rows.values_list("pk", flat=True)}
        for one in value or ():
            if str(one) not in known:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": one}
                )
        return super().clean(value)
