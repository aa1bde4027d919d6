"""Forms of speakers on their own page, and of organizers about speakers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event
from convention.rich_text.sanitize import MAX_TEXT_CHARS, filter_web_address
from convention.text.dates import format_date_with_weekday
from convention.text.normalize import normalize_whitespace, search_text
from convention.web.edit_forms import EditConflictsMixin
from convention.web.forms import ActionErrorsMixin
from schedule.models import Session, Speaker, SpeakerMailing
from schedule.models.speakers import MAX_SUBJECT_LENGTH, MAX_TEXT_LENGTH, TEXT_FIELDS
from schedule.programme.agenda import query_sessions

from .audience import SpeakerAudience, SpeakerState, list_days

MARKDOWN_HELP = _("Plain text, Markdown or simple HTML.")
TEXT_LABELS = {
    "subject_fr": _("Subject in French"),
    "text_fr": _("Text in French"),
    "subject_en": _("Subject in English"),
    "text_en": _("Text in English"),
}
MAX_TITLE_LENGTH = 80


class SpeakerProfileForm(EditConflictsMixin, forms.ModelForm[Speaker]):
    """The fields that speakers change themselves."""

    class Meta:
        model = Speaker
        fields: tuple[str, ...] = ("company", "biography", "url", "language")
        widgets = {"biography": forms.Textarea({"rows": 8})}
        labels = {"url": _("Website or profile"), "company": _("Company")}
        help_texts = {"biography": MARKDOWN_HELP}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["biography"].validators.append(MaxLengthValidator(MAX_TEXT_CHARS))

    def clean_company(self) -> str:
        return normalize_whitespace(self.cleaned_data["company"])

    def clean_url(self) -> str:
        address: str = self.cleaned_data["url"]
        if address and not filter_web_address(address):
            raise ValidationError(_("Enter an address that starts with https://."))
        return address


class SpeakerForm(SpeakerProfileForm):
    """A speaker, for organizers."""

    class Meta(SpeakerProfileForm.Meta):
        fields = ("name", "email", "company", "biography", "url", "language")
        help_texts = {
            "biography": MARKDOWN_HELP,
            "email": _("For your e-mails to this speaker; it is never shown to the public."),
        }

    def clean_name(self) -> str:
        """Normalize spaces; two speakers may share a name."""
        return " ".join(self.cleaned_data["name"].split())


class AddressesForm(forms.Form):
    addresses = forms.CharField(
        label=_("Names and addresses"),
        max_length=500_000,
        strip=False,
        widget=forms.Textarea({"rows": 12, "spellcheck": "false"}),
        help_text=_(
            "One speaker per line: name and e-mail address, as copied from two columns of a spreadsheet. "
            "You can also paste the recipients of an e-mail, one per line."
        ),
        error_messages={"required": _("Paste at least one line.")},
    )


class PhotoForm(forms.Form):
    photo = forms.FileField(
        label=_("Photograph"),
        help_text=_("JPEG, PNG or WebP, at most 10 MB. It is cropped to a square."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={
            "required": _("Choose a photograph."),
            "empty": _("This file is empty. Choose another one."),
        },
    )
    has_consent = forms.BooleanField(required=False)


class SlidesForm(forms.Form):
    slides = forms.FileField(
        label=_("Slides"),
        max_length=500,
        help_text=_("PDF, PPTX or ODP, at most 25 MB."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.pptx,.odp"}),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("This file is empty. Choose another one."),
        },
    )
    has_consent = forms.BooleanField(required=False)


class SpeakerMailingForm(ActionErrorsMixin, forms.Form):
    """The audience of a mailing, and its texts."""

    state = forms.ChoiceField(
        label=_("Speakers"),
        required=False,
        choices=[
            ("", pgettext_lazy("speakers", "all")),
            *((state.value, state.label) for state in SpeakerState if state != SpeakerState.NO_ADDRESS),
        ],
    )
    session = forms.ChoiceField(label=_("Session"), required=False)
    room = forms.ChoiceField(label=_("Room"), required=False)
    day = forms.ChoiceField(label=_("Day"), required=False)
    track = forms.ChoiceField(label=_("Track"), required=False)

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sessions = query_sessions(event).exclude(role=Session.Role.BLOCKER)
        titles = [(row.pk, row.title[:MAX_TITLE_LENGTH]) for row in sessions]
        self._set_choices("session", sorted(titles, key=lambda choice: search_text(choice[1])))
        self._set_choices("room", [(row.pk, row.name) for row in event.rooms.all()])
        self._set_choices("day", [(str(day), format_date_with_weekday(day)) for day in list_days(event)])
        self._set_choices("track", [(row.pk, row.name) for row in event.tracks.all()])
        for name in TEXT_FIELDS:
            self.fields[name] = _make_text_field(name)

    def _set_choices(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        no_filter = (
            pgettext_lazy("feminine", "all")
            if name in ("session", "room")
            else pgettext_lazy("speakers", "all")
        )
        field.choices = [("", no_filter), *choices]

    def get_audience(self) -> SpeakerAudience:
        data = self.cleaned_data
        keys = {name: int(data[name]) if data[name] else None for name in ("session", "room", "track")}
        return SpeakerAudience(state=data["state"], day=data["day"], **keys)

    def get_texts(self) -> dict[str, str]:
        """Return the texts: subjects on one line, line breaks as LF."""
        data = self.cleaned_data
        return {
            name: normalize_whitespace(data[name])
            if name.startswith("subject")
            else data[name].replace("\r\n", "\n").strip()
            for name in TEXT_FIELDS
        }


def _make_text_field(name: str) -> forms.CharField:
    attributes = {"lang": name[-2:]}
    is_subject = name.startswith("subject")
    return forms.CharField(
        label=TEXT_LABELS[name],
        max_length=MAX_SUBJECT_LENGTH if is_subject else MAX_TEXT_LENGTH,
        required=False,
        widget=forms.TextInput(attributes) if is_subject else forms.Textarea({"rows": 10, **attributes}),
    )


def clean_kind(value: str) -> SpeakerMailing.Kind:
    """Return the kind of mailing with this value; a message for any other."""
    kinds = SpeakerMailing.Kind
    return kinds(value) if value in kinds.values else kinds.MESSAGE
