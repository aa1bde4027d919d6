"""The speakers' side of an event: their link, photograph and slides, and the mails sent to them."""

import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Person
from convention.events.models import Event
from convention.text.languages import LANGUAGE_CHOICES
from convention.web.link_secrets import LinkedModel

from .programme import Session, Speaker

TEXT_FIELDS = [f"{part}_{code}" for code, _name in LANGUAGE_CHOICES for part in ("subject", "text")]
MAX_SUBJECT_LENGTH, MAX_TEXT_LENGTH = 200, 20_000


class SpeakerLink(LinkedModel):
    """The link that opens a speaker's own page without an account, and the state of planning with them.

    `requested_at` is when the speaker was last asked for availability, `answered_at` when it was last saved.
    """

    LINK_PURPOSE = "schedule.speaker"

    speaker = models.OneToOneField(Speaker, models.CASCADE, related_name="link")
    created_at = models.DateTimeField(default=timezone.now)
    requested_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("link of a speaker")
        verbose_name_plural = _("links of speakers")

    def __str__(self) -> str:
        return f"{self.speaker}"


class SpeakerPhotoQuerySet(models.QuerySet["SpeakerPhoto"]):
    def public(self) -> Self:
        """Return the photographs whose speaker agreed to publish them and has not withdrawn that."""
        return self.filter(consented_at__isnull=False, withdrawn_at__isnull=True)


class SpeakerPhoto(models.Model):
    """A speaker's photograph: a square JPEG without metadata, and the consent to publish it."""

    speaker = models.OneToOneField(Speaker, models.CASCADE, related_name="photo")
    content = models.BinaryField()
    # Part of the photograph's address, so that browsers fetch a replaced one.
    digest = models.CharField(max_length=16)
    uploaded_at = models.DateTimeField(default=timezone.now)
    consented_at = models.DateTimeField(null=True, blank=True)
    # Of speakers/photos.py: CONSENT_TEXTS.
    consent_version = models.PositiveIntegerField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = SpeakerPhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photograph of a speaker")
        verbose_name_plural = _("photographs of speakers")
        constraints = [
            models.CheckConstraint(
                name="speaker_photo_consent_has_version",
                condition=Q(consented_at__isnull=True) | Q(consent_version__isnull=False),
            ),
            models.CheckConstraint(
                name="speaker_photo_withdrawn_after_consent",
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("consented_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.speaker}"

    @property
    def is_public(self) -> bool:
        return self.consented_at is not None and self.withdrawn_at is None


class SpeakerMailing(models.Model):
    """One mail to the speakers that `audience` selects, in each language that has a text."""

    class Kind(models.TextChoices):
        REQUEST = "request", _("ask for availability")
        REMINDER = "reminder", _("remind those who have not answered")
        MESSAGE = "message", _("message")

    event = models.ForeignKey(Event, models.CASCADE, related_name="speaker_mailings")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MESSAGE)
    # As `speakers/audience.py` serializes it.
    audience: Any = models.JSONField(default=dict)
    subject_fr = models.CharField(max_length=MAX_SUBJECT_LENGTH, blank=True)
    text_fr = models.TextField(max_length=MAX_TEXT_LENGTH, blank=True)
    subject_en = models.CharField(max_length=MAX_SUBJECT_LENGTH, blank=True)
    text_en = models.TextField(max_length=MAX_TEXT_LENGTH, blank=True)
    sent_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("e-mail to speakers")
        verbose_name_plural = _("e-mails to speakers")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.subject_fr or self.subject_en


class SpeakerMailQuerySet(models.QuerySet["SpeakerMail"]):
    def waiting(self) -> Self:
        """Return the mails that the mail server neither accepted nor refused."""
        return self.filter(accepted_at__isnull=True, refused_at__isnull=True)


class SpeakerMail(models.Model):
    """One speaker's copy of a mailing; no address is stored."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("mail", "waiting")
        SENT = "sent", pgettext_lazy("mail", "sent")
        REFUSED = "refused", pgettext_lazy("mail", "refused by the mail server")

    mailing = models.ForeignKey(SpeakerMailing, models.CASCADE, related_name="mails")
    speaker = models.ForeignKey(Speaker, models.CASCADE, related_name="mails")
    created_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)

    objects = SpeakerMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail to a speaker")
        verbose_name_plural = _("e-mails to one speaker")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["mailing", "speaker"], name="speaker_once_per_mailing")
        ]

    def __str__(self) -> str:
        return self.message_key

    @property
    def message_key(self) -> str:
        """Return the key of the Message-ID, the same at every attempt so that repeats are recognized."""
        return f"speaker-mail-{self.mailing_id}-{self.pk}"

    @property
    def state(self) -> "SpeakerMail.State":
        if self.accepted_at:
            return self.State.SENT
        return self.State.REFUSED if self.refused_at else self.State.WAITING


class SessionFileQuerySet(models.QuerySet["SessionFile"]):
    def public(self, *, at: datetime.datetime | None = None) -> Self:
        """Return the files that are public: the session took place, with consent, and not hidden."""
        took_place = Q(session__ends_at__lte=at or timezone.now(), session__cancelled_at=None)
        return self.filter(took_place, consented_at__isnull=False, hidden_at=None)


class SessionFile(models.Model):
    """Slides of a session, and the consent to publish them."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="files")
    # The speaker who uploaded it, whose consent publishes it.
    speaker = models.ForeignKey(Speaker, models.CASCADE, related_name="files")
    name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField(editable=False)
    byte_count = models.PositiveIntegerField(default=0)
    # A second upload of the same bytes is the same file.
    digest = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField(default=timezone.now)
    consented_at = models.DateTimeField(null=True, blank=True)
    # Of speakers/slides.py: CONSENT_TEXTS.
    consent_version = models.PositiveIntegerField(null=True, blank=True)
    # By an organizer.
    hidden_at = models.DateTimeField(null=True, blank=True)

    objects = SessionFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("session file")
        verbose_name_plural = _("session files")
        ordering = ["uploaded_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "speaker", "digest"], name="session_file_once_per_speaker"
            ),
            models.CheckConstraint(
                name="session_file_consent_has_version",
                condition=Q(consented_at__isnull=True) | Q(consent_version__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
