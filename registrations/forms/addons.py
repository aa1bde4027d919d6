"""An organizer's form for an add-on."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.many_rows import ManyRows

from ..models import Addon, Ticket
from .tickets import SoldForm


class AddonForm(SoldForm[Addon]):
    """An add-on; it goes with all tickets where none is ticked."""

    tickets = ManyRows(
        Ticket.objects.none(),
        label=_("Tickets it goes with"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all of them."),
    )

    class Meta:
        model = Addon
        fields = [
            "name", "name_en", "slug", "description", "description_en", "kind", "vat_rate", "vat_exemption",
            "capacity", "tickets", "opens_at", "closes_at", "position",
        ]  # fmt: skip
        help_texts = {
            "kind": _("The caterer gets the counts of meals."),
            "capacity": _("Empty: no limit."),
            "position": _("The order on the screen of choices: small numbers first."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tickets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = self.event.tickets.all()
