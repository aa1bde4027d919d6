"""Forms to which an act's refusal comes back."""

from collections.abc import Mapping

from django import forms


class Refusable(forms.BaseForm):
    """A form whose act may refuse some of its fields."""

    def add_errors(self, errors: Mapping[str, list[str]]) -> None:
        """Show the act's sentences at their fields; those of no field for all."""
        for name, sentences in errors.items():
            self.add_error(name if name in self.fields else None, sentences)
