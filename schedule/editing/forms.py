"""Forms for organizers; times are in the event's time zone."""

import datetime
import re
from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.rich_text.sanitize import MAX_TEXT_CHARS, filter_web_address
from convention.text.dates import format_clock, format_datetime
from convention.text.languages import find_language_code, get_language_name, parse_languages
from convention.text.normalize import normalize_whitespace, search_text
from convention.web.accent_colours import LIGHT_PAPERS, contrast_ratio
from convention.web.edit_conflicts import compute_fingerprint
from convention.web.edit_forms import EditConflictsMixin
from convention.web.forms import CountField, set_empty_label
from schedule.exchange.parsing.decode_file import MAX_FILE_BYTES
from schedule.models import DayHours, Schedule, Session, Track
from schedule.programme.days import list_programme_days
from schedule.programme.embedding import clean_embedding_sites

from .sessions import EDITABLE_FIELDS, PLANNING_FIELDS, describe_taken_places

MAX_PLANNED_MINUTES: Final = 24 * 60
MAX_SPEAKERS: Final = 100
COLOR_PATTERN: Final = re.compile("#[0-9a-f]{6}")
MIN_CONTRAST_RATIO: Final = 3.0  # WCAG 1.4.11


def make_local_time_input() -> forms.DateTimeInput:
    return forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class SessionChoiceIterator(ModelChoiceIterator):
    """The sessions of a choice by title, without regard to accents."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield ("", self.field.empty_label)
        yield from map(self.choice, sorted(self.queryset, key=lambda row: search_text(row.title)))


class SessionChoiceField(forms.ModelChoiceField[Session]):
    """A choice of a session by title and start, which tells apart those of the same title."""

    iterator = SessionChoiceIterator

    def label_from_instance(self, obj: Session) -> str:
        if obj.starts_at is None:
            return obj.title
        return f"{obj.title} ({format_datetime(obj.starts_at, obj.event.zone)})"


class SessionForm(forms.ModelForm[Session]):
    """A session; `speakers` are names, one on each line."""

    speakers = forms.CharField(
        label=_("Speakers"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One name per line, in the order shown. A new name creates a new speaker."),
        max_length=20_000,
    )
    is_time_pinned = forms.BooleanField(label=_("Keep this time when planning"), required=False)
    is_room_pinned = forms.BooleanField(label=_("Keep this room when planning"), required=False)

    class Meta:
        model = Session
        fields = EDITABLE_FIELDS
        field_classes = {
            "follows": SessionChoiceField,
            "capacity": CountField,
            "expected_attendance": CountField,
        }
        widgets = {
            "starts_at": make_local_time_input(),
            "ends_at": make_local_time_input(),
            "abstract": forms.Textarea({"rows": 5}),
            "description": forms.Textarea({"rows": 8}),
            "needed_features": forms.Textarea({"rows": 2}),
        }
        labels = {
            "role": _("Role in the timetable"),
            "language": _("Languages"),
            "capacity": _("Places"),
            "track": _("Track"),
            "room": _("Room"),
            "url": _("External link"),
            "is_bookable": _("Booking required"),
            "is_for_members": _("For members only"),
        }
        help_texts = {
            "is_bookable": _(
                "If ticked, only people with a booking are admitted; otherwise the session is open."
            ),
            "is_for_members": _(
                "Hidden from everyone else, in the programme and in feeds, as soon as you save."
            ),
            "language": _("For example “French”, or “French, English”."),
            "capacity": _("Leave empty for no limit."),
            "role": _(
                "Nothing else is scheduled alongside a plenary or a break. Blocked time is never public."
            ),
            "planned_minutes": _("Leave empty to keep the session’s length in the timetable."),
            "expected_attendance": _("Compared with the room’s capacity."),
            "needed_features": _("One item per line, with the same names as in the rooms."),
            "follows": _("This session must start after the selected one has ended."),
            "abstract": _("Plain text, Markdown or simple HTML. Shown first and on printed programmes."),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        # Of this event only, or a crafted form could choose rooms and tracks of another.
        self.fields["track"].queryset = event.tracks.all()  # type: ignore[attr-defined]  # a form field of choice
        self.fields["room"].queryset = event.rooms.all()  # type: ignore[attr-defined]  # a form field of choice
        others = event.sessions.exclude(pk=self.instance.pk).order_by()
        self.fields["follows"].queryset = others.only("title", "starts_at", "event")  # type: ignore[attr-defined]  # a form field of choice
        set_empty_label(self, gettext("none"), "track")
        set_empty_label(self, pgettext("feminine", "none"), "room", "follows")
        names = map(get_language_name, parse_languages(self.instance.language))
        self.initial["language"] = ", ".join(names)
        # A form without it, such as a program's, keeps the session's role.
        self.fields["role"].required = False
        self.fields["planned_minutes"].validators.append(MaxValueValidator(MAX_PLANNED_MINUTES))
        for name in ("abstract", "description", "needed_features"):
            self.fields[name].validators.append(MaxLengthValidator(MAX_TEXT_CHARS))
        # Suggested by a datalist and not enforced: a kind is free text.
        kinds = event.sessions.exclude(kind="").values_list("kind", flat=True).distinct()
        self.kinds = sorted(set(kinds))
        self.fields["kind"].widget.attrs["list"] = "kinds"

    @property
    def has_planning_values(self) -> bool:
        """Return whether any field for planning has a value or an error worth opening their section for."""
        values = (getattr(self.instance, name) for name in PLANNING_FIELDS if name != "role")
        return (
            self.instance.role != Session.Role.TALK
            or any(values)
            or any(name in self.errors for name in PLANNING_FIELDS)
        )

    def clean_title(self) -> str:
        """Refuse a title of spaces and invisible characters only."""
        title = " ".join(self.cleaned_data["title"].split())
        if not any(character.isprintable() and not character.isspace() for character in title):
            raise ValidationError(_("Enter a title."))
        return title

    def clean_subtitle(self) -> str:
        return normalize_whitespace(self.cleaned_data["subtitle"])

    def clean_kind(self) -> str:
        return normalize_whitespace(self.cleaned_data["kind"])

    def clean_language(self) -> str:
        # What an import stored is not rewritten by an editor who did not touch it.
        if "language" not in self.changed_data:
            return self.instance.language
        parts = parse_languages(self.cleaned_data["language"])
        return ", ".join(dict.fromkeys(map(find_language_code, parts)))

    def clean_role(self) -> str:
        return self.cleaned_data["role"] or self.instance.role

    def clean_url(self) -> str:
        address: str = self.cleaned_data["url"]
        if address and not filter_web_address(address):
            raise ValidationError(_("Enter an address that starts with https://."))
        return address

    def clean_speakers(self) -> list[str]:
        """Return the distinct names."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["speakers"].splitlines()]
        names = list(dict.fromkeys(line for line in lines if line))
        if len(names) > MAX_SPEAKERS:
            raise ValidationError(
                _("A session can have at most %(most)s speakers."), params={"most": MAX_SPEAKERS}
            )
        if any(len(name) > 300 for name in names):
            raise ValidationError(_("A name can have at most 300 characters. Enter one name per line."))
        return names

    def clean_capacity(self) -> int | None:
        """Refuse a capacity below the number of places taken."""
        capacity: int | None = self.cleaned_data["capacity"]
        # Checked here to show the error at the field; check_capacity checks again on the locked row.
        if capacity is not None and capacity < self.instance.reserved:
            raise ValidationError(describe_taken_places(self.instance.reserved))
        return capacity

    def clean(self) -> dict[str, Any]:
        """Require both times or none, in order, at most two weeks apart."""
        data = super().clean() or self.cleaned_data
        if self.errors.keys() & {"starts_at", "ends_at"}:
            return data
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if data.get("room") and not starts and not ends:
            self.add_error("starts_at", _("To assign a room, enter start and end, too."))
        if bool(starts) != bool(ends):
            missing = "ends_at" if starts else "starts_at"
            self.add_error(
                missing,
                _("Enter both start and end, or leave both empty if the session is not scheduled yet."),
            )
        elif starts and ends and ends < starts:
            self.add_error("ends_at", _("The end must be after the start."))
        elif starts and ends and (ends - starts).days >= 14:
            self.add_error("ends_at", _("A session cannot last two weeks or more. Check the dates."))
        return data

    def _post_clean(self) -> None:
        """Leave the instance alone: the actions write the row, not the form."""


