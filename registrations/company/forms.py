"""What a contact types: rows of people, one more colleague, a day; and a holder's details."""

import datetime
from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.forms import Day
from convention.club.periods import ONE_DAY
from convention.refusable import Refusable

from ..checks import about_words
from ..forms.substitute import Words
from ..models import Registration, Ticket
from ..order_request import Place

MOST_ROWS = 200
"""Rows that are kept while they are mended; one order holds fewer, and says so."""


class RowForm(Words):
    """One person of many: a name or the word that it follows, an address, a ticket."""

    ticket = forms.ChoiceField(label=_("Ticket"), required=False)
    is_to_follow = forms.BooleanField(label=_("Name to follow"), required=False)
    field_order = ("first_name", "last_name", "email", "ticket", "is_to_follow")

    def __init__(self, *args: Any, tickets: list[Ticket], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tickets = {ticket.slug: ticket for ticket in tickets}
        for name in ("first_name", "last_name"):  # of a row in which nobody stands
            self.fields[name].required = False
        field = self.fields["ticket"]
        assert isinstance(field, forms.ChoiceField)
        only = tickets[0].slug if len(tickets) == 1 else ""
        choices = [(ticket.slug, ticket.title) for ticket in tickets]
        field.choices = choices if only else [("", _("Choose…")), *choices]
        field.error_messages["invalid_choice"] = _("There is no ticket “%(value)s” here: choose one.")
        if not self.initial.get("ticket"):
            self.initial["ticket"] = only

    def clean(self) -> dict[str, Any]:
        """Each error once, at its field; a row in which nothing stands is no person."""
        data = self.cleaned_data
        if self.is_blank:
            self.errors.clear()
            return data
        place = self.place().tidied()
        for name, sentence in about_words(place):
            self.add_error(name, sentence)
        ticket = self.tickets.get(place.ticket)
        if ticket is None and "ticket" not in self.errors:
            self.add_error("ticket", _("Choose a ticket."))
        elif ticket and ticket.needs_proof and not place.email:
            self.add_error("email", _("A member’s place needs the address of a colleague who holds a seat."))
        return data

    @property
    def is_blank(self) -> bool:
        """Whether nobody stands in this row."""
        words = ("first_name", "last_name", "email", "is_to_follow")
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in words)

    def place(self) -> Place:
        """The place, with a name or without."""
        place = super().place()
        named = bool(place.first_name.strip() or place.last_name.strip())
        return Place(
            ticket=place.ticket,
            first_name=place.first_name,
            last_name=place.last_name,
            email=place.email,
            is_to_follow=bool(self.cleaned_data.get("is_to_follow")) and not named,
        )


class RowForms(BaseFormSet[RowForm]):
    """All rows; the same address twice is said at the second one."""

    def clean(self) -> None:
        """Look across rows."""
        seen: dict[str, int] = {}
        for number, form in self.filled():
            address = form.place().email.strip().casefold()
            first = seen.setdefault(address, number) if address else number
            if first != number:
                sentence = _("The e-mail is the same as in row %(first)d.")
                form.add_error("email", sentence % {"first": first})

    def filled(self) -> Iterator[tuple[int, RowForm]]:
        """The rows in which somebody stands, with their numbers from 1."""
        for number, form in enumerate(self.forms, start=1):
            if not form.is_blank:
                yield number, form


Rows: Any = formset_factory(RowForm, formset=RowForms, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)


class PasteForm(forms.Form):
    """Rows out of a spreadsheet."""

    pasted = forms.CharField(
        label=_("Rows from your spreadsheet"),
        required=False,
        strip=False,
        max_length=100_000,
        help_text=_(
            "One person per row: first name, last name, e-mail, ticket. A first row that names the columns "
            "helps, in French or English. Write “to follow” for a name that you will give later."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )


class DayForm(forms.Form):
    """A day; empty is today. What was before yesterday stays as it was."""

    day = Day(
        label=_("Day"),
        required=False,
        error_messages={"invalid": _("Write the day as it stands in the calendar, such as 2027-06-15.")},
    )

    def clean_day(self) -> datetime.date | None:
        """Yesterday at the earliest."""
        day: datetime.date | None = self.cleaned_data["day"]
        if day and day < timezone.localdate() - ONE_DAY:
            raise forms.ValidationError(_("Choose a day from yesterday on: what was before stays as it was."))
        return day


class ColleagueForm(Words):
    """A colleague whom the club does not know yet."""

    email = forms.CharField(
        label=_("E-mail"),
        error_messages={"required": _("Write the e-mail.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    title = forms.CharField(label=_("Function"), required=False, max_length=120)


class DetailsForm(Refusable, forms.Form):
    """What the holder of a place says of themselves."""

    first_name = forms.CharField(
        label=_("First name"),
        error_messages={"required": _("Write the first name.")},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        error_messages={"required": _("Write the last name.")},
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    no_photo = forms.BooleanField(label=_("I do not want to be photographed"), required=False)

    @classmethod
    def of(cls, registration: Registration) -> "DetailsForm":
        """Filled with what is written now."""
        names = ("first_name", "last_name", "no_photo")
        return cls(initial={name: getattr(registration, name) for name in names})

    def details(self) -> Place:
        """What the act takes."""
        return Place(ticket="", **self.cleaned_data)
