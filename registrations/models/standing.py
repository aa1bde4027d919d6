"""Whether a registration, or a sponsor's package, stands: derived from its dates, never stored."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Standing(models.Model):
    """The dates that make a place or a package pending, confirmed, cancelled or expired."""

    class State(models.TextChoices):
        PENDING = "pending", _("awaiting confirmation")
        CONFIRMED = "confirmed", _("confirmed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    takes_place = models.BooleanField(default=True, db_default=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    booked: Iterable[Any] = ()  # its seats, where a page has read them for several at once
    is_asked = False  # for a page: whether there is anything to answer
    still_open: Iterable[Any] = ()  # for a page: its questions that wait for an answer
    told: Any = ()  # for a page: what was answered, in words
    awaits_buyer = False  # for a page: whether the link mailed to the buyer confirms it

    class Meta:
        abstract = True

    @property
    def state(self) -> str:
        """Derived from the dates."""
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.confirmed_at:
            return self.State.CONFIRMED
        return self.State.PENDING if self.is_held() else self.State.EXPIRED

    @property
    def counts(self) -> bool:
        """Whether it is counted as `taken`: confirmed, or pending and not given back yet."""
        held = self.held_until is not None and self.takes_place
        return self.cancelled_at is None and (self.confirmed_at is not None or held)

    @property
    def awaits_proof(self) -> bool:
        """Whether a mailed link must still prove a member."""
        return False

    def is_held(self, *, at: datetime.datetime | None = None) -> bool:
        """Whether it may still be confirmed in time; its place is kept unless too many wait (`holds.py`)."""
        return self.held_until is not None and self.held_until > (at or timezone.now())

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)
