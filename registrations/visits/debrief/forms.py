"""Forms of debriefs, notes, feedback questions and answers."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.rich_text.sanitize import MAX_MARKDOWN_CHARS
from convention.web.forms import ActionErrorsMixin
from registrations.visits.models import Debrief, FeedbackQuestion, Visit

from .debriefs import MAX_NOTE_LENGTH

MAX_ANSWER_LENGTH = 5_000
RATING_CHOICES = [("5", "5"), ("4", "4"), ("3", "3"), ("2", "2"), ("1", "1")]


class DebriefForm(ActionErrorsMixin, forms.ModelForm[Debrief]):
    """The text of a debrief, its audience, and the date from which it is visible."""

    visible_from = LocalDateTimeField(
        label=_("Visible to its audience from"),
        required=False,
        help_text=_("The embargo always applies. Leave empty to publish as soon as it ends."),
    )

    class Meta:
        model = Debrief
        fields = ["text", "lessons_learned", "audience", "visible_from"]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 14}),
            "lessons_learned": forms.Textarea(attrs={"rows": 5}),
            "audience": forms.RadioSelect,
        }
        help_texts = {
            "text": _("What the group saw and heard. Participants can read it once it is published."),
            "lessons_learned": _(
                "A few neutral sentences for all members, shown once the debrief is available."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = self.instance.visit.event.zone
        for name in ("text", "lessons_learned"):
            self.fields[name].validators.append(MaxLengthValidator(MAX_MARKDOWN_CHARS))
        if moment := self.instance.visible_from:
            # `datetime-local` inputs have no time zone: the form shows and reads the local time of the event.
            self.initial["visible_from"] = moment.astimezone(self.zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        """Read the date in the event's time zone."""
        data = super().clean() or self.cleaned_data
        add_time_zone(self, "visible_from", self.zone)
        return data


class DebriefNoteForm(ActionErrorsMixin, forms.Form):
    text = forms.CharField(
        label=_("Your note"), widget=forms.Textarea(attrs={"rows": 4}), max_length=MAX_NOTE_LENGTH,
        help_text=_("Visible to everyone who attended, under the same confidentiality terms."),
    )  # fmt: skip


class FeedbackForm(forms.Form):
    """A field `q<id>` for each question of a visit; all are optional."""

    def __init__(
        self, *args: Any, questions: list[FeedbackQuestion], answers: dict[int, Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for question in questions:
            self.fields[f"q{question.pk}"] = self._build_field(question, answers.get(question.pk))

    @staticmethod
    def _build_field(question: FeedbackQuestion, initial: Any) -> forms.Field:
        if question.kind == FeedbackQuestion.Kind.TEXT:
            return forms.CharField(
                label=question.localized_text, required=False, initial=initial, max_length=MAX_ANSWER_LENGTH,
                widget=forms.Textarea(attrs={"rows": 4}),
            )  # fmt: skip
        return forms.TypedChoiceField(
            label=question.localized_text,
            required=False,
            # Choices are strings; a number would match none of them, and the stored rating would not be
            # selected.
            initial=initial and str(initial),
            choices=RATING_CHOICES,
            coerce=int,
            empty_value=None,
            widget=forms.RadioSelect,
            help_text=_("From 1 (poor) to 5 (very good)."),
        )

    @property
    def answers(self) -> dict[int, Any]:
        """Return the answers by question id."""
        # The inverse of the field names `q<id>`.
        return {int(name[1:]): value for name, value in self.cleaned_data.items()}


class BaseFeedbackQuestionFormSet(forms.BaseInlineFormSet[FeedbackQuestion, Visit, Any]):
    """The questions of a visit, numbered as on the page, so that errors name the question."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.error_subject = _("Question %(number)s") % {"number": (index or 0) + 1}


FeedbackQuestionFormSet = forms.inlineformset_factory(
    Visit,
    FeedbackQuestion,
    formset=BaseFeedbackQuestionFormSet,
    fields=["kind", "text", "text_en", "position"],
    extra=2,
    can_delete=True,
)
