"""Quotas: places that several tickets share, such as those of a room."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from convention.counters import NEVER_TOO_MANY, Counted
from convention.events.models import Event

NEVER_OVER = "quota_never_over"


class Quota(Counted):
    """A number of places over all tickets that share it; each takes one of the ticket's own too.

    It comes after the tickets, whose rows say under their lock which quota they share.
    """

    TURN = 95

    event = models.ForeignKey(Event, models.CASCADE, related_name="quotas")
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("shared quota")
        verbose_name_plural = _("shared quotas")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "name"], name="quota_name_once_per_event"),
            models.CheckConstraint(name=NEVER_OVER, condition=NEVER_TOO_MANY),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """The name."""
        return self.name
