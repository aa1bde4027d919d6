"""Mailings, their recipients, unsubscriptions and reminder plans; addresses are never copied."""

import hashlib
import json
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import get_language, gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.text.languages import LANGUAGE_CHOICES
from registrations.models import Registration, WaitingEntry

TEXT_FIELDS = [f"{part}_{code}" for code, _name in LANGUAGE_CHOICES for part in ("subject", "text")]
MAX_SUBJECT_LENGTH, MAX_TEXT_LENGTH = 200, 20_000


class MailingQuerySet(models.QuerySet["Mailing"]):
    def active(self) -> Self:
        """Return mailings that were launched and are neither finished nor cancelled."""
        return self.filter(send_at__isnull=False, finished_at__isnull=True, cancelled_at__isnull=True)

    def stopped(self) -> Self:
        """Return the mailings stopped by a fault; workers skip them until an organizer resumes them."""
        return self.active().filter(due_at__isnull=True)


class MailTexts(models.Model):
    """Subject and text in each language; empty for a language without a text."""

    subject_fr = models.CharField(max_length=MAX_SUBJECT_LENGTH, blank=True)
    text_fr = models.TextField(max_length=MAX_TEXT_LENGTH, blank=True)
    subject_en = models.CharField(max_length=MAX_SUBJECT_LENGTH, blank=True)
    text_en = models.TextField(max_length=MAX_TEXT_LENGTH, blank=True)

    class Meta:
        abstract = True

    def get_subject(self, language: str) -> str:
        return str(getattr(self, f"subject_{language}"))

    def get_text(self, language: str) -> str:
        """Return the Markdown text in that language, with its placeholders."""
        return str(getattr(self, f"text_{language}"))

    @property
    def languages(self) -> list[str]:
        """Return the languages that have both subject and text."""
        return [code for code, _name in LANGUAGE_CHOICES if self.get_subject(code) and self.get_text(code)]


class Mailing(MailTexts):
    """One mail to many attendees; `segment` selects them. The state is derived from the times.

    `due_at` is when a worker looks at it next; an active mailing without it was stopped by a fault.
    """

    class Purpose(models.TextChoices):
        INFORMATION = "information", _("information needed for the event")
        NEWS = "news", _("news, with a link to unsubscribe")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        SENDING = "sending", _("being sent")
        STOPPED = "stopped", _("stopped after an error")
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
            # NULLs are distinct, so this limits reminders only; other mailings have no `reminder_days`.
            models.UniqueConstraint(fields=["event", "reminder_days"], name="each_reminder_once_per_event")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Return the subject in the active language, else in the other one."""
        own = self.subject_en if get_language() == "en" else self.subject_fr
        subject = own or self.subject_fr or self.subject_en or str(_("no subject"))
        # Titles are shown in lists without a recipient, so only this placeholder can be filled.
        return subject.replace("{event}", self.event.title) if "{event}" in subject else subject

    @property
    def state(self) -> str:
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.finished_at:
            return self.State.SENT
        if self.send_at is None:
            return self.State.DRAFT
        if self.due_at is None:
            return self.State.STOPPED
        # Once `send_at` has passed, it counts as being sent even before the worker starts.
        has_begun = self.started_at is not None or self.send_at <= timezone.now()
        return self.State.SENDING if has_begun else self.State.SCHEDULED

    @property
    def is_draft(self) -> bool:
        return self.send_at is None and self.cancelled_at is None

    @property
    def content_hash(self) -> str:
        """Return a hash of texts, purpose and segment, by which concurrent edits are noticed."""
        payload = [self.purpose, self.segment, *(getattr(self, name) for name in TEXT_FIELDS)]
        return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def is_invitation(self) -> bool:
        """Return whether it goes to people who are not at the event, as a segment with an audience does."""
        return bool(self.segment.get("audience"))

    @property
    def is_news(self) -> bool:
        """Return whether attendees who unsubscribed are left out."""
        return self.purpose == self.Purpose.NEWS

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)


WAITING_CONDITION = Q(accepted_at__isnull=True, refused_at__isnull=True, left_out="")


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def waiting(self) -> Self:
        """Return recipients whose mail is still to be sent."""
        # The same condition as that of the index `recipient_waiting`, else PostgreSQL does not use it.
        return self.filter(WAITING_CONDITION)


class Recipient(models.Model):
    """One mail of a mailing. The address is read from its people when it is sent, and never copied.

    `waiting_entries` are those on the waiting list, who have no registration yet. The recipient of an
    invitation is a `person` of the directory, or a registration for another event.
    """

    class LeftOut(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("already unsubscribed")
        BOUNCED = "bounced", _("this address has bounced before")
        NO_ADDRESS = "gone", _("no longer has an address")
        NOT_SELECTED = "changed", _("no longer matches the criteria")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("refused by the mail server")
        BOUNCED = "bounced", _("bounced")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed afterwards")
        LEFT_OUT = "omitted", _("skipped")

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="recipients")
    registrations = models.ManyToManyField(Registration, related_name="+")
    waiting_entries = models.ManyToManyField(WaitingEntry, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
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
        indexes = [
            models.Index(fields=["mailing", "due_at"], condition=WAITING_CONDITION, name="recipient_waiting")
        ]

    def __str__(self) -> str:
        return self.message_key

    @property
    def message_key(self) -> str:
        """Return the key of the Message-ID, the same at every attempt so that repeats are recognized."""
        return f"mailing-{self.mailing_id}-{self.pk}"

    @property
    def state(self) -> str:
        if self.left_out:
            return self.State.LEFT_OUT
        # Bounces and unsubscriptions come after acceptance and say more, so they are looked at first.
        if self.bounced_at:
            return self.State.BOUNCED
        if self.unsubscribed_at:
            return self.State.UNSUBSCRIBED
        if self.accepted_at:
            return self.State.SENT
        return self.State.REFUSED if self.refused_at else self.State.WAITING

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)


class Unsubscription(models.Model):
    """A normalized address that gets no news of the club's events."""

    email = models.EmailField(unique=True)
    unsubscribed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("unsubscription")
        verbose_name_plural = _("unsubscriptions")

    def __str__(self) -> str:
        return self.email


