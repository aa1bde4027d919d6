"""What organizers fill in about an event, its rooms, its venue and its people."""

import datetime
import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.forms import AddressForm, Dated, Day
from convention.club.models import Company, CompanyRole
from convention.country_field import WithCountry
from convention.refusable import Refusable
from convention.text import tidy

from .free_slug import RESERVED, free_slug
from .models import Delegation, Event, EventRole, Room, Venue, known_timezone

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


def set_zone(form: forms.BaseForm, name: str, zone: datetime.tzinfo) -> None:
    """Add the zone to one moment of a form that was cleaned, unless the clocks skip it."""
    moment = form.cleaned_data.get(name)
    if moment is None:
        return
    form.cleaned_data[name] = moment.replace(tzinfo=zone)
    back = form.cleaned_data[name].astimezone(datetime.UTC).astimezone(zone)
    if back.replace(tzinfo=None) != moment:
        form.add_error(name, _("The clocks change then: this hour does not exist in that time zone."))


class EventForm(Refusable, forms.ModelForm):
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
            set_zone(self, name, zoneinfo.ZoneInfo(data.get("timezone", self.instance.timezone)))
        self._check_order("starts_at", "ends_at", _("The event must end after it starts."))
        self._check_order(
            "registration_opens_at",
            "registration_closes_at",
            _("Registration must close after it opens."),
        )
        return data

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
            "slug": _("Such as convention-2027; it never changes. Empty: made of the name."),
        }
        labels = {**EventForm.Meta.labels, "slug": _("End of its page’s address")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False

    def clean_slug(self) -> str:
        """Refuse the addresses that mean something else; make one of the name where nobody chose one."""
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED:
            raise ValidationError(_("This address is taken; choose another one."))
        return slug or free_slug(self.cleaned_data.get("name", ""))


class VenueForm(WithCountry, forms.ModelForm):
    """A place."""

    class Meta:
        model = Venue
        fields = ["name", "street", "postcode", "city", "country", "access"]
        widgets = {"access": forms.Textarea(attrs={"rows": 4})}


class VenueToRead(VenueForm):
    """The same for someone who may not change it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = True


class AppointForm(AddressForm):
    """Someone to give a role, known by the address."""

    role = forms.ChoiceField(label=_("Role"), choices=EventRole.Role.choices)


class DelegationForm(Dated):
    """A contract with an outside firm."""

    company = forms.ModelChoiceField(
        Company.objects.none(),
        label=_("Firm"),
        empty_label=None,
        help_text=_("A company in the role of organizer, today or later."),
    )
    contract = forms.CharField(
        label=_("Contract"), required=False, max_length=120, help_text=_("Its number, if it has one.")
    )
    ends_on = Day(label=_("To"), help_text=_("The last day counts; the day after nothing opens any more."))
    field_order = ("company", "contract", "starts_on", "ends_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["company"]
        assert isinstance(field, forms.ModelChoiceField)
        lasts = Q(roles__ends_on__isnull=True) | Q(roles__ends_on__gte=timezone.localdate())
        field.queryset = Company.objects.filter(lasts, roles__role=CompanyRole.Role.ORGANIZER).distinct()


class ContractField(forms.ModelChoiceField):
    """A contract, called by its firm."""

    def label_from_instance(self, obj: Any) -> str:
        """The firm's name."""
        return str(obj.company)


class NameForm(Refusable, forms.Form):
    """Someone of the firm, by name."""

    delegation = ContractField(Delegation.objects.none(), label=_("Contract"), empty_label=None)
    email = AddressForm.base_fields["email"]
    first_name = AddressForm.base_fields["first_name"]
    last_name = AddressForm.base_fields["last_name"]
    role = AppointForm.base_fields["role"]

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["delegation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = event.delegations.filter(ends_on__gte=timezone.localdate()).select_related("company")


RoomForms = forms.inlineformset_factory(
    Event, Room, fields=["name", "capacity", "position"], extra=3, can_delete=True
)
