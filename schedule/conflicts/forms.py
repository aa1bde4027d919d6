"""Forms for levels of conflicts, walking times, rooms, and times of rooms and speakers."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event, Room
from convention.text.dates import (
    format_clock,
    format_date_with_weekday,
    format_datetime_range,
    format_duration,
)
from convention.web.edit_conflicts import compute_fingerprint
from convention.web.edit_forms import EditConflictsMixin
from schedule.models import Availability, ConflictLevel, Schedule, Session, Speaker
from schedule.programme.days import list_programme_days

from .describe import KIND_LABELS
from .kinds import AUDIENCE_KINDS, BUFFER_KINDS, ConflictKind, KindRule
from .load import load_rules, load_working_timetable
from .planning_hours import DaySettings, SetHours, compute_all_hours, load_day_settings
from .timetable import AvailabilityPeriod

MAX_BUFFER_MINUTES: Final = 24 * 60
MAX_PEOPLE: Final = 1_000_000
MAX_PERIODS: Final = 100
MAX_FEATURES_CHARS: Final = 5000
# 190 pairs on one page, and fewer fields than a request may have.
MAX_ZONES: Final = 20
YEARS: Final = range(2000, 2101)


class KindRuleForm(EditConflictsMixin, forms.Form):
    """The level of one kind, with minutes or a minimum of people where the kind has them."""

    level = forms.ChoiceField(
        label=pgettext_lazy("schedule conflict", "Level"), choices=ConflictLevel.Level.choices
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=0, max_value=MAX_BUFFER_MINUTES)
    minimum_people = forms.IntegerField(
        label=_("Minimum number of people"), min_value=1, max_value=MAX_PEOPLE
    )

    def __init__(self, data: Any = None, *, kind: ConflictKind, rule: KindRule) -> None:
        initial = {
            "level": rule.level,
            "minutes": rule.minutes,
            "minimum_people": max(rule.minimum_people, 1),
        }
        super().__init__(data, initial=initial, prefix=kind.value)
        self.kind = kind
        self.kind_label = self.error_subject = KIND_LABELS[kind]
        if kind not in BUFFER_KINDS:
            del self.fields["minutes"]
        if kind not in AUDIENCE_KINDS:
            del self.fields["minimum_people"]

    @property
    def other_version(self) -> list[tuple[str, str, str]]:
        """Return the versions with the kind in their label, since the page shows all kinds together."""
        return [
            (f"{self.kind_label} – {label}", control, value)
            for label, control, value in super().other_version
        ]

    def get_rule(self) -> KindRule:
        """Return the rule of a valid form."""
        data = self.cleaned_data
        return KindRule(
            ConflictLevel.Level(data["level"]), data.get("minutes", 0), data.get("minimum_people", 0)
        )


class WalkingTimesForm(EditConflictsMixin, forms.Form):
    """The minutes between any two zones of the event's rooms; no fields if these are too many to list."""

    def __init__(
        self,
        data: Any = None,
        *,
        zones: Sequence[str],
        minutes: Mapping[frozenset[str], int],
        default_minutes: int,
    ) -> None:
        super().__init__(data, prefix="walk")
        self.has_too_many_zones = len(zones) > MAX_ZONES
        listed = [] if self.has_too_many_zones else zones
        # Named by the zones, not by their order: another zone may be added while the page is open.
        self.pairs = {compute_fingerprint(pair): pair for pair in combinations(listed, 2)}
        for name, pair in self.pairs.items():
            self.fields[name] = forms.IntegerField(
                label=f"{pair[0]} – {pair[1]}",
                required=False,
                min_value=0,
                max_value=MAX_BUFFER_MINUTES,
                initial=minutes.get(frozenset(pair)),
                widget=forms.NumberInput({"placeholder": str(default_minutes)}),
            )

    def describe_limit(self) -> str:
        """Return why there are no fields; "" if there are."""
        return describe_zone_limit() if self.has_too_many_zones else ""

    def get_minutes(self) -> dict[tuple[str, str], int | None]:
        """Return the minutes by pair of zones, of a valid form."""
        return {pair: self.cleaned_data[name] for name, pair in self.pairs.items()}


