"""Forms for mailings, their schedule, tests, reminders and bounced addresses."""

import re
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.events.models import Event
from convention.text.dates import format_date
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.normalize import casefold_text, normalize_whitespace
from convention.web.forms import ActionErrorsMixin, hide_optional_mark
from registrations.models import Registration

from .composing.drafts import MailingDraft
from .composing.invitations import get_first_day
from .composing.segments import (
    ABSENT,
    ARRIVED,
    CONFIRMED,
    GROUP,
    MEMBERS,
    OTHER_EVENT,
    PHOTO_ALLOWED,
    PHOTO_REFUSED,
    UNPAID,
    WAITING_LIST,
    Segment,
    describe_selected,
    select_only,
)
from .composing.waiting_list import list_entries_to_mail
from .models import MAX_SUBJECT_LENGTH, MAX_TEXT_LENGTH, TEXT_FIELDS, Mailing, ReminderPlan
from .permissions import list_events_to_invite_from, list_permitted_audiences
from .sending.reminders import MAX_DAYS_BEFORE, MAX_REMINDERS, ReminderChoices, get_reminder_texts

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

STATE_CHOICES = [
    *((state.value, state.label) for state in Registration.State if state.value != "expired"),
    (WAITING_LIST, _("on the waiting list")),
]
CRITERIA_FIELDS = (
    "states", "tickets", "addons", "company", "payment", "presence", "checkpoint", "language", "photo",
)  # fmt: skip
AUDIENCE_FIELDS = ("audience", "audience_event", "excludes_registered")
MAX_EVENTS_TO_INVITE_FROM: Final = 50
TEXT_LABELS = {
    "subject_fr": _("Subject in French"),
    "text_fr": _("Text in French"),
    "subject_en": _("Subject in English"),
    "text_en": _("Text in English"),
}

# The French word for “all” has the gender of its noun.
ALL_FEMININE: Final = pgettext_lazy("feminine", "all")


