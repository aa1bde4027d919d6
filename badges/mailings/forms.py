"""What organizers fill in: a mailing and its recipients, when it goes out, a test, reminders, an address."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.forms import WallClock, set_zone
from convention.events.models import Event
from convention.refusable import Refusable
from convention.text import tidy
from registrations.models import Registration

from .models import LANGUAGES, SUBJECT_LENGTH, TEXT_LENGTH, TEXTS, Mailing, ReminderPlan
from .remind import MOST_DAYS, MOST_REMINDERS, Plan, texts_of
from .segments import ABSENT, AGREED, ARRIVED, CONFIRMED, REFUSED, UNPAID, Segment
from .write import Draft

SEGMENT_STATES = [(state.value, state.label) for state in Registration.State if state.value != "expired"]
LABELS = {
    "subject_fr": _("Subject in French"),
    "text_fr": _("Text in French"),
    "subject_en": _("Subject in English"),
    "text_en": _("Text in English"),
}


class TextsForm(Refusable, forms.Form):
    """A subject and a text in each language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in TEXTS:
            self.fields[name] = _subject(name) if name.startswith("subject") else _text(name)

    def texts(self) -> dict[str, str]:
        """What was written; a subject on one line, line breaks as Unix has them."""
        data = self.cleaned_data
        return {
            name: tidy(data[name]) if name.startswith("subject") else data[name].replace("\r\n", "\n").strip()
            for name in TEXTS
        }


def _subject(name: str) -> forms.CharField:
    attributes = {"lang": name[-2:]}
    widget = forms.TextInput(attrs=attributes)
    return forms.CharField(label=LABELS[name], max_length=SUBJECT_LENGTH, required=False, widget=widget)


def _text(name: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 12, "lang": name[-2:]})
    return forms.CharField(label=LABELS[name], max_length=TEXT_LENGTH, required=False, widget=widget)


class MailingForm(TextsForm):
    """A mailing: what it says, why, and to whom."""

    purpose = forms.ChoiceField(
        label=_("Kind of mailing"),
        choices=Mailing.Purpose.choices,
        widget=forms.RadioSelect,
        help_text=_("Whoever unsubscribed gets no news, but still what is needed for the event."),
    )
    states = forms.MultipleChoiceField(
        label=_("State"), choices=SEGMENT_STATES, widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("None chosen: all states."),
    )  # fmt: skip
    tickets = forms.MultipleChoiceField(
        label=_("Tickets"), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("None chosen: all tickets."),
    )  # fmt: skip
    company = forms.ChoiceField(label=_("Company"), required=False)
    payment = forms.ChoiceField(
        label=_("Payment"), choices=[("", _("all")), (UNPAID, _("unpaid"))], required=False
    )
    presence = forms.ChoiceField(
        label=_("Presence"),
        choices=[("", _("all")), (ARRIVED, _("arrived")), (ABSENT, _("not arrived"))],
        required=False,
    )
    checkpoint = forms.TypedChoiceField(
        label=_("Arrived or not at"), required=False, coerce=int, empty_value=None
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("", _("all")), *LANGUAGES], required=False)
    photo = forms.ChoiceField(
        label=_("Photographs"),
        choices=[("", _("all")), (REFUSED, _("does not want to be photographed")), (AGREED, _("allowed"))],
        required=False,
    )

    def __init__(self, *args: Any, event: Event, mailing: Mailing | None = None, **kwargs: Any) -> None:
        super().__init__(*args, initial=_initial(mailing), **kwargs)
        doors = event.checkpoints.filter(counted_at__isnull=True)
        companies = Registration.objects.filter(event=event).exclude(company="").order_by("company")
        self._offer("tickets", [(ticket.slug, ticket.title) for ticket in event.tickets.all()])
        names = companies.values_list("company", flat=True).distinct()
        self._offer("company", [("", _("all")), *((name, name) for name in names)])
        self._offer("checkpoint", [("", _("the event")), *((door.pk, door.name) for door in doors)])

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def draft(self) -> Draft:
        """What was filled in."""
        data = self.cleaned_data
        plain = ("company", "payment", "presence", "checkpoint", "language", "photo")
        segment = Segment(
            tickets=tuple(data["tickets"]),
            states=tuple(data["states"]),
            **{name: data[name] for name in plain},
        )
        return Draft(purpose=data["purpose"], texts=self.texts(), segment=segment)


def _initial(mailing: Mailing | None) -> dict[str, Any]:
    if mailing is None:
        return {"purpose": Mailing.Purpose.INFORMATION, "states": [CONFIRMED]}
    texts = {name: getattr(mailing, name) for name in TEXTS}
    return {"purpose": mailing.purpose, **mailing.segment, **texts}


class ScheduleForm(forms.Form):
    """When a mailing goes out, by the event’s clock."""

    at = WallClock(label=_("Send at"))

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event

    def clean(self) -> dict[str, Any]:
        """In the event’s zone."""
        data = super().clean() or self.cleaned_data
        set_zone(self, "at", self.event.zone)
        return data


class SampleForm(forms.Form):
    """As whom, and in which language, a mailing is looked at."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    reference = forms.ChoiceField(label=_("As"), required=False)

    def __init__(self, *args: Any, names: list[tuple[str, str]], languages: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(code, name) for code, name in LANGUAGES if code in languages]
        for name, choices in (("language", offered), ("reference", names)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


class RemindersForm(TextsForm):
    """Whether, when and with which words people are reminded."""

    is_on = forms.BooleanField(label=_("Send reminders"), required=False)
    days = forms.CharField(
        label=_("Days before the event"),
        max_length=40,
        required=False,
        help_text=_("Whole numbers, such as 7, 1: at the hour at which the event starts."),
    )

    def __init__(self, *args: Any, plan: ReminderPlan, **kwargs: Any) -> None:
        days = ", ".join(str(number) for number in plan.days)
        super().__init__(*args, initial={"is_on": plan.is_on, "days": days, **texts_of(plan)}, **kwargs)

    def clean_days(self) -> tuple[int, ...]:
        """A few different whole numbers."""
        words = self.cleaned_data["days"].replace(";", ",").replace(",", " ").split()
        if not all(word.isascii() and word.isdigit() and 0 < int(word) <= MOST_DAYS for word in words):
            raise forms.ValidationError(
                _("Write whole numbers from 1 to %(most)d, such as 7, 1.") % {"most": MOST_DAYS}
            )
        days = tuple(sorted({int(word) for word in words}, reverse=True))
        if len(days) > MOST_REMINDERS:
            raise forms.ValidationError(_("At most %(most)d reminders.") % {"most": MOST_REMINDERS})
        return days

    def plan(self) -> Plan:
        """What was chosen."""
        data = self.cleaned_data
        return Plan(is_on=data["is_on"], days=data["days"], texts=self.texts())


class AddressesForm(forms.Form):
    """Addresses that mail came back from, out of whatever text they stand in."""

    addresses = forms.CharField(
        label=_("Addresses that mail came back from"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text=_("One, or many pasted from a list; names beside them do no harm."),
    )

    def clean_addresses(self) -> list[str]:
        """Each once, in order."""
        words = re.split(r"[\s,;<>()\"]+", self.cleaned_data["addresses"])
        found = list(dict.fromkeys(word.removeprefix("mailto:") for word in words if "@" in word))
        if not found:
            raise forms.ValidationError(_("There is no address in it, such as name@example.org."))
        return found