class PlanningHoursForm(EditConflictsMixin, forms.ModelForm[Schedule]):
    """Between which times of day talks are planned, also on single days; empty for the usual ones."""

    compares_defaults = True

    class Meta:
        model = Schedule
        fields = ("planning_opens_at", "planning_closes_at")
        widgets = {
            "planning_opens_at": forms.TimeInput({"type": "time"}, format="%H:%M"),
            "planning_closes_at": forms.TimeInput({"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        event = self.instance.event
        days = list_programme_days(event, self.instance.day_starts_at)
        saved = load_day_settings([event.pk])[event.pk].single_days
        # An event's only day needs none of its own, but those from a longer event must be clearable.
        self.days = dict(enumerate(days, start=1)) if len(days) > 1 or 1 in saved else {}
        for number, day in self.days.items():
            opens_name, closes_name = self.get_day_names(number)
            opens_at, closes_at = saved.get(number, (None, None))
            values = {"day": format_date_with_weekday(day)}
            self.fields[opens_name] = _make_time_field(gettext("%(day)s: start") % values, opens_at)
            self.fields[closes_name] = _make_time_field(gettext("%(day)s: end") % values, closes_at)
        pairs = (self.get_day_names(number) for number in self.days)
        self.linked_fields = (("planning_opens_at", "planning_closes_at"), *pairs)

    @staticmethod
    def get_day_names(number: int) -> tuple[str, str]:
        """Return the names of the two fields of a day."""
        return f"opens_at_{number}", f"closes_at_{number}"

    @property
    def day_rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Return the days with their fields, for the page."""
        return [
            (format_date_with_weekday(day), self[opens_name], self[closes_name])
            for number, day in self.days.items()
            for opens_name, closes_name in [self.get_day_names(number)]
        ]

    def get_single_days(self) -> dict[int, SetHours]:
        """Return the hours of each day by its number, of a valid form."""
        data = self.cleaned_data
        return {
            number: (data.get(opens_name), data.get(closes_name))
            for number in self.days
            for opens_name, closes_name in [self.get_day_names(number)]
        }

    def clean(self) -> dict[str, Any]:
        """Require hours of the event that are long enough for every talk without a time."""
        data = super().clean()
        settings = DaySettings(
            self.instance.day_starts_at,
            data.get("planning_opens_at"),
            data.get("planning_closes_at"),
            {number: hours for number, hours in self.get_single_days().items() if any(hours)},
        )
        if settings.opens_at and settings.closes_at and settings.closes_at <= settings.opens_at:
            self.add_error("planning_closes_at", _("The end must be after the start."))
        else:
            self._check_day_start("planning_opens_at", settings.opens_at)
        for number in settings.single_days:
            self._check_day(number, settings)
        if settings.has_set_hours and self.has_changed() and not self.errors:
            self._check_talks_fit(settings)
        return data

    def _check_day_start(self, name: str, opens_at: datetime.time | None) -> None:
        if opens_at and opens_at < self.instance.day_starts_at:
            sentence = _("The day of the programme starts at %(time)s. Choose that time or a later one.")
            self.add_error(name, sentence % {"time": format_clock(self.instance.day_starts_at)})

    def _check_day(self, number: int, settings: DaySettings) -> None:
        """Require an end after the start, also where one of the two is that of all days."""
        opens_name, closes_name = self.get_day_names(number)
        opens_at, closes_at = settings.single_days[number]
        opens, closes = settings.get_day(number).hours
        if opens < closes:
            self._check_day_start(opens_name, opens_at)
        elif opens_at and closes_at:
            self.add_error(closes_name, _("The end must be after the start."))
        else:
            sentence = _("Enter both start and end for this day.")
            self.add_error(opens_name if opens_at else closes_name, sentence)

    def _check_talks_fit(self, days: DaySettings) -> None:
        timetable = load_working_timetable(self.instance.event)
        hours, _general_hours = compute_all_hours(self.instance.event, timetable, days=days)
        unplaced = [
            session
            for key, session in timetable.sessions.items()
            if session.role == Session.Role.TALK and key not in timetable.placements
        ]
        longest = max(unplaced, key=lambda session: session.duration, default=None)
        if not hours:
            self.add_error("planning_opens_at", _("The event does not take place at these hours."))
        elif longest and longest.duration > max(end - start for start, end in hours):
            sentence = _("These hours are too short for “%(title)s”, which lasts %(duration)s.")
            minutes = int(longest.duration.total_seconds() // 60)
            values = {"title": longest.title, "duration": format_duration(minutes)}
            self.add_error("planning_closes_at" if days.closes_at else "planning_opens_at", sentence % values)


def _make_time_field(label: str, initial: datetime.time | None) -> forms.TimeField:
    widget = forms.TimeInput({"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, initial=initial, widget=widget)


class PlanningRuleForms:
    """The forms of the page of rules: hours, one for each kind of conflict, and the walking times.

    The page includes `edit_version.html` for all of them together; each has its own fingerprints.
    """

    seen_fingerprints = ""

    def __init__(self, data: Any = None, *, event: Event) -> None:
        rules = load_rules([event.pk])[event.pk]
        self.hours = PlanningHoursForm(data, instance=Schedule.load(event), prefix="hours")
        self.kinds = [KindRuleForm(data, kind=kind, rule=rules[kind]) for kind in ConflictKind]
        walks = event.walking_times.all()
        self.walking = WalkingTimesForm(
            data,
            zones=list_zones(event),
            minutes={frozenset({walk.from_zone, walk.to_zone}): walk.minutes for walk in walks},
            default_minutes=rules[ConflictKind.WALKING].minutes,
        )

    def __iter__(self) -> Iterator[EditConflictsMixin]:
        yield self.hours
        yield from self.kinds
        yield self.walking

    def is_valid(self) -> bool:
        return all(form.is_valid() for form in self)

    @property
    def other_version(self) -> list[tuple[str, str, str]]:
        """Return what somebody else changed too, in any of the forms."""
        return [version for form in self for version in form.other_version]

    @property
    def all_forms(self) -> list[EditConflictsMixin]:
        return [*self]


def describe_zone_limit() -> str:
    sentence = gettext(
        "Walking times can be set between %(count)s zones at most. Give rooms that are close to each other "
        "the same zone."
    )
    return sentence % {"count": MAX_ZONES}


class AvailabilityOwnerForm[Owner: (Room, Speaker)](EditConflictsMixin, forms.ModelForm[Owner]):
    """A speaker or room, with the forms of its times if the page has them."""

    periods_label: str | Promise

    def __init__(
        self, *args: Any, periods: "forms.BaseFormSet[AvailabilityForm] | None" = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.periods = periods

    def get_current_rows(self) -> dict[str, list[object]]:
        if self.periods is None:
            return {}
        rows = self.instance.availabilities.all()
        stored = [
            AvailabilityPeriod(row.starts_at, row.ends_at, Availability.Level(row.level)) for row in rows
        ]
        return {"periods": describe_periods(stored)}

    def get_posted_rows(self) -> dict[str, list[object]]:
        if self.periods is None or not self.periods.is_valid():
            return {}
        return {"periods": describe_periods(read_periods(self.periods))}

    def get_rows_label(self, name: str) -> str:
        return str(self.periods_label)

    @property
    def has_changed_periods(self) -> bool:
        """Return whether the editor changed the times of a valid form."""
        has_changed = self.periods is not None and self.periods.has_changed()
        return has_changed and "periods" not in self.restored_names


class SpeakerTimesForm(AvailabilityOwnerForm[Speaker]):
    """The times of a speaker, without other fields."""

    periods_label = _("Availability")

    class Meta:
        model = Speaker
        fields = ()


class RoomPlanningForm(AvailabilityOwnerForm[Room]):
    """The turnover, zone and equipment of a room, and its times."""

    periods_label = _("When it can be used")

    class Meta:
        model = Room
        fields = ("turnover_minutes", "zone", "features")
        widgets = {"features": forms.Textarea({"rows": 4})}
        labels = {"zone": _("Zone"), "features": _("Equipment")}
        help_texts = {
            "zone": _(
                "Give rooms that are close to each other the same zone; walking times are set between zones."
            ),
            "features": _(
                "One item per line, for example a projector. Sessions can require any of these items."
            ),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["turnover_minutes"].validators.append(MaxValueValidator(MAX_BUFFER_MINUTES))
        features = self.fields["features"]
        assert isinstance(features, forms.CharField)
        features.max_length = MAX_FEATURES_CHARS
        features.widget.attrs["maxlength"] = MAX_FEATURES_CHARS
        self.zones = list_zones(event)
        self.fields["zone"].widget.attrs["list"] = "zones"

    def clean_zone(self) -> str:
        """Refuse a new zone if the event already has MAX_ZONES."""
        zone = " ".join(self.cleaned_data["zone"].split())
        others = self.instance.event.rooms.exclude(pk=self.instance.pk)
        zones = {*others.exclude(zone="").values_list("zone", flat=True), zone} - {""}
        if len(zones) > MAX_ZONES and zone != self.initial.get("zone"):
            raise forms.ValidationError(describe_zone_limit())
        return zone


class AvailabilityForm(forms.Form):
    """One period of a speaker or a room; clearing both times removes it."""

    level = forms.ChoiceField(
        label=pgettext_lazy("period", "Availability"),
        choices=Availability.Level.choices,
        initial=Availability.Level.CANNOT,
    )
    starts_at = forms.DateTimeField(
        label=pgettext_lazy("period", "From"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    ends_at = forms.DateTimeField(
        label=pgettext_lazy("period", "Until"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        """Require both times or none, in order."""
        data = super().clean() or {}
        if self.errors:
            return data
        starts_at, ends_at = data.get("starts_at"), data.get("ends_at")
        if bool(starts_at) != bool(ends_at):
            missing = "ends_at" if starts_at else "starts_at"
            self.add_error(missing, _("Enter both start and end, or clear both to remove this time."))
        elif starts_at and ends_at:
            self._check_order(starts_at, ends_at)
        return data

    def _check_order(self, starts_at: datetime.datetime, ends_at: datetime.datetime) -> None:
        if ends_at <= starts_at:
            self.add_error("ends_at", _("The end must be after the start."))
        elif starts_at.year not in YEARS or ends_at.year not in YEARS:
            self.add_error("starts_at", _("Check the year of these dates."))


class BaseAvailabilityFormSet(forms.BaseFormSet[AvailabilityForm]):
    row_label = _("Time %(number)s")


AvailabilityFormSet = forms.formset_factory(
    AvailabilityForm, BaseAvailabilityFormSet, extra=2, max_num=MAX_PERIODS, absolute_max=MAX_PERIODS
)


def read_periods(formset: "forms.BaseFormSet[AvailabilityForm]") -> list[AvailabilityPeriod]:
    """Return the times of a valid formset."""
    rows = [form.cleaned_data for form in formset.forms if form.cleaned_data.get("starts_at")]
    return [
        AvailabilityPeriod(row["starts_at"], row["ends_at"], Availability.Level(row["level"])) for row in rows
    ]


def describe_periods(periods: Iterable[AvailabilityPeriod]) -> list[object]:
    """Return a sentence for each period, by start; the same for a stored and a posted one."""
    ordered = sorted(periods, key=lambda period: (period.starts_at, period.ends_at, period.level))
    return [f"{format_datetime_range(row.starts_at, row.ends_at)} · {row.level.label}" for row in ordered]


def list_zones(event: Event) -> list[str]:
    """Return the zones of the event's rooms, in alphabetical order."""
    return sorted(set(event.rooms.exclude(zone="").values_list("zone", flat=True)))
