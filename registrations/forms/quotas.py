"""An organizer's form for a shared quota."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.many_rows import ManyRows
from convention.refusable import Refusable

from ..models import Quota, Ticket


class QuotaForm(Refusable, forms.ModelForm[Quota]):
    """A number of places and the tickets that share them."""

    capacity = forms.IntegerField(label=_("Places"), min_value=0, max_value=1_000_000)
    tickets = ManyRows(
        Ticket.objects.none(),
        label=_("Tickets that share them"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A ticket shares one quota at most: ticked here, it leaves another."),
    )

    class Meta:
        model = Quota
        fields = ["name", "capacity"]

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        field = self.fields["tickets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = event.tickets.all()
        if self.instance.pk:
            self.initial["tickets"] = list(self.instance.tickets.all())

    def clean_name(self) -> str:
        """One of its kind at this event."""
        name = str(self.cleaned_data["name"])
        if self.event.quotas.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another quota of this event has this name."))
        return name

    def row(self) -> Quota:
        """The quota as filled in, not kept yet."""
        self.instance.event = self.event
        return self.instance