class TrackForm(EditConflictsMixin, forms.ModelForm[Track]):
    class Meta:
        model = Track
        fields = ("name", "color")
        widgets = {"color": forms.TextInput({"type": "color"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Browsers show, and send, black for a colour input without a value.
        self.initial["color"] = self.instance.shown_color

    def clean_name(self) -> str:
        """Refuse a name that another track of the event has."""
        name = " ".join(self.cleaned_data["name"].split())
        others = self.instance.event.tracks.filter(name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(_("A track with this name already exists."))
        return name

    def clean_color(self) -> str:
        """Require “#rrggbb”, dark enough to be seen on paper.

        A track without a colour of its own keeps none if it is left as shown.
        """
        colour: str = self.cleaned_data["color"].lower()
        if colour == self.initial["color"] and self.instance.pk:
            return self.instance.color
        if colour and not COLOR_PATTERN.fullmatch(colour):
            raise ValidationError(_("Enter a colour as #rrggbb."))
        if (
            colour
            # An imported colour may be too light; it must not keep organizers from renaming its track.
            and colour != self.instance.color
            # Left as shown, and changed by somebody else since: the current colour is kept.
            and compute_fingerprint(colour) != self._posted_fingerprints.get("color", "")
            and contrast_ratio(colour, LIGHT_PAPERS[0]) < MIN_CONTRAST_RATIO
        ):
            raise ValidationError(_("This colour is hard to see on white paper. Choose a darker one."))
        return colour

    def clean(self) -> dict[str, Any]:
        """Keep the stored colour, not the shown one, if the editor left it alone."""
        data = super().clean()
        if "color" in self.restored_names:
            data["color"] = self.instance.color
        return data


class ScheduleSettingsForm(EditConflictsMixin, forms.ModelForm[Schedule]):
    compares_defaults = True

    class Meta:
        model = Schedule
        fields = ("day_starts_at", "embedding_sites")
        widgets = {
            "day_starts_at": forms.TimeInput({"type": "time"}, format="%H:%M"),
            "embedding_sites": forms.Textarea({"rows": 3}),
        }
        help_texts = {
            "day_starts_at": _("Sessions that start before this time belong to the previous day."),
            "embedding_sites": _(
                "One address per line, for example https://www.example.org, or * for any site. "
                "Leave empty for none."
            ),
        }

    def clean_day_starts_at(self) -> datetime.time:
        """Refuse a start of the day after the hours of planning, which would be outside it."""
        day_starts_at: datetime.time = self.cleaned_data["day_starts_at"]
        event = self.instance.event
        # Not those of days that the event no longer has.
        day_count = len(list_programme_days(event, self.instance.day_starts_at))
        rows = DayHours.objects.filter(event=event, number__lte=day_count)
        single_days = rows.values_list("opens_at", flat=True)
        opens_at = min(filter(None, [self.instance.planning_opens_at, *single_days]), default=None)
        if opens_at and "day_starts_at" in self.changed_data and opens_at < day_starts_at:
            sentence = _(
                "Sessions are planned from %(time)s. Choose that time or an earlier one, or first change "
                "“Hours of the days” under “Rules and availability”."
            )
            raise ValidationError(sentence % {"time": format_clock(opens_at)})
        return day_starts_at

    def clean_embedding_sites(self) -> str:
        return clean_embedding_sites(self.cleaned_data["embedding_sites"])


class ScheduleUploadForm(forms.Form):
    file = forms.FileField(
        label=_("Schedule file"),
        help_text=_(
            "frab or Pentabarf XML, frab JSON, iCalendar, Sessionize or KotlinConf JSON, or a table "
            "(.xlsx or .csv). The format is detected from the file’s content."
        ),
        widget=forms.FileInput(
            {"accept": ".xml,.json,.ics,.ical,.csv,.xlsx,.xls,.ods,application/xml,text/calendar,text/csv"}
        ),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("This file is empty. Choose another one."),
        },
    )

    def clean_file(self) -> Any:
        """Refuse a file too large to be a schedule, before it is read into memory."""
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise ValidationError(_("This file is larger than 20 MB. Choose a smaller one."))
        return file
