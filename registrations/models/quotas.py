"""Quotas: places that several tickets share, such as the seats of a venue."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from convention.db.limited_stock import WITHIN_CAPACITY, LimitedStock
from convention.events.models import Event

QUOTA_CAPACITY_CONSTRAINT = "quota_never_over"


class Quota(LimitedStock):
    """A number of places over all tickets that share it.

    Each registration takes one place of its ticket and one of the quota. Quotas are locked after tickets,
    because a ticket's row says, under its lock, which quota it shares.
    """

    LOCK_ORDER = 95

    event = models.ForeignKey(Event, models.CASCADE, related_name="quotas")
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("shared quota")
        verbose_name_plural = _("shared quotas")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "name"], name="quota_name_once_per_event"),
            models.CheckConstraint(name=QUOTA_CAPACITY_CONSTRAINT, condition=WITHIN_CAPACITY),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        return self.name
