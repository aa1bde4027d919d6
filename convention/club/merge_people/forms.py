"""Form that asks for each current employer whether the merged person still works there."""

from typing import Any

from django import forms
from django.utils.translation import gettext

from convention.web.forms import ActionErrorsMixin

from .positions import CurrentPosition


class CurrentPositionsForm(ActionErrorsMixin, forms.Form):
    """One question for each current employer of two records that name different ones."""

    def __init__(self, *args: Any, positions: list[CurrentPosition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company_ids = {f"position-{position.company.pk}": position.company.pk for position in positions}
        for name, position in zip(self.company_ids, positions, strict=True):
            label = gettext("%(company)s (seat)") if position.has_seat else "%(company)s"
            self.fields[name] = forms.ChoiceField(
                label=label % {"company": position.company},
                choices=[("", gettext("Choose")), *((row.value, row.label) for row in position.outcomes)],
            )

    def get_outcomes(self) -> dict[int, str]:
        """Return what becomes of the job and the seat, by company id."""
        return {company_id: self.cleaned_data[name] for name, company_id in self.company_ids.items()}
