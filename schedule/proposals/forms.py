"""Forms of organizers about a call for proposals, and of reviewers."""

import datetime
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.forms import ALLOWED_YEARS
from convention.events.models import Event
from convention.rich_text.sanitize import MAX_MARKDOWN_CHARS
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.normalize import normalize_whitespace
from convention.web.forms import ActionErrorsMixin, OfferedRowsField, limit_number
from schedule.editing.forms import make_local_time_input
from schedule.models import CallForProposals, Criterion, ProposalMail, SessionFormat, Track
from schedule.models.proposals import MAX_MINUTES, MAX_SCORE, MAX_WEIGHT, MIN_MINUTES, MIN_SCORE
from schedule.models.speakers import MAX_SUBJECT_LENGTH
from schedule.speakers.forms import MARKDOWN_HELP, TEXT_LABELS

from .mail_texts import list_mail_text_fields
from .overview import ProposalKind, ScoreBand
from .reviews import ReviewContent

MAX_MAIL_TEXT_CHARS = 5_000
MAX_COMMENT_CHARS = 5_000
MAX_PROPOSALS_PER_PERSON = 100


def check_year(moment: datetime.datetime) -> datetime.datetime:
    """Return the moment. Raise ValidationError near the first and last year, where UTC may overflow."""
    if moment.year not in ALLOWED_YEARS:
        raise forms.ValidationError(_("Check the year."))
    return moment