class MailTextsForm(ActionErrorsMixin, forms.Form):
    """Subject and text in each language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in TEXT_FIELDS:
            self.fields[name] = _subject_field(name) if name.startswith("subject") else _text_field(name)

    def get_texts(self) -> dict[str, str]:
        """Return the texts: subjects on one line, line breaks as LF."""
        data = self.cleaned_data
        return {
            name: normalize_whitespace(data[name])
            if name.startswith("subject")
            # Browsers send CRLF; stored texts have LF, so that an unchanged text compares as equal.
            else data[name].replace("\r\n", "\n").strip()
            for name in TEXT_FIELDS
        }


def _subject_field(name: str) -> forms.CharField:
    attributes = {"lang": name[-2:]}
    widget = forms.TextInput(attrs=attributes)
    return forms.CharField(
        label=TEXT_LABELS[name], max_length=MAX_SUBJECT_LENGTH, required=False, widget=widget
    )


def _text_field(name: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 12, "lang": name[-2:]})
    return forms.CharField(label=TEXT_LABELS[name], max_length=MAX_TEXT_LENGTH, required=False, widget=widget)


class MailingForm(MailTextsForm):
    purpose = forms.ChoiceField(
        label=_("Type of mailing"),
        choices=Mailing.Purpose.choices,
        widget=forms.RadioSelect,
        help_text=_("People who have unsubscribed receive no news, only what they need for the event."),
    )
    audience = forms.ChoiceField(label=_("Write to"), widget=forms.RadioSelect, required=False)
    audience_event = forms.TypedChoiceField(
        label=_("Event whose participants you invite"), required=False, coerce=int, empty_value=None
    )
    excludes_registered = forms.BooleanField(
        label=_("Leave out those who have registered or applied already"), required=False,
        help_text=_("Also those who cancelled, withdrew their application or were refused."),
    )  # fmt: skip
    states = forms.MultipleChoiceField(
        label=_("Status"), choices=STATE_CHOICES, widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Leave unticked for all registrations, without the waiting list."),
    )  # fmt: skip
    tickets = forms.MultipleChoiceField(
        label=_("Tickets"), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Leave unticked for all tickets."),
    )  # fmt: skip
    addons = forms.MultipleChoiceField(
        label=_("Add-ons"), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Tick add-ons to write only to the people who have one of them."),
    )  # fmt: skip
    company = forms.ChoiceField(label=_("Company"), required=False)
    payment = forms.ChoiceField(
        label=_("Payment"), choices=[("", _("all")), (UNPAID, _("unpaid"))], required=False
    )
    presence = forms.ChoiceField(
        label=pgettext_lazy("mailing", "Attendance"),
        choices=[("", _("all")), (ARRIVED, _("arrived")), (ABSENT, _("not arrived"))],
        required=False,
    )
    checkpoint = forms.TypedChoiceField(
        label=_("Attendance counted at"), required=False, coerce=int, empty_value=None
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", ALL_FEMININE), *LANGUAGE_CHOICES], required=False
    )
    photo = forms.ChoiceField(
        label=_("Photographs"),
        choices=[
            ("", ALL_FEMININE),
            (PHOTO_REFUSED, _("does not want to be photographed")),
            (PHOTO_ALLOWED, _("may be photographed")),
        ],
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        event: Event,
        mailing: Mailing | None = None,
        prepared: MailingDraft | None = None,
        reader: "RequestUser | None" = None,
        **kwargs: Any,
    ) -> None:
        """Fill the form with a saved mailing, or with the texts and the people prepared for a new one.

        `reader` may invite other people to the event, as far as they may read who these are.
        """
        initial = _initial_values(mailing) | (
            {"purpose": prepared.purpose, **prepared.segment.to_json(), **prepared.texts} if prepared else {}
        )
        if initial.get("audience"):
            # Without a state, a mailing that becomes one to attendees would reach cancelled ones too.
            initial["states"] = [CONFIRMED]
        super().__init__(*args, initial=initial, **kwargs)
        segment = Segment.from_json(mailing.segment) if mailing else Segment()
        self.selected_ids = prepared.segment.registrations if prepared else segment.registrations
        self.selected_text = describe_selected(self.selected_ids, event)
        # An organizer chose these people one by one: criteria would leave out some of them.
        if self.selected_ids:
            for name in (*CRITERIA_FIELDS, *AUDIENCE_FIELDS):
                del self.fields[name]
            return
        self._offer_audiences(event, reader)
        # Only these checkpoints have presences.
        checkpoints = event.checkpoints.filter(counts_as__isnull=True)
        companies = Registration.objects.filter(event=event).exclude(company="").order_by()
        self._set_choices("tickets", [(ticket.slug, ticket.title) for ticket in event.tickets.all()])
        self._set_choices("addons", [(addon.slug, addon.title) for addon in event.addons.all()])
        waiting = list_entries_to_mail(event).exclude(company="")
        found = {*companies.values_list("company", flat=True), *waiting.values_list("company", flat=True)}
        names = sorted(found, key=casefold_text)
        self._set_choices("company", [("", ALL_FEMININE), *((name, name) for name in names)])
        self._set_choices(
            "checkpoint",
            [("", _("the event")), *((checkpoint.pk, checkpoint.name) for checkpoint in checkpoints)],
        )

    def _offer_audiences(self, event: Event, reader: "RequestUser | None") -> None:
        audiences = list_permitted_audiences(reader, event) if reader else []
        if not audiences:
            for name in AUDIENCE_FIELDS:
                del self.fields[name]
            return
        labels = {
            GROUP: _("the group (officers, and participants in its last meetings)"),
            MEMBERS: _("all members (people with a seat on %(day)s)")
            % {"day": format_date(get_first_day(event))},
            OTHER_EVENT: _("participants in another event"),
        }
        invited = [(audience, labels[audience]) for audience in audiences]
        self._set_choices("audience", [("", _("people registered or on the waiting list")), *invited])
        # The empty value is a choice too.
        hide_optional_mark(self.fields["audience"])
        if OTHER_EVENT not in audiences:
            del self.fields["audience_event"]
            return
        assert reader
        events = list_events_to_invite_from(reader, event)[:MAX_EVENTS_TO_INVITE_FROM]
        titles = [(row.pk, f"{row.title} ({get_first_day(row):%Y-%m-%d})") for row in events]
        self._set_choices("audience_event", [("", "–"), *titles])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        is_missing = data.get("audience") == OTHER_EVENT and not data.get("audience_event")
        if is_missing and "audience_event" not in self.errors:
            self.add_error("audience_event", _("Choose the event whose participants you invite."))
        return data

    def _set_choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def get_draft(self) -> MailingDraft:
        purpose, texts = self.cleaned_data["purpose"], self.get_texts()
        return MailingDraft(purpose=purpose, texts=texts, segment=self._make_segment())

    def _make_segment(self) -> Segment:
        if self.selected_ids:
            return select_only(self.selected_ids)
        if audience := self.cleaned_data.get("audience"):
            return self._make_invited_segment(audience)
        criteria = {name: self.cleaned_data[name] for name in CRITERIA_FIELDS}
        return Segment.from_json(criteria)

    def _make_invited_segment(self, audience: str) -> Segment:
        """Return the segment of an invitation, which has no criteria of registrations."""
        return Segment(
            states=(),
            language=self.cleaned_data["language"],
            audience=audience,
            audience_event=self.cleaned_data.get("audience_event") if audience == OTHER_EVENT else None,
            excludes_registered=self.cleaned_data["excludes_registered"],
        )


def _initial_values(mailing: Mailing | None) -> dict[str, Any]:
    if mailing is None:
        return {
            "purpose": Mailing.Purpose.INFORMATION,
            "states": [CONFIRMED],
            "excludes_registered": True,
        }
    texts = {name: getattr(mailing, name) for name in TEXT_FIELDS}
    return {"purpose": mailing.purpose, **mailing.segment, **texts}


class MailingScheduleForm(forms.Form):
    """The time at which a mailing is sent, in the event's time zone."""

    at = LocalDateTimeField(label=_("Send at"))

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        add_time_zone(self, "at", self.event.zone)
        return data


