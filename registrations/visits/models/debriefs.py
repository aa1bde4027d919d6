"""Debriefs, notes, feedback questions and answers."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .applications import Application
from .visits import Visit


class Debrief(models.Model):
    """The group's report on a visit; until the embargo ends, only for those who were present."""

    class Audience(models.TextChoices):
        SIGNATORIES = "signatories", _("people who attended and accepted the confidentiality terms")
        MEMBERS = "members", _("all members")

    visit = models.OneToOneField(Visit, models.CASCADE, related_name="debrief")
    text = models.TextField(_("debrief"), blank=True)
    lessons_learned = models.TextField(_("what the club learned"), blank=True)
    audience = models.CharField(
        _("audience"), max_length=20, choices=Audience.choices, default=Audience.SIGNATORIES
    )
    visible_from = models.DateTimeField(_("visible to its audience from"), null=True, blank=True)
    host_approved_at = models.DateTimeField(_("approved by the host"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    class Meta:
        verbose_name = _("debrief")
        verbose_name_plural = _("debriefs")

    def __str__(self) -> str:
        return str(self.visit)


class DebriefNote(models.Model):
    """A note on the debrief by a visitor who was present."""

    debrief = models.ForeignKey(Debrief, models.CASCADE, related_name="notes")
    application = models.ForeignKey(Application, models.CASCADE, related_name="notes")
    text = models.TextField(_("note"))
    written_at = models.DateTimeField(_("written"), default=timezone.now)

    class Meta:
        verbose_name = _("note of a debrief")
        verbose_name_plural = _("notes of a debrief")
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return f"{self.application}, {self.written_at:%Y-%m-%d}"


class FeedbackQuestion(models.Model):
    class Kind(models.TextChoices):
        RATING = "rating", _("a rating from 1 to 5")
        TEXT = "text", _("a written answer")

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="feedback_questions")
    position = models.PositiveIntegerField(_("position"), default=0)
    kind = models.CharField(_("type of answer"), max_length=10, choices=Kind.choices, default=Kind.RATING)
    text = models.CharField(_("question"), max_length=300)
    text_en = models.CharField(_("question in English"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("feedback question")
        verbose_name_plural = _("feedback questions")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.text

    @property
    def localized_text(self) -> str:
        """Return the question in the active language."""
        return self.text_en if translation.get_language() == "en" and self.text_en else self.text


class FeedbackAnswer(models.Model):
    """A rating or a text, by the kind of its question."""

    question = models.ForeignKey(FeedbackQuestion, models.CASCADE, related_name="answers")
    application = models.ForeignKey(Application, models.CASCADE, related_name="feedback")
    rating = models.PositiveSmallIntegerField(
        _("mark"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(pgettext_lazy("visit", "answered"), default=timezone.now)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        constraints = [
            models.UniqueConstraint(fields=["question", "application"], name="feedback_once_per_question")
        ]

    def __str__(self) -> str:
        return f"{self.question}, #{self.application_id}"
