"""Site visits, each of which extends an event, and their confidentiality terms."""

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
from registrations.visits.dates import compute_lock_time

MAX_IDENTITY_DAYS_BEFORE = 120


class IdentityField(models.TextChoices):
    """The identity data that a host may request of each visitor."""

    BIRTH_DATE = "birth_date", _("date of birth")
    BIRTH_PLACE = "birth_place", _("place of birth")
    NATIONALITY = "nationality", _("nationality")
    DOCUMENT_KIND = "document_kind", _("type of identity document")
    DOCUMENT_NUMBER = "document_number", _("identity document number")
    DOCUMENT_EXPIRY = "document_expiry", _("identity document expiry date")
    VEHICLE_PLATE = "vehicle_plate", _("number plate")


class VisitQuerySet(models.QuerySet["Visit"]):
    def active(self) -> Self:
        """Return those that were not cancelled."""
        return self.filter(cancelled_at__isnull=True)

    def published(self) -> Self:
        """Return those that members see: agreed with the host, published and not cancelled."""
        agreed = self.active().filter(agreed_at__isnull=False)
        return agreed.exclude(event__visibility=Event.Visibility.DRAFT)


class Visit(models.Model):
    """The data of a site visit beyond its event, which has the host, the dates and the visibility.

    Capacity and company limit are those of the event's ticket for members. The state is derived from dates.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        AGREED = "agreed", _("agreed with the host")
        PUBLISHED = "published", _("open to members")
        CLOSED = "closed", pgettext_lazy("visit", "applications closed")
        LOCKED = "locked", _("list locked")
        SENT = "sent", _("list sent")
        HELD = "held", _("held")
        DEBRIEFED = "debriefed", _("debrief published")
        CANCELLED = "cancelled", _("called off")

    # No reverse accessor: events are a lower layer, and their code must not know of visits.
    event = models.OneToOneField(Event, models.CASCADE, related_name="+")
    security_name = models.CharField(_("security contact"), max_length=200, blank=True)
    security_email = models.EmailField(_("their address"), blank=True)
    lock_working_days = models.PositiveSmallIntegerField(
        _("working days before the visit when the list is locked"),
        default=5,
        validators=[MaxValueValidator(60)],
    )
    identity_fields = models.JSONField(
        _("what the host needs to know about visitors"), default=list, blank=True
    )
    identity_days_before = models.PositiveSmallIntegerField(
        _("days before the visit when these details are first requested"),
        default=21,
        validators=[MaxValueValidator(MAX_IDENTITY_DAYS_BEFORE)],
    )
    briefing = models.TextField(_("safety briefing"), blank=True)
    briefing_en = models.TextField(_("safety briefing in English"), blank=True)
    embargo_until = models.DateTimeField(_("embargo until"), null=True, blank=True)
    agreed_at = models.DateTimeField(_("agreed with the host"), null=True, blank=True)
    closed_at = models.DateTimeField(_("applications closed"), null=True, blank=True)
    locked_at = models.DateTimeField(_("list locked"), null=True, blank=True)
    sent_at = models.DateTimeField(_("list sent"), null=True, blank=True)
    debriefed_at = models.DateTimeField(_("debrief published"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("called off"), null=True, blank=True)
    cancellation_reason = models.CharField(_("reason"), max_length=300, blank=True)
    # When its dates were last changed after members knew of it.
    moved_at = models.DateTimeField(_("dates changed"), null=True, blank=True, editable=False)
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
        """Return the date of the visit in the event's time zone."""
        return self.event.starts_at.astimezone(self.event.zone).date()

    @property
    def locks_at(self) -> datetime.datetime:
        """Return when the list will be or was locked."""
        # A list can be locked by hand before its deadline.
        return self.locked_at or compute_lock_time(
            self.event.starts_at, self.event.zone, self.lock_working_days
        )

    @property
    def applications_close_at(self) -> datetime.datetime:
        """Return the first of closing by hand, the event's own deadline, lock and cancellation.

        The event's page and the API show it as `Event.registration_deadline`.
        """
        own_deadline = self.event.registration_closes_at
        limits = [self.closed_at, own_deadline, self.locks_at, self.cancelled_at]
        return min(moment for moment in limits if moment)

    @property
    def last_open_moment(self) -> datetime.datetime:
        """Return the last moment of the application period, whose deadlines apply to later bookings."""
        return self.applications_close_at - datetime.timedelta(microseconds=1)

    @property
    def state(self) -> str:
        return self.state_at(timezone.now())

    def state_at(self, at: datetime.datetime) -> str:
        """Return the furthest state reached at `at`; only end and closing time are compared with it."""
        event, state = self.event, self.State
        is_visible = event.visibility != Event.Visibility.DRAFT
        # The deadline of a draft says what is missing before it can be published, not that it is closed.
        is_closed = self.closed_at or (is_visible and self.applications_close_at <= at)
        # A draft whose day has passed was never held; `lock_due_lists` locks every published visit before its
        # end.
        is_over = event.is_over(at=at) and self.locked_at is not None
        # From the furthest state to the first; the first true one wins.
        reached: tuple[tuple[Any, str], ...] = (
            (self.cancelled_at, state.CANCELLED),
            (self.debriefed_at, state.DEBRIEFED),
            (is_over, state.HELD),
            (self.sent_at, state.SENT),
            (self.locked_at, state.LOCKED),
            (self.agreed_at and is_closed, state.CLOSED),
            (self.agreed_at and is_visible, state.PUBLISHED),
            (self.agreed_at, state.AGREED),
        )
        return next((state_name for is_reached, state_name in reached if is_reached), state.DRAFT)

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)

    @property
    def localized_briefing(self) -> str:
        """Return the safety briefing in the active language."""
        return self.briefing_en if translation.get_language() == "en" and self.briefing_en else self.briefing


def hash_texts(*texts: str) -> str:
    """Return the SHA-256 hash of the texts, each ended by a NUL, as hexadecimal."""
    # The NUL keeps ("ab", "c") and ("a", "bc") apart.
    return hashlib.sha256("".join(f"{text}\0" for text in texts).encode()).hexdigest()


class NdaText(models.Model):
    """One version of the confidentiality terms; the one with the highest number is current."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="nda_texts")
    number = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    text_en = models.TextField(_("text in English"), blank=True)
    hash = models.CharField(max_length=64, editable=False)
    written_at = models.DateTimeField(_("written"), default=timezone.now)
    written_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("confidentiality terms")
        verbose_name_plural = pgettext_lazy("plural", "confidentiality terms")
        ordering = ["visit", "-number"]
        constraints = [models.UniqueConstraint(fields=["visit", "number"], name="nda_number_once_per_visit")]

    def __str__(self) -> str:
        return f"{self.visit}, v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Both languages in one hash: changing either text makes a new version to accept.
        self.hash = hash_texts(self.text, self.text_en)
        super().save(*args, **kwargs)

    @property
    def localized_text(self) -> str:
        """Return the text in the active language."""
        return self.text_en if translation.get_language() == "en" and self.text_en else self.text
