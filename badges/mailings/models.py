"""Mailings, who gets each, who wants no news, and the reminders of an event. No address is copied."""

import hashlib
import json
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from registrations.models import Registration

LANGUAGES = [("fr", _("French")), ("en", _("English"))]
TEXTS = [f"{part}_{code}" for code, _name in LANGUAGES for part in ("subject", "text")]
SUBJECT_LENGTH, TEXT_LENGTH = 200, 20_000


class MailingQuerySet(models.QuerySet["Mailing"]):
    """Sets of mailings."""

    def under_way(self) -> Self:
        """Asked for, and neither finished nor cancelled."""
        return self.filter(send_at__isnull=False, finished_at__isnull=True, cancelled_at__isnull=True)

    def stopped(self) -> Self:
        """Those that a fault stopped, and that no worker looks at until somebody lets them go on."""
        return self.under_way().filter(due_at__isnull=True)


class Texts(models.Model):
    """A subject and a text in each language; empty where that language is not written."""

    subject_fr = models.CharField(max_length=SUBJECT_LENGTH, blank=True)
    text_fr = models.TextField(max_length=TEXT_LENGTH, blank=True)
    subject_en = models.CharField(max_length=SUBJECT_LENGTH, blank=True)
    text_en = models.TextField(max_length=TEXT_LENGTH, blank=True)

    class Meta:
        abstract = True

    def subject_in(self, language: str) -> str:
        """The subject in that language, with its placeholders."""
        return str(getattr(self, f"subject_{language}"))

    def text_in(self, language: str) -> str:
        """The text in that language, in Markdown with its placeholders."""
        return str(getattr(self, f"text_{language}"))

    @property
    def languages(self) -> list[str]:
        """Those that are written."""
        return [code for code, _name in LANGUAGES if self.subject_in(code) and self.text_in(code)]


class Mailing(Texts):
    """One mail to many; `segment` says to whom. The state is derived from the moments.

    `due_at` is when a worker next looks at it; a mailing that was begun and has none was stopped by a fault.
    """

    class Purpose(models.TextChoices):
        INFORMATION = "information", _("information needed for the event")
        NEWS = "news", _("news, with a link to unsubscribe")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        SENDING = "sending", _("being sent")
        STOPPED = "stopped", _("stopped by a fault")
        SENT = "sent", _("sent")
        CANCELLED = "cancelled", pgettext_lazy("mailing", "cancelled")

    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=20, choices=Purpose.choices, default=Purpose.INFORMATION)
    segment = models.JSONField(default=dict)
    reminder_days = models.PositiveIntegerField(null=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    send_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    faults = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=300, blank=True)

    objects = MailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "reminder_days"], name="each_reminder_once_per_event")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The subject in the language of the moment, else in the other, with the name of the event."""
        own = self.subject_en if get_language() == "en" else self.subject_fr
        subject = own or self.subject_fr or self.subject_en or str(_("without subject"))
        return subject.replace("{event}", self.event.title) if "{event}" in subject else subject

    @property
    def state(self) -> str:
        """Where it stands now."""
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.finished_at:
            return self.State.SENT
        if self.send_at is None:
            return self.State.DRAFT
        if self.due_at is None:
            return self.State.STOPPED
        begins = self.started_at is not None or self.send_at <= timezone.now()
        return self.State.SENDING if begins else self.State.SCHEDULED

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.send_at is None and self.cancelled_at is None

    @property
    def edition(self) -> str:
        """What tells two wordings of a draft, or two choices of recipients, apart."""
        said = [self.purpose, self.segment, *(getattr(self, name) for name in TEXTS)]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def is_news(self) -> bool:
        """Whether those who unsubscribed are left out."""
        return self.purpose == self.Purpose.NEWS

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)


WAITING = Q(accepted_at__isnull=True, refused_at__isnull=True, left_out="")


class RecipientQuerySet(models.QuerySet["Recipient"]):
    """Sets of recipients."""

    def waiting(self) -> Self:
        """Those whose mail is still to be sent."""
        return self.filter(WAITING)


class Recipient(models.Model):
    """One mail: to the address of its registrations, else to that of their order; it keeps no copy of it."""

    class LeftOut(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed before")
        BOUNCED = "bounced", _("mail to this address came back before")
        GONE = "gone", _("no address any more")
        CHANGED = "changed", _("not among the chosen any more")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("refused by the mail server")
        BOUNCED = "bounced", _("came back")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed since")
        LEFT_OUT = "omitted", _("left out")

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="recipients")
    registrations = models.ManyToManyField(Registration, related_name="+")
    language = models.CharField(max_length=5)
    left_out = models.CharField(max_length=20, choices=LeftOut.choices, blank=True)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    accepted_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["mailing", "due_at"], condition=WAITING, name="recipient_waiting")]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """What its Message-ID is made of: the same at every attempt."""
        return f"mailing-{self.mailing_id}-{self.pk}"

    @property
    def state(self) -> str:
        """The latest that happened."""
        if self.left_out:
            return self.State.LEFT_OUT
        if self.bounced_at:
            return self.State.BOUNCED
        if self.unsubscribed_at:
            return self.State.UNSUBSCRIBED
        if self.accepted_at:
            return self.State.SENT
        return self.State.REFUSED if self.refused_at else self.State.WAITING

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)


class Unsubscription(models.Model):
    """An address, folded, that wants no news of the club's events any more."""

    email = models.EmailField(unique=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("unsubscription")
        verbose_name_plural = _("unsubscriptions")

    def __str__(self) -> str:
        return self.email


class ReminderPlan(Texts):
    """Whether and when an event's people are reminded of it; an empty text is the usual one."""

    event = models.OneToOneField(Event, models.CASCADE, related_name="+")
    is_on = models.BooleanField(default=False)
    days = models.JSONField(default=list)

    class Meta:
        verbose_name = _("reminders")
        verbose_name_plural = _("reminders")

    def __str__(self) -> str:
        return f"{self.event}: {self.days}"
