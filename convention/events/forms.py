"""What organizers fill in about an event, its rooms, its venue and its people."""

import datetime
import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.forms import AddressForm
from convention.club.models import Company
from convention.text import tidy

from .models import Event, EventRole, Room, Venue, known_timezone

RESERVED = frozenset({"new", "components", "club", "money", "season"})
YEARS = range(1971, 3000)
MOMENTS = (
    "starts_at",
    "ends_at",
    "registration_opens_at",
    "registration_closes_at",
    "substitutions_until",
)


class WallClock(forms.DateTimeField):
    """A moment as the clocks at the event show it: without zone, the form adds the event's."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> datetime.datetime | None:
        """Read it naively."""
        with timezone.override(datetime.UTC):
            moment = super().to_python(value)
        if moment and moment.year not in YEARS:
            raise ValidationError(_("Check the year."))
        return moment.replace(tzinfo=None) if moment else None


class EventForm(forms.ModelForm):
    """An event, but for its address."""

    starts_at = WallClock(label=_("Starts"))
    ends_at = WallClock(label=_("Ends"))
    registration_opens_at = WallClock(
        label=_("Registration opens"), required=False, help_text=_("Empty: as soon as it is published.")
    )
    registration_closes_at = WallClock(
        label=_("Registration closes"), required=False, help_text=_("Empty: when the event ends.")
    )
    substitutions_until = WallClock(
        label=_("Places change hands until"),
        required=False,
        help_text=_(
            "Who cannot come gives the place to a colleague until then. Empty: when the event starts."
        ),
    )

    class Meta:
        model = Event
        fields = [
            "name", "name_en", "kind", "visibility",
            "starts_at", "ends_at", "timezone", "venue",
            "registration_opens_at", "registration_closes_at", "substitutions_until",
            "description", "description_en",
            "host", "group", "contact_email", "accent",
        ]  # fmt: skip
        labels = {"venue": _("Venue")}
        widgets = {
            "accent": forms.TextInput(attrs={"type": "color"}),
            "visibility": forms.RadioSelect,
            "description": forms.Textarea(attrs={"rows": 5}),
            "description_en": forms.Textarea(attrs={"rows": 5}),
        }
        help_texts = {
            "name_en": _("Where empty, the French name is shown."),
            "timezone": _("The times on this page are those of this zone, such as Europe/Paris."),
            "host": _("The company that opens its doors, for a site visit."),
            "contact_email": _("Shown on the event’s page."),
            "accent": _(
                "Buttons and links of the event’s pages. A colour too pale to read is darkened as needed."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in MOMENTS:
            moment = getattr(self.instance, name)
            if moment:
                self.initial[name] = moment.astimezone(self.instance.zone).replace(tzinfo=None)

    def clean_timezone(self) -> str:
        """One that the time zone database holds, since the moments need it."""
        known_timezone(self.cleaned_data["timezone"])
        return str(self.cleaned_data["timezone"])

    def clean(self) -> dict[str, Any]:
        """Names on one line; the moments in the event's zone, and in order."""
        data = super().clean() or self.cleaned_data
        data |= {name: tidy(data[name]) for name in ("name", "name_en") if name in data}
        if data.get("name") == "":
            self.add_error("name", _("Write a name."))
        for name in MOMENTS:
            self._set_zone(name, data)
        self._check_order("starts_at", "ends_at", _("The event must end after it starts."))
        self._check_order(
            "registration_opens_at",
            "registration_closes_at",
            _("Registration must close after it opens."),
        )
        return data

    def _set_zone(self, name: str, data: dict[str, Any]) -> None:
        """Add the zone to one moment, unless the clocks skip it."""
        moment = data.get(name)
        if moment is None:
            return
        zone = zoneinfo.ZoneInfo(data.get("timezone", self.instance.timezone))
        data[name] = moment.replace(tzinfo=zone)
        back = data[name].astimezone(datetime.UTC).astimezone(zone)
        if back.replace(tzinfo=None) != moment:
            self.add_error(name, _("The clocks change then: this hour does not exist in that time zone."))

    def _check_order(self, first: str, last: str, sentence: Any) -> None:
        start, end = self.cleaned_data.get(first), self.cleaned_data.get(last)
        if start and end and end <= start:
            self.add_error(last, sentence)


class OwnEventForm(EventForm):
    """For someone who runs this event and not the club’s others: its companies are not listed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Company.objects.filter(pk=self.instance.host_id)


class NewEventForm(EventForm):
    """A new event, with its address."""

    class Meta(EventForm.Meta):
        fields = ["name", "slug", *EventForm.Meta.fields[1:]]
        help_texts = {
            **EventForm.Meta.help_texts,
            "slug": _("The last part of its address, such as convention-2027; it never changes."),
        }

    def clean_slug(self) -> str:
        """Refuse the addresses that mean something else."""
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED:
            raise ValidationError(_("This address is taken; choose another one."))
        return slug


class VenueForm(forms.ModelForm):
    """A place."""

    class Meta:
        model = Venue
        fields = ["name", "street", "postcode", "city", "country", "access"]
        widgets = {"access": forms.Textarea(attrs={"rows": 4})}
        help_texts = {"country": _("Two letters, such as FR.")}

    def clean_country(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["country"]).upper()


class VenueToRead(VenueForm):
    """The same for someone who may not change it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = True


class AppointForm(AddressForm):
    """Someone to give a role, known by the address."""

    role = forms.ChoiceField(label=_("Role"), choices=EventRole.Role.choices)


RoomForms = forms.inlineformset_factory(
    Event, Room, fields=["name", "capacity", "position"], extra=3, can_delete=True
)
