"""Forms of an event, its rooms, its venue and its people."""

import datetime
import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.club.appointments.forms import AppointByEmailForm, AppointeeForm
from convention.club.models import Company, CompanyRole, WorkingGroup
from convention.club.permissions import get_vendors
from convention.rich_text.sanitize import MAX_MARKDOWN_CHARS, to_html
from convention.text.countries import CountryFormMixin
from convention.text.normalize import normalize_whitespace
from convention.web.forms import ActionErrorsMixin, DateRangeForm, DayField, set_empty_label

from .models import (
    DEFAULT_ZONE,
    EVENT_TIME_FIELDS,
    Delegation,
    Event,
    EventRole,
    Venue,
    validate_timezone,
)
from .slugs import RESERVED_SLUGS, make_event_slug

# Years close to the limits of `datetime` overflow when a time is converted to another zone.
ALLOWED_YEARS = range(1971, 3000)
DESCRIPTION_FIELDS = ("description", "description_en")
# Of a new venue: name and city.
VENUE_FIELDS = ("venue_name", "venue_city")


class LocalDateTimeField(forms.DateTimeField):
    """A date and time in the event's time zone, which `add_time_zone` adds."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> datetime.datetime | None:
        """Return a naive datetime, or None."""
        # Django adds the active zone; the event's is known only after the whole form is cleaned.
        with timezone.override(datetime.UTC):
            moment = super().to_python(value)
        if moment and moment.year not in ALLOWED_YEARS:
            raise ValidationError(_("Check the year."))
        return moment.replace(tzinfo=None) if moment else None


def add_time_zone(form: forms.BaseForm, name: str, zone: datetime.tzinfo) -> None:
    """Add the zone to a cleaned datetime; an hour that the change of clocks skips is an error."""
    moment = form.cleaned_data.get(name)
    if moment is None:
        return
    form.cleaned_data[name] = moment.replace(tzinfo=zone)
    # An hour that does not exist becomes another one on the way to UTC and back.
    round_trip = form.cleaned_data[name].astimezone(datetime.UTC).astimezone(zone)
    if round_trip.replace(tzinfo=None) != moment:
        form.add_error(
            name,
            _("This time does not exist in that time zone because the clocks change. Choose another one."),
        )


class EventForm(ActionErrorsMixin, forms.ModelForm):
    """An event without its slug."""

    starts_at = LocalDateTimeField(label=_("Starts"))
    ends_at = LocalDateTimeField(label=_("Ends"))
    registration_opens_at = LocalDateTimeField(
        label=_("Registration opens"),
        required=False,
        help_text=_("Leave empty to open registration on publication."),
    )
    registration_closes_at = LocalDateTimeField(
        label=_("Registration closes"),
        required=False,
        help_text=_("Leave empty to close when the event ends."),
    )
    substitutions_close_at = LocalDateTimeField(
        label=_("Transfers allowed until"),
        required=False,
        help_text=_(
            "Attendees can pass their place to a colleague until then. Leave empty to allow it "
            "until the event starts."
        ),
    )

    class Meta:
        model = Event
        fields = [
            "name", "name_en", "kind", "visibility",
            "starts_at", "ends_at", "timezone", "venue",
            "registration_opens_at", "registration_closes_at", "substitutions_close_at",
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
            "name_en": _("If empty, the French name is shown."),
            "description": _("Plain text, Markdown or simple HTML: **bold**, - for lists, [words](address)."),
            "description_en": _("If empty, the French description is shown."),
            "timezone": _("For example Europe/Paris. All times on this page are in this time zone."),
            "host": _("For a site visit: the company you visit."),
            "contact_email": _("Shown on the event’s page."),
            "accent": _(
                "Used for buttons and links on the event’s pages. Pale colours are darkened so "
                "that text stays readable."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in EVENT_TIME_FIELDS:
            moment = getattr(self.instance, name)
            if moment:
                # Naive, since Django would convert an aware time to the active zone instead of the event's.
                self.initial[name] = moment.astimezone(self.instance.zone).replace(tzinfo=None)
        for name in DESCRIPTION_FIELDS:
            self.fields[name].validators.append(MaxLengthValidator(MAX_MARKDOWN_CHARS))
        choices = [name for name in ("venue", "host", "group") if name in self.fields]
        set_empty_label(self, gettext("none"), *choices)

    def list_previews(self) -> list[tuple[Any, SafeString]]:
        """Return the label and the HTML of each description that was typed."""
        typed = [(self[name].label, str(self[name].value() or "")) for name in DESCRIPTION_FIELDS]
        return [(label, mark_safe(to_html(text))) for label, text in typed if text.strip()]  # noqa: S308 (cleaned by nh3)

    # Model validation runs after `clean`, which needs a valid zone already.
    def clean_timezone(self) -> str:
        validate_timezone(self.cleaned_data["timezone"])
        return str(self.cleaned_data["timezone"])

    def clean(self) -> dict[str, Any]:
        """Normalize names, add the event's zone to all times, and check their order."""
        data = super().clean() or self.cleaned_data
        # A line break in a name would reach the subject of e-mails.
        data |= {name: normalize_whitespace(data[name]) for name in ("name", "name_en") if name in data}
        if data.get("name") == "":
            self.add_error("name", _("Enter a name."))
        for name in EVENT_TIME_FIELDS:
            # An invalid zone is missing from the data: the stored one
            # lets the other fields be checked all the same.
            add_time_zone(self, name, zoneinfo.ZoneInfo(data.get("timezone", self.instance.timezone)))
        self._check_order("starts_at", "ends_at", _("The event must end after it starts."))
        self._check_order(
            "registration_opens_at",
            "registration_closes_at",
            _("Registration must close after it opens."),
        )
        closes, ends = data.get("registration_closes_at"), data.get("ends_at")
        if closes and ends and closes > ends:
            # Registration never outlasts the event, so pages would show another date than the one entered.
            self.add_error("registration_closes_at", _("Registration must close by the end of the event."))
        return data

    def _check_order(self, first: str, last: str, sentence: Any) -> None:
        start, end = self.cleaned_data.get(first), self.cleaned_data.get(last)
        if start and end and end <= start:
            self.add_error(last, sentence)


