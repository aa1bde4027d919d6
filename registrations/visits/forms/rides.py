"""An organizer's form for a ride, and a visitor's for the rides they take."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.dates import say_time, say_weekday
from convention.events.forms import WallClock, set_zone
from convention.refusable import Refusable

from ..models import Leg, Visit

MOMENTS = ("leaves_at", "arrives_at")


class LegForm(Refusable, forms.ModelForm[Leg]):
    """A ride, with moments by the event's clocks."""

    leaves_at = WallClock(label=_("Leaves"))
    arrives_at = WallClock(label=_("Arrives"), required=False)

    class Meta:
        model = Leg
        fields = [
            "direction", "meeting_point", "latitude", "longitude", "leaves_at", "arrives_at", "capacity",
        ]  # fmt: skip
        widgets = {"direction": forms.RadioSelect}
        help_texts = {
            "meeting_point": _("So that a stranger finds it: “Gare de Lyon, exit 3, under the clock”."),
            "latitude": _("In degrees, such as 48.844304. Empty: the map looks for the words above."),
            "capacity": _("Empty: no limit."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = self.instance.visit.event
        self.fields["direction"].choices = Leg.Direction.choices  # type: ignore[attr-defined]  # no empty choice
        for name in MOMENTS:
            if moment := getattr(self.instance, name):
                self.initial[name] = moment.astimezone(self.event.zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        """Moments in the event's zone and in order, around the visit; both coordinates or none."""
        data = super().clean() or self.cleaned_data
        for name in MOMENTS:
            set_zone(self, name, self.event.zone)
        leaves, arrives = data.get("leaves_at"), data.get("arrives_at")
        if leaves and arrives and arrives <= leaves:
            self.add_error("arrives_at", _("It arrives before it leaves."))
        if leaves and data.get("direction") == Leg.Direction.OUT and leaves >= self.event.starts_at:
            self.add_error("leaves_at", _("A ride to the site leaves before the visit starts."))
        if leaves and data.get("direction") == Leg.Direction.BACK and leaves <= self.event.starts_at:
            self.add_error("leaves_at", _("A ride back leaves after the visit has started."))
        if (data.get("latitude") is None) != (data.get("longitude") is None):
            self.add_error("longitude", _("Give both latitude and longitude, or neither."))
        return data


class RidesForm(Refusable, forms.Form):
    """Which ride someone takes each way, or none."""

    ALONE = _("On my own")

    def __init__(self, *args: Any, visit: Visit, legs: Iterable[Leg], taken: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        legs = list(legs)
        for way, label in Leg.Direction.choices:
            choices = [(str(leg.pk), leg) for leg in legs if leg.direction == way]
            if not choices:
                continue
            self.fields[way] = forms.ChoiceField(
                label=label.capitalize(),
                choices=[*((pk, say_ride(leg, visit)) for pk, leg in choices), ("", self.ALONE)],
                widget=forms.RadioSelect,
                required=False,
                initial=next((pk for pk, leg in choices if leg.pk in taken), ""),
            )
        self.order_fields(Leg.Direction.values)

    @property
    def rides(self) -> list[int]:
        """The rides chosen, by id."""
        return [int(pk) for way in Leg.Direction.values if (pk := self.cleaned_data.get(way))]


class SeatForm(RidesForm):
    """The same by who runs the visit, who says why."""

    ALONE = _("No ride")

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The visitor reads it."),
        error_messages={"required": _("Say why: the e-mails tell it.")},
    )


def say_ride(leg: Leg, visit: Visit) -> str:
    """A ride in one line; where all seats are taken, it says so."""
    zone = visit.event.zone
    said = f"{say_weekday(leg.leaves_at, zone)}, {say_time(leg.leaves_at, zone)} · {leg.meeting_point}"
    left = None if leg.capacity is None else leg.capacity - getattr(leg, "riders", leg.taken)
    if left is None:
        return said
    return f"{said} · {_('full') if left <= 0 else places_left(left)}"


def places_left(left: int) -> str:
    """So many seats."""
    return ngettext("%(left)d seat left", "%(left)d seats left", left) % {"left": left}
