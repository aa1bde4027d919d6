"""What organizers fill in. Times are the event's own."""

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from convention.colours import LIGHT_PAPERS, contrast
from convention.events.models import Event

from .edit import COLUMNS, places_taken
from .models import Schedule, Session, Speaker, Track
from .prose import web_address

LARGEST_FILE: Final = 20 * 1024 * 1024
MOST_PLACES: Final = 1_000_000
MOST_SPEAKERS: Final = 100
LONGEST_TEXT: Final = 100_000
COLOUR: Final = re.compile("#[0-9a-f]{6}")
SEEN: Final = 3.0  # WCAG 1.4.11


def local_time() -> forms.DateTimeInput:
    """A native date and time field."""
    return forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class SessionForm(forms.ModelForm[Session]):
    """A session; `speakers` are names, one a line."""

    speakers = forms.CharField(
        label=_("Speakers"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One name a line, in the order of the programme. A new name becomes a new speaker."),
        max_length=20_000,
    )

    class Meta:
        model = Session
        fields = COLUMNS
        widgets = {
            "starts_at": local_time(),
            "ends_at": local_time(),
            "abstract": forms.Textarea({"rows": 5}),
            "description": forms.Textarea({"rows": 8}),
        }
        labels = {
            "language": _("Language"),
            "capacity": _("Places"),
            "track": _("Track"),
            "room": _("Room"),
            "url": _("Page elsewhere"),
            "is_bookable": _("Places are booked in advance"),
        }
        help_texts = {
            "is_bookable": _("Its door then admits only those who booked; else whoever comes is let in."),
            "language": _("As a code, such as fr or en; several with a comma."),
            "capacity": _("Empty: places are not counted."),
            "abstract": _("Plain text, Markdown or simple HTML. Shown first, and printed."),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        self.fields["track"].queryset = event.tracks.all()  # type: ignore[attr-defined]  # a form field of choice
        self.fields["room"].queryset = event.rooms.all()  # type: ignore[attr-defined]  # a form field of choice
        for name in ("abstract", "description"):
            self.fields[name].max_length = LONGEST_TEXT  # type: ignore[attr-defined]  # a form field of choice
        self.fields["capacity"].validators.append(MaxValueValidator(MOST_PLACES))
        kinds = event.sessions.exclude(kind="").values_list("kind", flat=True).distinct()
        self.kinds = sorted(set(kinds))
        self.fields["kind"].widget.attrs["list"] = "kinds"

    def clean_title(self) -> str:
        """More than spaces and marks that nobody sees."""
        title = " ".join(self.cleaned_data["title"].split())
        if not any(mark.isprintable() and not mark.isspace() for mark in title):
            raise ValidationError(_("Write a title."))
        return title

    def clean_url(self) -> str:
        """Only web addresses."""
        address: str = self.cleaned_data["url"]
        if address and not web_address(address):
            raise ValidationError(_("Write an address that begins with https://."))
        return address

    def clean_speakers(self) -> list[str]:
        """The names, each once."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["speakers"].splitlines()]
        names = list(dict.fromkeys(line for line in lines if line))
        if len(names) > MOST_SPEAKERS:
            raise ValidationError(
                _("A session has at most %(most)s speakers."), params={"most": MOST_SPEAKERS}
            )
        if any(len(name) > 300 for name in names):
            raise ValidationError(_("A name has at most 300 characters; write one name a line."))
        return names

    def clean_capacity(self) -> int | None:
        """Never fewer than are taken."""
        capacity: int | None = self.cleaned_data["capacity"]
        if capacity is not None and capacity < self.instance.taken:
            raise ValidationError(places_taken(self.instance.taken))
        return capacity

    def clean(self) -> dict[str, Any]:
        """Both times or none, in order, and not longer than two weeks."""
        data = super().clean() or self.cleaned_data
        if self.errors.keys() & {"starts_at", "ends_at"}:
            return data
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if bool(starts) != bool(ends):
            missing = "ends_at" if starts else "starts_at"
            self.add_error(
                missing, _("Give both start and end, or neither while the session has no place yet.")
            )
        elif starts and ends and ends < starts:
            self.add_error("ends_at", _("The end must come after the start."))
        elif starts and ends and (ends - starts).days >= 14:
            self.add_error("ends_at", _("A session lasts less than two weeks; check the dates."))
        return data

    def _post_clean(self) -> None:
        """The acts write the row, not the form: leave the instance as it is."""


class TrackForm(forms.ModelForm[Track]):
    """A track with a colour that can be seen."""

    class Meta:
        model = Track
        fields = ("name", "color")
        widgets = {"color": forms.TextInput({"type": "color"})}

    def clean_name(self) -> str:
        """Once per event."""
        name = " ".join(self.cleaned_data["name"].split())
        others = self.instance.event.tracks.filter(name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(_("There is a track of this name already."))
        return name

    def clean_color(self) -> str:
        """“#rrggbb”, dark enough for paper."""
        colour: str = self.cleaned_data["color"].lower()
        if colour and not COLOUR.fullmatch(colour):
            raise ValidationError(_("Write a colour as #rrggbb."))
        if colour and colour != self.instance.color and contrast(colour, LIGHT_PAPERS[0]) < SEEN:
            raise ValidationError(_("This colour is hardly seen on white paper; choose a darker one."))
        return colour


class SpeakerForm(forms.ModelForm[Speaker]):
    """Who speaks."""

    class Meta:
        model = Speaker
        fields = ("name", "biography", "url")
        widgets = {"biography": forms.Textarea({"rows": 8})}
        labels = {"url": _("Page elsewhere")}

    def clean_name(self) -> str:
        """Single spaces; two people may share a name."""
        return " ".join(self.cleaned_data["name"].split())

    def clean_url(self) -> str:
        """Only web addresses."""
        address: str = self.cleaned_data["url"]
        if address and not web_address(address):
            raise ValidationError(_("Write an address that begins with https://."))
        return address


class ScheduleForm(forms.ModelForm[Schedule]):
    """What holds for the whole programme."""

    class Meta:
        model = Schedule
        fields = ("version", "day_starts")
        widgets = {"day_starts": forms.TimeInput({"type": "time"}, format="%H:%M")}
        help_texts = {
            "version": _("Shown with the programme and printed on every sheet."),
            "day_starts": _("What begins earlier in the night belongs to the day before."),
        }


class UploadForm(forms.Form):
    """A schedule file."""

    file = forms.FileField(
        label=_("Schedule file"),
        help_text=_("frab or Pentabarf XML, frab JSON, or iCalendar. The file's content decides."),
        widget=forms.FileInput({"accept": ".xml,.json,.ics,.ical,application/xml,text/calendar"}),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("This file is empty. Choose another one."),
        },
    )

    def clean_file(self) -> Any:
        """Not too large to be a schedule."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(
                _("This file is larger than 20 MB; a schedule is smaller. Choose another one.")
            )
        return file
