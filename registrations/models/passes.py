"""Passes: how many places at an event a membership pays for, and how many are used."""

from django.db import models
from django.utils.translation import gettext as _

from convention.club.models import Membership
from convention.counters import NEVER_TOO_MANY, Counted
from convention.events.models import Event


class Passes(Counted):
    """A membership's passes to one event, made when the first is asked for; see `passes.py`."""

    TURN = 50

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "event"], name="passes_once_per_membership"),
            models.CheckConstraint(name="passes_never_too_many", condition=NEVER_TOO_MANY),
        ]

    def __str__(self) -> str:
        return f"{self.membership}, {self.event}: {self.taken}"

    @property
    def title(self) -> str:
        """What a sentence calls it when none is left."""
        return _("Pass of the membership")