class PublishEventForm(ActionErrorsMixin, forms.Form):
    """The visibility that a draft gets when it is published."""

    visibility = forms.ChoiceField(
        label=_("Visibility and registration"),
        choices=[
            (Event.Visibility.PUBLIC, _("Public: everyone can see it in the list of events and register")),
            (
                Event.Visibility.MEMBERS,
                _("Members: anyone with the link can see it, only members can register"),
            ),
        ],
        widget=forms.RadioSelect,
    )


class EventNameForm(forms.Form):
    """The name of a new event in both languages."""

    name = forms.CharField(label=_("Name"), max_length=300)
    name_en = forms.CharField(
        label=_("Name in English"),
        max_length=300,
        required=False,
        help_text=_("If empty, the French name is shown."),
    )

    def clean_name(self) -> str:
        """Return the name without line breaks, which would reach the subject of e-mails."""
        name = normalize_whitespace(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("Enter a name."))
        return name

    def clean_name_en(self) -> str:
        return normalize_whitespace(self.cleaned_data["name_en"])


class OptionalVenueForm(EventNameForm):
    """The venue of a new event: one of the list, a new one, or none yet."""

    venue = forms.ModelChoiceField(
        Venue.objects.none(),
        label=_("Venue"),
        required=False,
        empty_label=_("Another venue, or not known yet"),
    )
    venue_name = forms.CharField(label=_("Name of the other venue"), max_length=200, required=False)
    venue_city = forms.CharField(label=_("City of the other venue"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["venue"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Venue.objects.order_by("name")

    def clean(self) -> dict[str, Any]:
        """Refuse a city without a venue name, and a new venue beside one chosen from the list."""
        data = super().clean() or self.cleaned_data
        venue = data.get("venue")
        name, city = (normalize_whitespace(data.get(part, "")) for part in VENUE_FIELDS)
        if venue and (name or city):
            sentence = _("Choose “Another venue, or not known yet” to enter a venue that is not in the list.")
            self.add_error("venue", sentence)
        elif city and not name and "venue_name" not in self.errors:
            sentence = _(
                "Enter the name of the venue as well. If it is not known yet, leave the city empty: you can "
                "add the venue later."
            )
            self.add_error("venue_name", sentence)
        return data

    def get_event_values(self) -> dict[str, Any]:
        """Return the values of the event; the venue may be a new one, not saved yet."""
        values = dict(self.cleaned_data)
        name, city = (normalize_whitespace(values.pop(part)) for part in VENUE_FIELDS)
        if name:
            values["venue"] = Venue(name=name, city=city)
        return values


class StartEventForm(OptionalVenueForm):
    """Name, dates and venue of a new event of one kind; of a meeting also its group."""

    group = forms.ModelChoiceField(WorkingGroup.objects.none(), label=_("Working group"), empty_label=None)
    starts_at = LocalDateTimeField(
        label=_("Starts"),
        help_text=_("Paris time. You can change the time zone later, in the event’s settings."),
    )
    ends_at = LocalDateTimeField(label=_("Ends"))
    field_order = ("group", "name", "name_en", "starts_at", "ends_at")
    zone: datetime.tzinfo = DEFAULT_ZONE

    def __init__(self, *args: Any, kind: Event.Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["group"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = WorkingGroup.objects.order_by("name")
        if kind != Event.Kind.GROUP_MEETING:
            del self.fields["group"]

    def clean(self) -> dict[str, Any]:
        """Read the times in the zone of the event; check their order."""
        data = super().clean()
        for name in ("starts_at", "ends_at"):
            add_time_zone(self, name, self.zone)
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("The event must end after it starts."))
        return data


class FirstMeetingForm(StartEventForm):
    """Name, dates and venue of the first meeting of a group, which is given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, kind=Event.Kind.GROUP_MEETING, **kwargs)
        del self.fields["group"]


class FirstDayForm(EventNameForm):
    """The name and the first day of a copy."""

    starts_on = DayField(
        label=_("First day"),
        help_text=_("All dates move by the same number of days; times of day stay the same."),
    )

    def clean_starts_on(self) -> datetime.date:
        """Refuse a day that has passed: nobody could register for the copy."""
        first_day: datetime.date = self.cleaned_data["starts_on"]
        if first_day < timezone.localdate():
            raise ValidationError(_("This day has passed. Choose a later first day."))
        return first_day


class CopyEventForm(FirstDayForm):
    """The name and the first day of a new event with the settings of another."""

    source = forms.ModelChoiceField(
        Event.objects.none(),
        to_field_name="slug",
        label=_("Event to copy"),
        empty_label=None,
        help_text=_(
            "Its tickets, questions, rooms, team and other settings are copied; its registrations are not."
        ),
    )
    field_order = ("source",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, forms.ModelChoiceField)
        # A visit is created from its proposal and the agreement with its host, not copied.
        field.queryset = Event.objects.exclude(kind=Event.Kind.SITE_VISIT).order_by("-starts_at")


class NextMeetingForm(FirstDayForm, OptionalVenueForm):
    """Name, day and venue of a group's next meeting, a copy of its last one."""


class DelegatedEventForm(EventForm):
    """Event form for organizers of this event alone, without the list of the club's companies."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Company.objects.filter(pk=self.instance.host_id)


class SecretaryEventForm(EventForm):
    """Event form for a secretary who organizes this event; any vendor can be its host."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ModelChoiceField)
        # The present host stays a choice when its role of vendor has ended.
        field.queryset = get_vendors() | Company.objects.filter(pk=self.instance.host_id)


class MeetingForm(EventForm):
    """Event form for a group's leads, whose rights depend on the kind and the group of the event."""

    class Meta(EventForm.Meta):
        fields = [name for name in EventForm.Meta.fields if name not in ("kind", "host", "group")]


class VisitDatesForm(EventForm):
    """Event form for a secretary who does not organize this visit: dates, venue and description."""

    class Meta(EventForm.Meta):
        fields = ["venue", *EVENT_TIME_FIELDS, *DESCRIPTION_FIELDS]


class NewEventForm(EventForm):
    """A new event with its slug."""

    class Meta(EventForm.Meta):
        fields = ["name", "slug", *EventForm.Meta.fields[1:]]
        help_texts = {
            **EventForm.Meta.help_texts,
            "slug": _(
                "For example convention-2027. It cannot be changed later. "
                "Leave empty to derive it from the name."
            ),
        }
        labels = {**EventForm.Meta.labels, "slug": _("Web address (slug)")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False

    def clean_slug(self) -> str:
        """Refuse reserved slugs, and make one from the name if none was typed."""
        slug: str = self.cleaned_data["slug"]
        # The model checks uniqueness; reserved words are not in its table, so they are checked here.
        if slug in RESERVED_SLUGS:
            raise ValidationError(_("This address is already in use. Choose another one."))
        return slug or make_event_slug(self.cleaned_data.get("name", ""))


class VenueForm(CountryFormMixin, forms.ModelForm):
    class Meta:
        model = Venue
        fields = ["name", "street", "postcode", "city", "country", "directions", "directions_en"]
        widgets = dict.fromkeys(("directions", "directions_en"), forms.Textarea(attrs={"rows": 4}))


class VenueChoiceForm(forms.Form):
    """A known venue for an event without one; those of its host come first, the latest one is preselected."""

    known_venue = forms.ModelChoiceField(
        Venue.objects.none(),
        label=_("Existing venue"),
        empty_label=None,
        error_messages={"required": _("Choose a venue.")},
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["known_venue"]
        assert isinstance(field, forms.ModelChoiceField)
        hosted = Event.objects.filter(host__isnull=False, host=event.host_id, venue__isnull=False)
        is_of_host = Exists(hosted.filter(venue=OuterRef("pk")))
        field.queryset = Venue.objects.annotate(is_of_host=is_of_host).order_by("-is_of_host", "name", "pk")
        if latest := hosted.order_by("-starts_at").first():
            field.initial = latest.venue_id


class ReadOnlyVenueForm(VenueForm):
    """A venue that this person may not change."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = True


class AppointmentForm(AppointByEmailForm):
    """A person to give a role, found by e-mail."""

    role = forms.ChoiceField(label=_("Role"), choices=EventRole.Role.choices)


class DelegationForm(DateRangeForm):
    """A contract with an outside firm."""

    company = forms.ModelChoiceField(
        Company.objects.none(),
        label=_("Firm"),
        empty_label=None,
        help_text=_("Only companies that have, or will have, the organizer role are listed."),
    )
    contract_number = forms.CharField(
        label=_("Contract"), required=False, max_length=120, help_text=_("Contract number, if there is one.")
    )
    ends_on = DayField(label=_("To"), help_text=_("The last day is included. Access ends the day after."))
    field_order = ("company", "contract_number", "starts_on", "ends_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["company"]
        assert isinstance(field, forms.ModelChoiceField)
        # Roles that begin later are offered too; `delegate_event` checks the contract's first day.
        has_not_ended = Q(roles__ends_on__isnull=True) | Q(roles__ends_on__gte=timezone.localdate())
        field.queryset = Company.objects.filter(
            has_not_ended, roles__role=CompanyRole.Role.ORGANIZER
        ).distinct()


class DelegationChoiceField(forms.ModelChoiceField):
    """Choice of a contract by its firm."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.company)


class DelegateForm(AppointeeForm):
    """A person of the firm, and their role."""

    delegation = DelegationChoiceField(Delegation.objects.none(), label=_("Contract"), empty_label=None)
    role = AppointmentForm.base_fields["role"]
    field_order = ("delegation", *AppointeeForm.field_order)

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["delegation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = event.delegations.filter(ends_on__gte=timezone.localdate()).select_related("company")
