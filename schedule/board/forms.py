"""Forms of the board's commands; times are in the event's time zone."""

import datetime
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event, Room
from schedule.models import Session
from schedule.templatetags.programme import long_day

from .day_parts import Block, PartOfDay

MAX_SHIFT_MINUTES: Final = 12 * 60
MAX_LENGTH_MINUTES: Final = 24 * 60


class BlockForm(forms.Form):
    """A day or half-day of one room or all, and where it goes: another day, later or earlier."""

    day = forms.TypedChoiceField(label=_("Day"), coerce=datetime.date.fromisoformat)
    part = forms.TypedChoiceField(
        label=_("Part of the day"),
        coerce=PartOfDay,
        choices=[
            (PartOfDay.ALL.value, _("the whole day")),
            (PartOfDay.MORNING.value, _("the morning, until 13:00")),
            (PartOfDay.AFTERNOON.value, _("the afternoon, from 13:00")),
        ],
    )
    room = forms.ModelChoiceField(
        Room.objects.none(), label=_("Room"), required=False, empty_label=_("all rooms")
    )
    minutes = forms.IntegerField(
        label=_("Minutes later"),
        required=False,
        min_value=-MAX_SHIFT_MINUTES,
        max_value=MAX_SHIFT_MINUTES,
        widget=forms.NumberInput({"step": 5, "class": "short"}),
        help_text=_("Use a minus sign for earlier, for example -15."),
    )
    to_day = forms.TypedChoiceField(
        label=_("Or to another day"),
        required=False,
        coerce=datetime.date.fromisoformat,
        empty_value=None,
        help_text=_("At the same times of day."),
    )

    def __init__(self, *args: Any, event: Event, days: Sequence[datetime.date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(day.isoformat(), long_day(day)) for day in days]
        self.fields["day"].choices = choices  # type: ignore[attr-defined]  # a form field of choice
        self.fields["to_day"].choices = [("", "—"), *choices]  # type: ignore[attr-defined]  # a form field of choice
        self.fields["room"].queryset = event.rooms.all()  # type: ignore[attr-defined]  # a form field of choice

    def clean(self) -> dict[str, Any]:
        """Require minutes or another day, not both."""
        data = super().clean() or self.cleaned_data
        if not self.errors and bool(data.get("minutes")) == bool(data.get("to_day")):
            raise ValidationError(_("Enter either minutes or another day."))
        return data

    def get_block(self) -> Block:
        room = self.cleaned_data["room"]
        return Block(self.cleaned_data["day"], self.cleaned_data["part"], room.pk if room else None)


class FrameSessionForm(forms.Form):
    """A break, plenary or blocked time to add."""

    title = forms.CharField(label=_("Title"), max_length=300)
    role = forms.TypedChoiceField(
        label=_("Role in the timetable"),
        coerce=Session.Role,
        choices=[choice for choice in Session.Role.choices if choice[0] != Session.Role.TALK],
        initial=Session.Role.BREAK,
    )
    starts_at = forms.DateTimeField(
        label=pgettext_lazy("field", "Starts"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    minutes = forms.IntegerField(
        label=_("Length in minutes"),
        min_value=5,
        max_value=MAX_LENGTH_MINUTES,
        initial=30,
        widget=forms.NumberInput({"step": 5, "class": "short"}),
    )
    room = forms.ModelChoiceField(
        Room.objects.none(),
        label=_("Room"),
        required=False,
        empty_label=_("all rooms"),
        help_text=_("If you choose no room, it spans all rooms on the board and in print."),
    )
    on_each_day = forms.BooleanField(
        label=_("Repeat on every day of the event, at the same time"),
        required=False,
        widget=forms.CheckboxInput(),
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["room"].queryset = event.rooms.all()  # type: ignore[attr-defined]  # a form field of choice


class PasteForm(forms.Form):
    table = forms.CharField(
        label=_("Table of sessions"),
        max_length=500_000,
        strip=False,
        widget=forms.Textarea({"rows": 12, "spellcheck": "false"}),
        help_text=_(
            "One session per line: title, speakers, length in minutes, track and speakers’ e-mail addresses, "
            "separated by tabs or semicolons, as copied from a spreadsheet. A first line with column "
            "headings can set another order. If there are several speakers, separate their names and "
            "addresses with commas. Only the title is required."
        ),
        error_messages={"required": _("Paste at least one line.")},
    )


class FrameSourceForm(forms.Form):
    source = forms.ModelChoiceField(
        Event.objects.none(), label=_("Event to copy from"), empty_label=_("Choose an event")
    )

    def __init__(self, *args: Any, sources: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]  # a form field of choice
