"""Session bookings: a registration's reserved place in a session."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from schedule.models import Session

from .registrations import Registration


class SessionBookingQuerySet(models.QuerySet["SessionBooking"]):
    def active(self) -> Self:
        return self.filter(cancelled_at__isnull=True)

    def with_unannounced_changes(self, *, at: datetime.datetime | None = None) -> Self:
        """Return active bookings whose holder does not know the session's time or state yet.

        None once the event is over at `at` (default: now).
        """
        now = at or timezone.now()
        # SQL's comparisons with NULL are never true: a time that was set or removed is compared on its own.
        moved = ~Q(session__starts_at=models.F("notified_starts_at"))
        unplaced = Q(session__starts_at__isnull=True, notified_starts_at__isnull=False)
        placed = Q(session__starts_at__isnull=False, notified_starts_at__isnull=True)
        differs = moved | unplaced | placed
        # A cancelled session is announced as cancelled only, not also as moved.
        is_off = Q(session__cancelled_at__isnull=False)
        off = is_off & Q(is_cancellation_notified=False)
        on_again = ~is_off & Q(is_cancellation_notified=True)
        return self.active().filter((differs & ~is_off) | off | on_again, session__event__ends_at__gt=now)


class SessionBooking(models.Model):
    """A reserved place in a session; a cancelled one stays as a trace, and another can be booked.

    `notified_starts_at` and `is_cancellation_notified` are what its holder was last notified of.
    """

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="session_bookings")
    session = models.ForeignKey(Session, models.RESTRICT, related_name="+", verbose_name=_("session"))
    booked_at = models.DateTimeField(_("booked"), default=timezone.now)
    cancelled_at = models.DateTimeField(_("given up"), null=True, blank=True)
    notified_starts_at = models.DateTimeField(null=True, editable=False)
    is_cancellation_notified = models.BooleanField(default=False, editable=False)

    objects = SessionBookingQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("session", "seat")
        verbose_name_plural = pgettext_lazy("session", "seats")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "session"],
                condition=Q(cancelled_at__isnull=True),
                name="one_standing_seat",
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration.name}, {self.session}"
