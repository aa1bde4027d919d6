"""Session bookings: a registration's reserved place in a session."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.events.models import Room
from schedule.models import PersonalAgenda, Session

from .registrations import Registration


def _differs(column: str, other_column: str) -> Q:
    """Return a condition that two nullable columns have different values."""
    # In SQL a comparison with NULL is never true, and Django's negation of it always is: test for NULL.
    both = Q(**{f"{column}__isnull": False, f"{other_column}__isnull": False})
    first = Q(**{f"{column}__isnull": False, f"{other_column}__isnull": True})
    second = Q(**{f"{column}__isnull": True, f"{other_column}__isnull": False})
    return (both & ~Q(**{column: models.F(other_column)})) | first | second


class SessionBookingQuerySet(models.QuerySet["SessionBooking"]):
    def active(self) -> Self:
        return self.filter(cancelled_at__isnull=True)

    def with_unannounced_changes(self, *, at: datetime.datetime | None = None) -> Self:
        """Return active bookings whose holder does not know the session's time, room or state yet.

        None once the event is over at `at` (default: now).
        """
        now = at or timezone.now()
        differs = _differs("session__starts_at", "notified_starts_at")
        differs |= _differs("session__room", "notified_room")
        # A cancelled session is announced as cancelled only, not also as moved.
        is_cancelled = Q(session__cancelled_at__isnull=False)
        newly_cancelled = is_cancelled & Q(is_cancellation_notified=False)
        reinstated = ~is_cancelled & Q(is_cancellation_notified=True)
        return self.active().filter(
            (differs & ~is_cancelled) | newly_cancelled | reinstated, session__event__ends_at__gt=now
        )


class SessionBooking(models.Model):
    """A reserved place in a session; a cancelled one stays as a record, and another can be booked.

    `notified_starts_at`, `notified_room` and `is_cancellation_notified` are what its holder was last notified
    of.
    """

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="session_bookings")
    session = models.ForeignKey(Session, models.RESTRICT, related_name="+", verbose_name=_("session"))
    booked_at = models.DateTimeField(_("booked"), default=timezone.now)
    cancelled_at = models.DateTimeField(_("released"), null=True, blank=True)
    notified_starts_at = models.DateTimeField(null=True, editable=False)
    notified_room = models.ForeignKey(Room, models.SET_NULL, null=True, editable=False, related_name="+")
    is_cancellation_notified = models.BooleanField(default=False, editable=False)

    objects = SessionBookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("session booking")
        verbose_name_plural = _("session bookings")
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


class AgendaLink(models.Model):
    """The link of a personal agenda to the registration of the attendee who starred its sessions.

    The attendee was notified of the changes up to the version `notified_version`.
    """

    personal_agenda = models.OneToOneField(PersonalAgenda, models.CASCADE, related_name="+")
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="agenda_links")
    notified_version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("link of a personal programme")
        verbose_name_plural = _("links of personal programmes")

    def __str__(self) -> str:
        return f"{self.registration.name}, {self.personal_agenda}"
