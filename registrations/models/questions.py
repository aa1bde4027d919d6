"""Questions that organizers ask attendees, and the files that answer them.

Answers are in `Registration.answers` by the question's slug: a text, an ISO 8601 date, the slug of one
option, a list of slugs, `{"file": token, "name": name}`, or for a consent `{"version": number, "at": time}`.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from convention.backup.rules import BackupRule
from convention.db.limited_stock import WITHIN_CAPACITY, LimitedStock
from convention.events.models import Event

from .registrations import Registration
from .tickets import Ticket


class Question(models.Model):
    """One question of an event, asked of the holders of some tickets or of all."""

    class Kind(models.TextChoices):
        TEXT = "text", _("a line of text")
        PARAGRAPH = "paragraph", _("a longer text")
        CHOICE = "choice", _("one choice")
        CHOICES = "choices", _("several choices")
        DIET = "diet", _("diet")
        DATE = "date", _("a date")
        FILE = "file", _("a file")
        CONSENT = "consent", _("consent to a text")

    # Set by queries that load them together with the question.
    loaded_tickets: "list[Ticket] | None" = None
    loaded_options: "list[QuestionOption] | None" = None

    # Kinds that have options.
    KINDS_WITH_OPTIONS = (Kind.CHOICE, Kind.CHOICES, Kind.DIET)
    MULTIPLE_CHOICE_KINDS = (Kind.CHOICES, Kind.DIET)

    event = models.ForeignKey(Event, models.CASCADE, related_name="questions")
    slug = models.SlugField(_("address"), max_length=50)
    text = models.CharField(_("question"), max_length=300)
    text_en = models.CharField(_("question in English"), max_length=300, blank=True)
    help = models.CharField(_("explanation"), max_length=500, blank=True)
    help_en = models.CharField(_("explanation in English"), max_length=500, blank=True)
    kind = models.CharField(_("type of answer"), max_length=20, choices=Kind.choices, default=Kind.TEXT)
    is_required = models.BooleanField(_("answer required"), default=False)
    # Answers given before stay, in lists and counts too; questions that depend on one of them rest as well.
    is_hidden = models.BooleanField(_("no longer ask this question"), default=False)
    tickets = models.ManyToManyField(Ticket, related_name="questions", blank=True, verbose_name=_("tickets"))
    # RESTRICT: without the option, the question would be asked of everybody.
    shown_after_option = models.ForeignKey(
        "registrations.QuestionOption",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="followed_by",
        verbose_name=_("asked only after"),
    )
    retention_days = models.PositiveIntegerField(
        _("retention of answers, in days after the event"), default=90
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="question_slug_once_per_event"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.text_en if translation.get_language() == "en" and self.text_en else self.text

    @property
    def explanation(self) -> str:
        """Return the help text in the current language; for a consent, the text that is agreed to."""
        return self.help_en if translation.get_language() == "en" and self.help_en else self.help

    def list_tickets(self) -> list[Ticket]:
        """Return the tickets whose holders are asked; none means all."""
        return list(self.tickets.all()) if self.loaded_tickets is None else self.loaded_tickets

    def list_options(self) -> "list[QuestionOption]":
        return list(self.options.all()) if self.loaded_options is None else self.loaded_options

    @property
    def has_options(self) -> bool:
        return self.kind in self.KINDS_WITH_OPTIONS

    @property
    def allows_multiple(self) -> bool:
        return self.kind in self.MULTIPLE_CHOICE_KINDS


class QuestionOption(LimitedStock):
    """One option of a question; its places may be limited."""

    LOCK_ORDER = 10

    question = models.ForeignKey(Question, models.CASCADE, related_name="options")
    slug = models.SlugField(max_length=50)
    text = models.CharField(_("choice"), max_length=200)
    text_en = models.CharField(_("choice in English"), max_length=200, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("choice")
        verbose_name_plural = _("choices")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["question", "slug"], name="option_slug_once_per_question"),
            models.CheckConstraint(name="option_never_overbooked", condition=WITHIN_CAPACITY),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.text_en if translation.get_language() == "en" and self.text_en else self.text


class ConsentText(models.Model):
    """The text of a consent at each version; a version that was agreed to never changes.

    It is the proof of what people consented to (GDPR, article 7).
    """

    question = models.ForeignKey(Question, models.CASCADE, related_name="texts")
    version = models.PositiveIntegerField()
    text = models.CharField(max_length=300)
    text_en = models.CharField(max_length=300, blank=True)
    help = models.CharField(max_length=500, blank=True)
    help_en = models.CharField(max_length=500, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["question", "version"]
        constraints = [
            models.UniqueConstraint(fields=["question", "version"], name="consent_text_once_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.question} ({self.version})"


class AnswerFile(models.Model):
    """A file that answers a question; it has no registration until that is booked.

    Until then anyone with its token can claim it, so that unclaimed files are left out of backups.
    """

    BACKUP_RULE: ClassVar[BackupRule] = BackupRule(row_filter=Q(registration__isnull=False))

    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    registration = models.ForeignKey(
        Registration, models.CASCADE, null=True, blank=True, related_name="answer_files"
    )
    question = models.ForeignKey(Question, models.CASCADE, related_name="files")
    token = models.CharField(max_length=43, unique=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.PositiveIntegerField(_("size in bytes"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("answer file")
        verbose_name_plural = _("answer files")
        indexes = [models.Index(F("created_at"), name="answer_file_by_age")]

    def __str__(self) -> str:
        return self.name


# No answer is stored for longer, whatever its question says.
MAX_RETENTION_DAYS = 3650
