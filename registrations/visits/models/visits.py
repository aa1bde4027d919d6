"""A visit: what an event has besides when a vendor opens its site, and the text of confidentiality."""

import datetime
import hashlib
from typing import Any, Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Person
from convention.events.models import Event


class IdentityField(models.TextChoices):
    """What a host may need to know of each visitor before the day."""

    BIRTH_DATE = "birth_date", _("date of birth")
    BIRTH_PLACE = "birth_place", _("place of birth")
    NATIONALITY = "nationality", _("nationality")
    DOCUMENT_KIND = "document_kind", _("kind of identity document")
    DOCUMENT_NUMBER = "document_number", _("number of the identity document")
    DOCUMENT_EXPIRY = "document_expiry", _("expiry of the identity document")
    VEHICLE_PLATE = "vehicle_plate", _("number plate")


class VisitQuerySet(models.QuerySet["Visit"]):
    """Sets of visits."""

    def standing(self) -> Self:
        """Those that were not called off."""
        return self.filter(cancelled_at__isnull=True)

    def published(self) -> Self:
        """Those that members hear of: agreed with the host, shown, and not called off."""
        shown = self.standing().filter(agreed_at__isnull=False)
        return shown.exclude(event__visibility=Event.Visibility.DRAFT)


class Visit(models.Model):
    """What a visit adds to its event, where host, site, day and visibility stand.

    Places and the cap per company are those of the event's ticket for members. The state follows from dates.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        AGREED = "agreed", _("agreed with the host")
        PUBLISHED = "published", _("open to members")
        CLOSED = "closed", pgettext_lazy("visit", "closed")
        LOCKED = "locked", _("list locked")
        SENT = "sent", _("list sent")
        HELD = "held", _("held")
        DEBRIEFED = "debriefed", _("debriefed")
        CANCELLED = "cancelled", _("called off")

    event = models.OneToOneField(Event, models.CASCADE, related_name="+")
    security_name = models.CharField(_("security contact"), max_length=200, blank=True)
    security_email = models.EmailField(_("their address"), blank=True)
    list_days = models.PositiveSmallIntegerField(
        _("working days before the visit when the list is locked"),
        default=5,
        validators=[MaxValueValidator(60)],
    )
    identity_fields = models.JSONField(
        _("what the host needs to know about visitors"), default=list, blank=True
    )
    identity_days = models.PositiveSmallIntegerField(
        _("days before the visit from which it is asked"), default=21, validators=[MaxValueValidator(120)]
    )
    briefing = models.TextField(_("safety briefing"), blank=True)
    briefing_en = models.TextField(_("safety briefing in English"), blank=True)
    embargo_until = models.DateTimeField(_("embargo until"), null=True, blank=True)
    agreed_at = models.DateTimeField(_("agreed with the host"), null=True, blank=True)
    closed_at = models.DateTimeField(_("applications closed"), null=True, blank=True)
    locked_at = models.DateTimeField(_("list locked"), null=True, blank=True)
    sent_at = models.DateTimeField(_("list sent"), null=True, blank=True)
    debriefed_at = models.DateTimeField(_("debriefed"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("called off"), null=True, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)
    purged_at = models.DateTimeField(_("identities removed"), null=True, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["event__starts_at", "pk"]

    def __str__(self) -> str:
        return str(self.event)

    @property
    def day(self) -> datetime.date:
        """The day of the visit, where it takes place."""
        return self.event.starts_at.astimezone(self.event.zone).date()

    @property
    def state(self) -> str:
        """Derived from dates, now."""
        return self.state_at(timezone.now())

    def state_at(self, now: datetime.datetime) -> str:
        """The state at a moment: the last that was reached."""
        event, state = self.event, self.State
        closes = event.registration_closes_at or event.starts_at
        is_over = event.ends_at <= now and self.locked_at is not None
        reached: tuple[tuple[Any, str], ...] = (
            (self.cancelled_at, state.CANCELLED),
            (self.debriefed_at, state.DEBRIEFED),
            (is_over, state.HELD),
            (self.sent_at, state.SENT),
            (self.locked_at, state.LOCKED),
            (self.agreed_at and (self.closed_at or closes <= now), state.CLOSED),
            (self.agreed_at and event.visibility != Event.Visibility.DRAFT, state.PUBLISHED),
            (self.agreed_at, state.AGREED),
        )
        return next((name for is_so, name in reached if is_so), state.DRAFT)

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)

    @property
    def safety(self) -> str:
        """The safety briefing in the language of the moment."""
        return self.briefing_en if translation.get_language() == "en" and self.briefing_en else self.briefing


def hash_of(*texts: str) -> str:
    """SHA-256 of the texts, each ended by a NUL, as hexadecimal."""
    return hashlib.sha256("".join(f"{text}\0" for text in texts).encode()).hexdigest()


class NdaText(models.Model):
    """One version of what visitors agree to keep to themselves; the latest is the one that counts."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="nda_texts")
    number = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    text_en = models.TextField(_("text in English"), blank=True)
    hash = models.CharField(max_length=64, editable=False)
    written_at = models.DateTimeField(_("written"), default=timezone.now)
    written_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("confidentiality text")
        verbose_name_plural = _("confidentiality texts")
        ordering = ["visit", "-number"]
        constraints = [models.UniqueConstraint(fields=["visit", "number"], name="nda_number_once_per_visit")]

    def __str__(self) -> str:
        return f"{self.visit}, v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it with its hash."""
        self.hash = hash_of(self.text, self.text_en)
        super().save(*args, **kwargs)

    @property
    def words(self) -> str:
        """The text in the language of the moment."""
        return self.text_en if translation.get_language() == "en" and self.text_en else self.text
