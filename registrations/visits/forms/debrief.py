"""The forms of what comes after a visit: its debrief, notes, questions and answers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.forms import WallClock, set_zone
from convention.refusable import Refusable

from ..debrief import LONGEST_NOTE
from ..models import Debrief, FeedbackQuestion, Visit

LONGEST_ANSWER = 5_000
MARKS = [("5", "5"), ("4", "4"), ("3", "3"), ("2", "2"), ("1", "1")]


class DebriefForm(Refusable, forms.ModelForm[Debrief]):
    """What the group tells, for whom, and from when."""

    visible_from = WallClock(
        label=_("Visible to its audience from"),
        required=False,
        help_text=_("The embargo holds in any case. Empty: once it is over."),
    )

    class Meta:
        model = Debrief
        fields = ["text", "learned", "audience", "visible_from"]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 14}),
            "learned": forms.Textarea(attrs={"rows": 5}),
            "audience": forms.RadioSelect,
        }
        help_texts = {
            "text": _("What the group saw and heard. Those who were there read it once it is published."),
            "learned": _("A few neutral sentences for all members, shown once the debrief is open."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = self.instance.visit.event.zone
        if moment := self.instance.visible_from:
            self.initial["visible_from"] = moment.astimezone(self.zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        """By the event's clocks."""
        data = super().clean() or self.cleaned_data
        set_zone(self, "visible_from", self.zone)
        return data


class NoteForm(Refusable, forms.Form):
    """What one of the group adds."""

    text = forms.CharField(
        label=_("Your note"), widget=forms.Textarea(attrs={"rows": 4}), max_length=LONGEST_NOTE,
        help_text=_("Read by those who were there, under the same confidentiality."),
    )  # fmt: skip


class FeedbackForm(forms.Form):
    """The questions of a visit, each answered or not."""

    def __init__(
        self, *args: Any, questions: list[FeedbackQuestion], given: dict[int, Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for question in questions:
            self.fields[f"q{question.pk}"] = self._field(question, given.get(question.pk))

    @staticmethod
    def _field(question: FeedbackQuestion, initial: Any) -> forms.Field:
        if question.kind == FeedbackQuestion.Kind.TEXT:
            return forms.CharField(
                label=question.words, required=False, initial=initial, max_length=LONGEST_ANSWER,
                widget=forms.Textarea(attrs={"rows": 4}),
            )  # fmt: skip
        return forms.TypedChoiceField(
            label=question.words, required=False, initial=initial and str(initial), choices=MARKS, coerce=int,
            empty_value=None, widget=forms.RadioSelect(attrs={"class": "marks"}),
            help_text=_("From 5, very good, to 1, poor."),
        )  # fmt: skip

    @property
    def answers(self) -> dict[int, Any]:
        """By question."""
        return {int(name[1:]): value for name, value in self.cleaned_data.items()}


QuestionForms = forms.inlineformset_factory(
    Visit, FeedbackQuestion, fields=["kind", "text", "text_en", "position"], extra=2, can_delete=True
)