class PreviewForm(forms.Form):
    """The recipient and language of a preview."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES)
    reference = forms.ChoiceField(label=_("View as"), required=False)

    def __init__(self, *args: Any, names: list[tuple[str, str]], languages: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(code, name) for code, name in LANGUAGE_CHOICES if code in languages]
        for name, choices in (("language", offered), ("reference", names)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


class RemindersForm(MailTextsForm):
    is_enabled = forms.BooleanField(label=_("Send reminders"), required=False)
    days = forms.CharField(
        label=_("Days before the event"),
        max_length=40,
        required=False,
        help_text=_(
            "Whole numbers separated by commas, such as 7, 1. Reminders are sent on those days, "
            "at the time the event starts."
        ),
    )

    def __init__(self, *args: Any, plan: ReminderPlan, **kwargs: Any) -> None:
        days = ", ".join(str(number) for number in plan.days)
        super().__init__(
            *args, initial={"is_enabled": plan.is_enabled, "days": days, **get_reminder_texts(plan)}, **kwargs
        )

    def clean_days(self) -> tuple[int, ...]:
        """Return the distinct numbers of days, checked against the limits."""
        words = self.cleaned_data["days"].replace(";", ",").replace(",", " ").split()
        # isascii: str.isdigit() is true for digits such as "²", for which int() fails.
        if not all(word.isascii() and word.isdigit() and 0 < int(word) <= MAX_DAYS_BEFORE for word in words):
            raise forms.ValidationError(
                _("Enter whole numbers from 1 to %(most)d, such as 7, 1.") % {"most": MAX_DAYS_BEFORE}
            )
        days = tuple(sorted({int(word) for word in words}, reverse=True))
        if len(days) > MAX_REMINDERS:
            raise forms.ValidationError(_("At most %(most)d reminders.") % {"most": MAX_REMINDERS})
        return days

    def get_choices(self) -> ReminderChoices:
        data = self.cleaned_data
        return ReminderChoices(is_enabled=data["is_enabled"], days=data["days"], texts=self.get_texts())


class BouncedAddressesForm(forms.Form):
    """Bounced addresses, pasted in any text."""

    addresses = forms.CharField(
        label=_("Bounced addresses"),
        max_length=MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text=_("One address or a pasted list; names next to the addresses are ignored."),
    )

    def clean_addresses(self) -> list[str]:
        """Return the distinct addresses in the text, in order."""
        # Accepts the formats that mail programs copy: lists, "Name <address>" and mailto links.
        words = re.split(r"[\s,;<>()\"]+", self.cleaned_data["addresses"])
        found = list(dict.fromkeys(word.removeprefix("mailto:") for word in words if "@" in word))
        if not found:
            raise forms.ValidationError(_("Enter at least one e-mail address, such as name@example.org."))
        return found
