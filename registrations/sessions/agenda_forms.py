"""The form for printed agendas: attendees, days, language and paper."""

import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.normalize import search_text
from registrations.models import Registration, Ticket
from schedule.prints.forms import list_day_choices

from .printed_agendas import AgendaSelection

MAX_COMPANIES: Final = 1000


class AgendaPrintForm(forms.Form):
    """Choices of one print. Nothing chosen among tickets, companies or days means all of them."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES)
    paper = forms.ChoiceField(
        label=pgettext_lazy("print", "Paper"), choices=[("a5", "A5"), ("a4", "A4")], initial="a5"
    )
    days = forms.MultipleChoiceField(label=_("Days"), required=False, widget=forms.CheckboxSelectMultiple)
    tickets = forms.TypedMultipleChoiceField(
        label=_("Tickets"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    companies = forms.MultipleChoiceField(
        label=_("Companies"), required=False, widget=forms.SelectMultiple(attrs={"size": 8})
    )

    def __init__(self, data: Any = None, *, event: Event, language: str) -> None:
        super().__init__(data, initial={"language": language})
        self._set_choices("days", list_day_choices(event))
        tickets = Ticket.objects.filter(event=event)
        self._set_choices("tickets", [(ticket.pk, ticket.title) for ticket in tickets])
        self._set_choices("companies", [(name, name) for name in list_companies(event)])

    def _set_choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        """Offer the choices, or drop the field if there is nothing to choose."""
        if len(choices) < 2:
            del self.fields[name]
            return
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # all of these fields have them

    def get_selection(self) -> AgendaSelection:
        """Return the selection of a valid form."""
        data = self.cleaned_data
        return AgendaSelection(
            language=data["language"],
            paper=data["paper"],
            tickets=tuple(data.get("tickets", ())),
            companies=tuple(data.get("companies", ())),
            days=tuple(datetime.date.fromisoformat(day) for day in data.get("days", ())),
        )


def list_companies(event: Event) -> list[str]:
    """Return the companies of the attendees by name, in the same order on every database."""
    attendees = Registration.objects.filter(event=event).confirmed().exclude(company="")
    names = attendees.order_by("company").values_list("company", flat=True).distinct()
    return sorted(names[:MAX_COMPANIES], key=search_text)
