"""The badges that the desk printed, and the browsers that may work offline."""

import datetime
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event
from registrations.models import Registration

OFFLINE_DATA_LIFETIME = datetime.timedelta(days=1)


class BadgePrint(models.Model):
    """One badge printed at the desk; `reason` is empty for the first print of a badge version."""

    class Reason(models.TextChoices):
        LOST = "lost", pgettext_lazy("badge", "lost or left at home")
        DAMAGED = "damaged", pgettext_lazy("badge", "damaged")
        CORRECTED = "corrected", _("name or company corrected")
        PRINTER = "printer", _("the printer failed")

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="badge_prints")
    badge_version = models.PositiveIntegerField()
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices, blank=True)
    printed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    printed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("printed badge")
        verbose_name_plural = _("printed badges")
        ordering = ["-printed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.registration} #{self.badge_version}"


class DeskDevice(models.Model):
    """A browser at the desk that may work offline; its data is encrypted by a PIN that never leaves it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="desk_devices")
    name = models.CharField(_("name"), max_length=100, blank=True)
    enabled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    enabled_at = models.DateTimeField(_("enabled"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("desk device")
        verbose_name_plural = _("desk devices")
        ordering = ["-enabled_at", "-pk"]

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"

    @property
    def expires_at(self) -> datetime.datetime:
        """Return when the browser erases its data: a day after the event."""
        return self.event.ends_at + OFFLINE_DATA_LIFETIME

    def is_active(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether it gets data at `at`; its entries are accepted later, too."""
        return self.revoked_at is None and (at or timezone.now()) < self.expires_at


class SpareBadge(models.Model):
    """A badge reserved for a walk-in whom a desk device registers offline; its code is signed in advance.

    `reference` becomes that of the registration. `bound_at` is when the server registered the walk-in, or
    refused to.
    """

    device = models.ForeignKey(DeskDevice, models.CASCADE, related_name="spare_badges")
    reference = models.CharField(max_length=13, unique=True)
    leased_at = models.DateTimeField(default=timezone.now)
    bound_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("spare badge")
        verbose_name_plural = _("spare badges")
        indexes = [
            models.Index(fields=["device"], condition=Q(bound_at__isnull=True), name="spare_badge_unbound")
        ]

    def __str__(self) -> str:
        return self.reference


class DeskEntry(models.Model):
    """An action of a desk device while it was offline, with its outcome; an id is never applied twice."""

    class State(models.TextChoices):
        DONE = "done", pgettext_lazy("entry", "Done")
        # The sentence of the entry says why.
        CONFLICT = "conflict", pgettext_lazy("entry", "To check")
        REFUSED = "refused", pgettext_lazy("entry", "Could not be recorded")
        RESOLVED = "resolved", pgettext_lazy("entry", "Resolved")

    UNRESOLVED_STATES = (State.CONFLICT, State.REFUSED)

    event = models.ForeignKey(Event, models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(DeskDevice, models.CASCADE, related_name="entries")
    # Of entries that were not applied, only a transfer has one: what followed it is not of this attendee.
    registration = models.ForeignKey(Registration, models.CASCADE, null=True, related_name="+")
    uid = models.UUIDField()
    kind = models.CharField(max_length=20)
    made_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices)
    sentence = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("entry of a desk device")
        verbose_name_plural = _("entries of desk devices")
        constraints = [models.UniqueConstraint(fields=["event", "uid"], name="desk_entry_once_per_event")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