class CallForm(ActionErrorsMixin, forms.ModelForm[CallForProposals]):
    """A call for proposals; times are in the event's time zone."""

    tracks = OfferedRowsField(
        queryset=Track.objects.none(),
        label=_("Tracks offered"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("If none is ticked, all tracks of the event are offered."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages of sessions"),
        choices=LANGUAGE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one language.")},
    )
    left_out_fields = forms.MultipleChoiceField(
        label=_("Leave out of the form"),
        choices=CallForProposals.OptionalField.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = CallForProposals
        fields = (
            *("title", "title_en", "text", "text_en", "opens_at", "closes_at", "tracks", "languages"),
            *("max_per_person", "left_out_fields", "has_neutrality_rule", "neutrality_text"),
            *("neutrality_text_en", "is_blind"),
        )
        widgets = {
            "text": forms.Textarea({"rows": 8, "lang": "fr"}),
            "text_en": forms.Textarea({"rows": 8, "lang": "en"}),
            "neutrality_text": forms.Textarea({"rows": 3, "lang": "fr"}),
            "neutrality_text_en": forms.Textarea({"rows": 3, "lang": "en"}),
            "opens_at": make_local_time_input(),
            "closes_at": make_local_time_input(),
        }
        labels = {"max_per_person": _("Maximum number of proposals per person")}
        help_texts = {
            "text": MARKDOWN_HELP,
            "text_en": MARKDOWN_HELP,
            "max_per_person": _("Leave empty for no limit."),
            "neutrality_text": _("Shown above the form. Leave empty for the standard text."),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tracks"].queryset = event.tracks.all()  # type: ignore[attr-defined]  # a form field of choice
        limit_number(self.fields["max_per_person"], at_least=1, at_most=MAX_PROPOSALS_PER_PERSON)
        for name in ("text", "text_en", "neutrality_text", "neutrality_text_en"):
            self.fields[name].validators.append(MaxLengthValidator(MAX_MARKDOWN_CHARS))

    def clean_title(self) -> str:
        return normalize_whitespace(self.cleaned_data["title"])

    def clean_title_en(self) -> str:
        return normalize_whitespace(self.cleaned_data["title_en"])

    def clean_opens_at(self) -> datetime.datetime:
        return check_year(self.cleaned_data["opens_at"])

    def clean_closes_at(self) -> datetime.datetime:
        return check_year(self.cleaned_data["closes_at"])

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the beginning, which the database would refuse too."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        opens_at, closes_at = data.get("opens_at"), data.get("closes_at")
        if opens_at and closes_at and closes_at <= opens_at:
            self.add_error("closes_at", forms.ValidationError(_("The call must close after it opens.")))
        return data


class SpacedNamesMixin(forms.ModelForm[Any]):
    """A row with a name in each language; whitespace in names is normalized."""

    error_subject = ""

    def clean_name(self) -> str:
        return normalize_whitespace(self.cleaned_data["name"])

    def clean_name_en(self) -> str:
        return normalize_whitespace(self.cleaned_data["name_en"])


class SessionFormatForm(SpacedNamesMixin):
    class Meta:
        model = SessionFormat
        fields = ("name", "name_en", "minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit_number(self.fields["minutes"], at_least=MIN_MINUTES, at_most=MAX_MINUTES)


class CriterionForm(SpacedNamesMixin):
    class Meta:
        model = Criterion
        fields = ("name", "name_en", "weight")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit_number(self.fields["weight"], at_least=1, at_most=MAX_WEIGHT)


class BaseSessionFormatFormSet(forms.BaseInlineFormSet[SessionFormat, CallForProposals, SessionFormatForm]):
    """The formats of a call, at least one."""

    def clean(self) -> None:
        super().clean()
        remaining_forms = [form for form in self.forms if form not in self.deleted_forms]
        if not any(form.has_changed() or form.instance.pk for form in remaining_forms):
            raise forms.ValidationError(_("Add at least one format, with its length in minutes."))


SessionFormatFormSet = forms.inlineformset_factory(
    CallForProposals, SessionFormat, form=SessionFormatForm, formset=BaseSessionFormatFormSet, extra=3,
    max_num=20, absolute_max=25, can_delete=True,
)  # fmt: skip
CriterionFormSet = forms.inlineformset_factory(
    CallForProposals, Criterion, form=CriterionForm, extra=3, max_num=20, absolute_max=25, can_delete=True
)


class ProposalMailTextsForm(ActionErrorsMixin, forms.Form):
    """The texts of the mails about proposals, by kind and language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in list_mail_text_fields():
            self.fields[name] = _make_mail_text_field(name)

    def list_groups(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """Yield the name of each kind of mail with its four fields."""
        for kind in ProposalMail.Kind:
            names = [name for name in self.fields if name.startswith(f"{kind.value}_")]
            yield str(kind.label), [self[name] for name in names]

    def get_texts(self) -> dict[str, dict[str, str]]:
        """Return the texts by kind, as `CallForProposals.mail_texts`."""
        return {
            kind: {
                name.removeprefix(f"{kind}_"): value.replace("\r\n", "\n").strip()
                for name, value in self.cleaned_data.items()
                if name.startswith(f"{kind}_")
            }
            for kind in ProposalMail.Kind.values
        }


class MailTextField(forms.CharField):
    """Subject or text of one kind of mail, which errors are to name."""

    def __init__(self, *, error_subject: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_subject = error_subject


def _make_mail_text_field(name: str) -> MailTextField:
    kind, _underline, part = name.partition("_")
    language = {"lang": part[-2:]}
    is_subject = part.startswith("subject")
    return MailTextField(
        error_subject=str(capfirst(ProposalMail.Kind(kind).label)),
        label=TEXT_LABELS[part],
        max_length=MAX_SUBJECT_LENGTH if is_subject else MAX_MAIL_TEXT_CHARS,
        error_messages={"required": _("Enter a subject.") if is_subject else _("Enter a text.")},
        widget=forms.TextInput(language) if is_subject else forms.Textarea({"rows": 7, **language}),
    )


class ReviewForm(ActionErrorsMixin, forms.Form):
    """A reviewer's scores, one for each criterion, a comment, and the flag."""

    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=MAX_COMMENT_CHARS,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("For the organizers and, once they have given their scores, the other reviewers."),
    )
    is_sales_talk = forms.BooleanField(
        label=_("This is a sales talk"),
        required=False,
        help_text=_("The proposal cannot be accepted until the organizers have responded to this flag."),
    )

    def __init__(self, *args: Any, call: CallForProposals, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = list(call.criteria.all())
        for criterion in self.criteria:
            self.fields[f"criterion-{criterion.pk}"] = forms.TypedChoiceField(
                label=criterion.title,
                choices=[(value, str(value)) for value in range(MIN_SCORE, MAX_SCORE + 1)],
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": _("Give a score from 1 to 5.")},
            )
        self.order_fields([f"criterion-{criterion.pk}" for criterion in self.criteria])

    def list_criterion_fields(self) -> list[forms.BoundField]:
        return [self[f"criterion-{criterion.pk}"] for criterion in self.criteria]

    def get_content(self) -> ReviewContent:
        data = self.cleaned_data
        scores = {criterion.pk: data[f"criterion-{criterion.pk}"] for criterion in self.criteria}
        return ReviewContent(scores=scores, comment=data["comment"], is_sales_talk=data["is_sales_talk"])


class SalesTalkForm(ActionErrorsMixin, forms.Form):
    reason = forms.CharField(
        label=_("Why it can be accepted"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def clean_reason(self) -> str:
        return normalize_whitespace(self.cleaned_data["reason"])


def list_filter_choices(call: CallForProposals) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return name, label and choices of each filter of the organizers' list, but for the state."""
    no_filter = [("", pgettext_lazy("proposals", "all"))]
    tracks = [(str(track.pk), track.name) for track in call.event.tracks.all()]
    formats = [(str(row.pk), row.title) for row in call.formats.all()]
    filters: list[tuple[str, Any, list[Any]]] = [
        ("track", _("Track"), tracks),
        ("format", _("Format"), formats),
        ("kind", pgettext_lazy("proposals", "Type"), ProposalKind.choices),
        ("score", _("Mean score"), ScoreBand.choices),
    ]
    return [
        (name, str(label), [(value, str(text)) for value, text in [*no_filter, *choices]])
        for name, label, choices in filters
        if choices
    ]
