"""Seats: a registration's booked place in a session."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from schedule.models import Session

from .registrations import Registration


class SessionSeatQuerySet(models.QuerySet["SessionSeat"]):
    """Sets of seats, with time as an argument."""

    def standing(self) -> Self:
        """Those that were not given up."""
        return self.filter(cancelled_at__isnull=True)

    def out_of_date(self, *, at: datetime.datetime | None = None) -> Self:
        """Standing ones whose holder knows another time or state of the session; until the event is over."""
        now = at or timezone.now()
        moved = ~Q(session__starts_at=models.F("known_starts_at"))
        unplaced = Q(session__starts_at__isnull=True, known_starts_at__isnull=False)
        placed = Q(session__starts_at__isnull=False, known_starts_at__isnull=True)
        differs = moved | unplaced | placed
        is_off = Q(session__cancelled_at__isnull=False)
        off = is_off & Q(knows_cancelled=False)
        on_again = ~is_off & Q(knows_cancelled=True)
        return self.standing().filter((differs & ~is_off) | off | on_again, session__event__ends_at__gt=now)


class SessionSeat(models.Model):
    """A booked place in a session; given up it stays as a trace, and another one may be booked.

    `known_starts_at` and `knows_cancelled` are what its holder was told last.
    """

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="seats")
    session = models.ForeignKey(Session, models.RESTRICT, related_name="+", verbose_name=_("session"))
    booked_at = models.DateTimeField(_("booked"), default=timezone.now)
    cancelled_at = models.DateTimeField(_("given up"), null=True, blank=True)
    known_starts_at = models.DateTimeField(null=True, editable=False)
    knows_cancelled = models.BooleanField(default=False, editable=False)

    objects = SessionSeatQuerySet.as_manager()

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