class ReminderPlan(MailTexts):
    """The days on which attendees of an event are reminded; an empty text means the default one."""

    event = models.OneToOneField(Event, models.CASCADE, related_name="+")
    is_enabled = models.BooleanField(default=False)
    days = models.JSONField(default=list)

    class Meta:
        verbose_name = _("reminders")
        verbose_name_plural = _("reminders")

    def __str__(self) -> str:
        return f"{self.event}: {self.days}"

    @property
    def days_text(self) -> str:
        """Return how many days before the event, such as “7 days and 1 day”."""
        days = [ngettext("%(count)d day", "%(count)d days", day) % {"count": day} for day in self.days]
        return get_text_list(days, gettext("and"))


class DateChangeQuerySet(models.QuerySet["DateChange"]):
    def unannounced(self) -> Self:
        """Return the changes that no mailing tells, or only a draft or a cancelled one."""
        launched = Q(mailing__send_at__isnull=False, mailing__cancelled_at__isnull=True)
        return self.exclude(launched)

    def with_counts(self) -> Self:
        """Annotate `attendee_count`: the attendees who registered before the dates changed last."""
        is_confirmed = Q(event__registrations__confirmed_at__isnull=False)
        is_active = Q(event__registrations__cancelled_at__isnull=True)
        is_earlier = Q(event__registrations__created_at__lt=F("changed_at"))
        count = Count("event__registrations", filter=is_confirmed & is_active & is_earlier)
        return self.annotate(attendee_count=count)


class DateChange(models.Model):
    """New dates of an event whose attendees know the former ones; deleted once both agree or it is dismissed.

    `mailing` is the one that an organizer wrote about the new dates.
    """

    attendee_count: int  # set by `with_counts`

    event = models.OneToOneField(Event, models.CASCADE, related_name="+")
    former_start = models.DateTimeField()
    former_end = models.DateTimeField()
    changed_at = models.DateTimeField(default=timezone.now)
    mailing = models.ForeignKey(Mailing, models.SET_NULL, null=True, related_name="+")

    objects = DateChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of dates")
        verbose_name_plural = _("changes of dates")

    def __str__(self) -> str:
        return f"{self.event}: {self.former_start:%Y-%m-%d %H:%M}"

    @property
    def is_announced(self) -> bool:
        """Return whether a mailing about the new dates was launched."""
        states = (None, Mailing.State.DRAFT, Mailing.State.CANCELLED)
        return (self.mailing.state if self.mailing else None) not in states
