"""Feedback on sessions, stored so that nothing leads from an answer to the person who gave it.

`SessionFeedback` is the answer: random key, session, stars, comment; no time and no person. `FeedbackReceipt`
records that an attendee answered, so that they cannot answer twice: a keyed digest, no time and no answer. A
copy of the database does not reveal who answered; together with SECRET_KEY it does, but not what they
answered. Receipts are deleted when the feedback of an event closes.
"""

import datetime
import uuid
from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from schedule.models import Session

MAX_STARS: Final = 5
MAX_COMMENT_LENGTH: Final = 2_000
# With fewer answers, attendees could guess who gave which.
MIN_ANSWERS_SHOWN: Final = 3
MAX_DAYS_OPEN: Final = 60


class FeedbackSettings(models.Model):
    """Settings of an event's feedback: whether and how long it is open, and how many answers it needs.

    An event without a row has the defaults. `closed_at` is when the receipts were deleted; from then on the
    feedback cannot be opened again, since people could answer twice.
    """

    event = models.OneToOneField(Event, models.CASCADE, related_name="feedback_settings")
    is_enabled = models.BooleanField(_("ask attendees for feedback on sessions"), default=True)
    days_open = models.PositiveSmallIntegerField(
        _("days open after the event"),
        default=14,
        validators=[MaxValueValidator(MAX_DAYS_OPEN)],
        help_text=_("Attendees can give feedback for this many days after the event."),
    )
    min_answers = models.PositiveSmallIntegerField(
        _("minimum number of answers"),
        default=MIN_ANSWERS_SHOWN,
        validators=[MinValueValidator(MIN_ANSWERS_SHOWN), MaxValueValidator(50)],
        help_text=_(
            "With fewer answers, nobody sees a session’s stars or comments. "
            "The minimum cannot be lower than 3."
        ),
    )
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    summaries_sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("feedback settings")
        verbose_name_plural = _("feedback settings")

    def __str__(self) -> str:
        return f"{self.event}"

    @property
    def closes_at(self) -> datetime.datetime:
        return self.event.ends_at + datetime.timedelta(days=self.days_open)

    def is_over(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether feedback has ended for good, so that no change of the settings reopens it."""
        return self.closed_at is not None or self.closes_at <= (at or timezone.now())

    def is_open(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether attendees can answer at `at`, about sessions that have begun."""
        now = at or timezone.now()
        return self.is_enabled and self.event.starts_at <= now and not self.is_over(at=now)


class SessionFeedback(models.Model):
    """One anonymous answer; `hidden_reason` is why an organizer hid its comment, empty if it is shown.

    Never add a time, a counter or a person to this table: see the module's docstring.
    """

    # Random: a counter would reveal the order of answering.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, models.CASCADE, related_name="feedback")
    stars = models.PositiveSmallIntegerField(_("stars"))
    comment = models.TextField(_("comment"), max_length=MAX_COMMENT_LENGTH, blank=True)
    hidden_reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("feedback on a session")
        verbose_name_plural = _("feedback on sessions")
        constraints = [
            models.CheckConstraint(
                name="session_feedback_one_to_five_stars",
                condition=Q(stars__gte=1, stars__lte=MAX_STARS),
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class FeedbackReceipt(models.Model):
    """A note that one attendee answered about a session; see `receipts.py` for the digest."""

    digest = models.CharField(max_length=64, primary_key=True)
    session = models.ForeignKey(Session, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("feedback receipt")
        verbose_name_plural = _("feedback receipts")

    def __str__(self) -> str:
        return self.digest
