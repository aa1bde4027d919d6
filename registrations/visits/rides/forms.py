"""The organizer's form for a ride, and the form for choosing rides."""

import datetime
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.text.dates import format_date_with_weekday, format_time
from convention.web.forms import ActionErrorsMixin, OfferedRowsField
from registrations.visits.models import Application, Ride, Visit

TIME_FIELDS = ("leaves_at", "arrives_at")
NEW_RIDE_LEAD = datetime.timedelta(hours=1)


class RideForm(ActionErrorsMixin, forms.ModelForm[Ride]):
    """A ride, with times in the event's time zone."""

    leaves_at = LocalDateTimeField(label=_("Leaves"))
    arrives_at = LocalDateTimeField(label=_("Arrives"), required=False)

    class Meta:
        model = Ride
        fields = [
            "direction", "meeting_point", "latitude", "longitude", "leaves_at", "arrives_at", "capacity",
        ]  # fmt: skip
        widgets = {"direction": forms.RadioSelect}
        help_texts = {
            "meeting_point": _(
                "Precise enough for someone who does not know the place, for example “Gare de "
                "Lyon, exit 3, under the clock”."
            ),
            "latitude": _(
                "In degrees, for example 48.844304. Leave empty to let the map search for the meeting point."
            ),
            "capacity": _("Leave empty for no limit."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = self.instance.visit.event
        self.fields["direction"].choices = Ride.Direction.choices  # type: ignore[attr-defined]  # no empty choice
        # A new ride begins on the day of the visit, so that only the time is left to change.
        initial_times = {} if self.instance.pk else {"leaves_at": self.event.starts_at - NEW_RIDE_LEAD}
        for name in TIME_FIELDS:
            if moment := getattr(self.instance, name) or initial_times.get(name):
                # `datetime-local` inputs have no time zone: the form shows and reads the local time of the
                # event.
                self.initial[name] = moment.astimezone(self.event.zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        """Set the time zone, check the order of the times, and require both coordinates or none."""
        data = super().clean() or self.cleaned_data
        for name in TIME_FIELDS:
            add_time_zone(self, name, self.event.zone)
        leaves, arrives = data.get("leaves_at"), data.get("arrives_at")
        if leaves and arrives and arrives <= leaves:
            self.add_error("arrives_at", _("The arrival must be after the departure."))
        if leaves and data.get("direction") == Ride.Direction.OUT and leaves >= self.event.starts_at:
            self.add_error("leaves_at", _("A ride to the site must leave before the visit starts."))
        if leaves and data.get("direction") == Ride.Direction.BACK and leaves <= self.event.starts_at:
            self.add_error("leaves_at", _("A ride back must leave after the visit has started."))
        if (data.get("latitude") is None) != (data.get("longitude") is None):
            self.add_error("longitude", _("Enter both latitude and longitude, or neither."))
        return data


class RideChoiceForm(ActionErrorsMixin, forms.Form):
    """One choice for each direction; "" means no ride."""

    NO_RIDE_LABEL = _("I’ll make my own way")

    def __init__(
        self, *args: Any, visit: Visit, rides: Iterable[Ride], chosen_ride_ids: set[int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        rides = list(rides)
        for direction, label in Ride.Direction.choices:
            choices = [(str(ride.pk), ride) for ride in rides if ride.direction == direction]
            # A direction without rides would offer the single choice of none.
            if not choices:
                continue
            self.fields[direction] = forms.ChoiceField(
                label=label.capitalize(),
                choices=[
                    *((pk, describe_ride(ride, visit)) for pk, ride in choices),
                    ("", self.NO_RIDE_LABEL),
                ],
                widget=forms.RadioSelect,
                required=False,
                error_messages={
                    "invalid_choice": _("This ride is no longer available. Please choose another one.")
                },
                initial=next((pk for pk, ride in choices if ride.pk in chosen_ride_ids), ""),
            )
        # `VisitorRidesForm` declares `reason`, which would otherwise come first.
        self.order_fields(Ride.Direction.values)

    @property
    def chosen_ride_ids(self) -> list[int]:
        return [int(pk) for direction in Ride.Direction.values if (pk := self.cleaned_data.get(direction))]


class VisitorRidesForm(RideChoiceForm):
    """The same choice by the organizer, with an optional reason."""

    NO_RIDE_LABEL = _("No ride")

    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, help_text=_("The visitor will read this.")
    )


class RideAssignmentForm(ActionErrorsMixin, forms.Form):
    """Several visitors of a visit, and the ride that they are assigned to."""

    visitors = OfferedRowsField(
        Application.objects.none(),
        error_messages={
            "required": _("Select the people to assign to a ride."),
            "invalid_choice": _("One of the people selected has no application for this visit."),
        },
    )
    ride = forms.ChoiceField(
        label=_("Ride"),
        error_messages={
            "required": _("Choose a ride."),
            "invalid_choice": _("This ride is no longer available. Please choose another one."),
        },
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, help_text=_("The visitors will read this.")
    )

    def __init__(self, *args: Any, visit: Visit, rides: Iterable[Ride], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, ride_field = self.fields["visitors"], self.fields["ride"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        assert isinstance(ride_field, forms.ChoiceField)
        field.queryset = visit.applications.all()
        choices = [
            (str(ride.pk), f"{ride.get_direction_display()} · {describe_ride(ride, visit)}") for ride in rides
        ]
        ride_field.choices = [("", _("Choose a ride")), *choices]


def describe_ride(ride: Ride, visit: Visit) -> str:
    """Return a ride as one line with the seats left, if they are limited."""
    zone = visit.event.zone
    day, hour = format_date_with_weekday(ride.leaves_at, zone), format_time(ride.leaves_at, zone)
    description = f"{day}, {hour} · {ride.meeting_point}"
    seats_left = (
        # `reserved` still counts people who lost their place until their seat is needed; the annotation does
        # not.
        None if ride.capacity is None else ride.capacity - getattr(ride, "passenger_count", ride.reserved)
    )
    if seats_left is None:
        return description
    return f"{description} · {_('full') if seats_left <= 0 else format_seats_left(seats_left)}"


def format_seats_left(seats_left: int) -> str:
    return ngettext("%(left)d seat left", "%(left)d seats left", seats_left) % {"left": seats_left}
