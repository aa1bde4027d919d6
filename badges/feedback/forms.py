"""Forms of feedback: an attendee's answer, an organizer's settings, and hiding a comment."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import MAX_COMMENT_LENGTH, MIN_ANSWERS_SHOWN, FeedbackSettings, SessionFeedback

STAR_CHOICES: Final = [
    (5, _("5 stars: excellent")),
    (4, _("4 stars: good")),
    (3, _("3 stars: fair")),
    (2, _("2 stars: disappointing")),
    (1, _("1 star: poor")),
]


class SessionFeedbackForm(forms.Form):
    stars = forms.TypedChoiceField(
        label=_("How was the session?"),
        choices=STAR_CHOICES,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose from 1 to 5 stars.")},
    )
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=MAX_COMMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("The speakers will read it. Leave your name out if you want to stay anonymous."),
    )


class FeedbackSettingsForm(forms.ModelForm[FeedbackSettings]):
    # Without `min_value`, the form would first ask for at least 0, the bound of the column.
    min_answers = FeedbackSettings._meta.get_field("min_answers").formfield(min_value=MIN_ANSWERS_SHOWN)

    class Meta:
        model = FeedbackSettings
        fields = ["is_enabled", "days_open", "min_answers"]


class HideCommentForm(forms.ModelForm[SessionFeedback]):
    """The reason for hiding a comment; the view checks which comment."""

    hidden_reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Enter a reason; the other organizers will see it.")},
    )

    class Meta:
        model = SessionFeedback
        fields = ["hidden_reason"]
