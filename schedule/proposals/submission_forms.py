"""The form in which speakers propose a session, without an account."""

import uuid
from dataclasses import dataclass
from typing import Any, Final, Self

from django import forms
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError, InvalidFields
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.normalize import normalize_whitespace
from convention.web.forms import ActionErrorsMixin
from schedule.models import CallForProposals, ProposalSpeaker, SessionFormat, SessionProposal, Track

from .submit import MAX_SPEAKERS, ProposalContent, ProposedSpeaker

MAX_ABSTRACT_CHARS: Final = 5_000
MAX_NOTES_CHARS: Final = 5_000
MAX_BIOGRAPHY_CHARS: Final = 3_000
MAX_KEY_CHARS: Final = 36
SPEAKERS_PREFIX: Final = "speakers"


class SessionProposalForm(ActionErrorsMixin, forms.ModelForm[SessionProposal]):
    """The session itself; `ProposalSpeakerFormSet` has its speakers."""

    class Meta:
        model = SessionProposal
        fields = (
            *("title", "abstract", "format", "track", "language"),
            *("is_case_study", "customer", "notes", "contact_language"),
        )
        widgets = {"abstract": forms.Textarea({"rows": 8}), "notes": forms.Textarea({"rows": 4})}
        labels = {
            "abstract": _("Abstract"),
            "is_case_study": _("This is a case study with a customer"),
            "customer": _("Customer"),
            "contact_language": _("Language of our e-mails to you"),
            "language": _("Language of the session"),
        }
        help_texts = {
            "abstract": _("Published if your session is accepted. Plain text, Markdown or simple HTML."),
            "notes": _("Never published."),
            "customer": _("The company whose experience you will present."),
        }

    def __init__(self, *args: Any, call: CallForProposals, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call = call
        offered = call.tracks.all() if call.tracks.exists() else call.event.tracks.all()
        self._offer_rows("track", offered)
        self._offer_rows("format", call.formats.all())
        languages = [choice for choice in LANGUAGE_CHOICES if choice[0] in call.languages]
        self.fields["language"] = forms.ChoiceField(label=self.fields["language"].label, choices=languages)
        self.fields["contact_language"] = forms.ChoiceField(
            label=self.fields["contact_language"].label,
            choices=LANGUAGE_CHOICES,
            initial=translation.get_language(),
        )
        self.fields["abstract"].validators.append(MaxLengthValidator(MAX_ABSTRACT_CHARS))
        self.fields["notes"].validators.append(MaxLengthValidator(MAX_NOTES_CHARS))
        for name in {*call.left_out_fields} & {"track", "notes"}:
            del self.fields[name]
        if not offered:
            self.fields.pop("track", None)

    def _offer_rows(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows
        if name == "format" and len(rows) == 1:
            field.initial = rows[0]

    def clean_title(self) -> str:
        """Refuse a title of invisible characters only."""
        title = normalize_whitespace(self.cleaned_data["title"])
        if not title:
            raise forms.ValidationError(_("Enter a title."))
        return title

    def clean_customer(self) -> str:
        return normalize_whitespace(self.cleaned_data["customer"])

    def get_content(self, speakers: tuple[ProposedSpeaker, ...]) -> ProposalContent:
        """Return the content of a valid form."""
        data = self.cleaned_data
        track, session_format = data.get("track"), data["format"]
        assert track is None or isinstance(track, Track)
        assert isinstance(session_format, SessionFormat)
        return ProposalContent(
            title=data["title"],
            abstract=data["abstract"],
            notes=data.get("notes", self.instance.notes),
            track=track if "track" in self.fields else self.instance.track,
            format=session_format,
            language=data["language"],
            contact_language=data["contact_language"],
            is_case_study=data["is_case_study"],
            customer=data["customer"] if data["is_case_study"] else "",
            speakers=speakers,
        )


class ProposalSpeakerForm(forms.ModelForm[ProposalSpeaker]):
    """One speaker; the row of a co-speaker that is emptied is dropped."""

    class Meta:
        model = ProposalSpeaker
        fields = ("name", "email", "company", "works_for_vendor", "biography")
        widgets = {"biography": forms.Textarea({"rows": 4})}
        labels = {"works_for_vendor": _("Employed by a vendor"), "biography": _("Biography")}
        help_texts = {"biography": _("Published if the session is accepted.")}

    def __init__(self, *args: Any, call: CallForProposals, index: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The first speaker is required; Django may skip the form of others if it is empty.
        self.empty_permitted = index > 0
        self.error_subject = _("Speaker %(number)s") % {"number": index + 1} if index else ""
        self.fields["biography"].validators.append(MaxLengthValidator(MAX_BIOGRAPHY_CHARS))
        if CallForProposals.OptionalField.BIOGRAPHY in call.left_out_fields:
            del self.fields["biography"]

    def clean_name(self) -> str:
        name = normalize_whitespace(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Enter a name."))
        return name

    def clean_company(self) -> str:
        return normalize_whitespace(self.cleaned_data["company"])

    def get_speaker(self) -> ProposedSpeaker:
        return ProposedSpeaker(**{name: self.cleaned_data.get(name, "") for name in self.Meta.fields})


class BaseProposalSpeakerFormSet(forms.BaseFormSet[ProposalSpeakerForm]):
    """The speakers of a proposal: the first one submits it, others are optional."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "index": index or 0}

    def get_speakers(self) -> tuple[ProposedSpeaker, ...]:
        """Return the speakers of a valid form set, without emptied rows."""
        return tuple(form.get_speaker() for form in self.forms if form.cleaned_data.get("email"))


# `absolute_max`, as `max_num` alone does not limit how many forms a request may send.
ProposalSpeakerFormSet: Any = forms.formset_factory(
    ProposalSpeakerForm,
    formset=BaseProposalSpeakerFormSet,
    extra=0,
    min_num=1,
    validate_min=True,
    max_num=MAX_SPEAKERS,
    absolute_max=MAX_SPEAKERS,
)


@dataclass
class SubmissionForms:
    """The forms of one proposal: the session and its speakers."""

    session: SessionProposalForm
    speakers: BaseProposalSpeakerFormSet

    @classmethod
    def load(cls, call: CallForProposals, proposal: SessionProposal | None = None) -> Self:
        """Return the forms of a stored proposal, or empty ones with a row for a co-speaker."""
        rows: list[dict[str, Any]] = [{}, {}]
        if proposal:
            names = ProposalSpeakerForm.Meta.fields
            rows = [{name: getattr(row, name) for name in names} for row in proposal.speakers.all()]
        return cls(
            SessionProposalForm(call=call, instance=proposal),
            ProposalSpeakerFormSet(form_kwargs={"call": call}, prefix=SPEAKERS_PREFIX, initial=rows),
        )

    @classmethod
    def bind(cls, call: CallForProposals, data: QueryDict, proposal: SessionProposal | None = None) -> Self:
        """Return the forms with posted data, to validate."""
        return cls(
            SessionProposalForm(data, call=call, instance=proposal),
            ProposalSpeakerFormSet(data, form_kwargs={"call": call}, prefix=SPEAKERS_PREFIX),
        )

    @classmethod
    def add_speaker(
        cls, call: CallForProposals, data: QueryDict, proposal: SessionProposal | None = None
    ) -> Self:
        """Return the forms with the input and one more row, without errors for empty fields."""
        bound = cls.bind(call, data, proposal)
        rows = [read_typed_values(row, data) for row in bound.speakers.forms]
        if len(rows) < MAX_SPEAKERS:
            rows.append({})
        return cls(
            SessionProposalForm(call=call, instance=proposal, initial=read_typed_values(bound.session, data)),
            ProposalSpeakerFormSet(form_kwargs={"call": call}, prefix=SPEAKERS_PREFIX, initial=rows),
        )

    @property
    def can_add_speaker(self) -> bool:
        return len(self.speakers.forms) < MAX_SPEAKERS

    def is_valid(self) -> bool:
        """Validate both, so that all errors are shown at once."""
        return all([self.session.is_valid(), self.speakers.is_valid()])

    def get_content(self) -> ProposalContent:
        return self.session.get_content(self.speakers.get_speakers())

    def add_refusal(self, error: ConventionError) -> None:
        """Add the errors of an action that refused the content, at their fields."""
        field_errors = error.field_errors if isinstance(error, InvalidFields) else {}
        self.session.add_error(None, str(error))
        self.session.add_errors(field_errors)


def read_typed_values(form: forms.BaseForm, data: QueryDict) -> dict[str, Any]:
    """Return the values of a posted form as they were typed, whether valid or not."""
    return {
        name: field.widget.value_from_datadict(data, MultiValueDict(), form.add_prefix(name))
        for name, field in form.fields.items()
    }


def parse_form_key(text: str) -> uuid.UUID:
    """Return the posted key of the form; a new one for anything but a UUID."""
    try:
        return uuid.UUID(text[:MAX_KEY_CHARS])
    except ValueError:
        return uuid.uuid4()
