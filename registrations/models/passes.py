"""Passes: how many registrations at an event a membership includes, and how many are used."""

from django.db import models
from django.utils.translation import gettext as _

from convention.club.models import Membership
from convention.db.limited_stock import WITHIN_CAPACITY, LimitedStock
from convention.events.models import Event


class PassQuota(LimitedStock):
    """A membership's passes for one event, created when the first is needed; see `pricing/passes.py`."""

    # After vouchers: `use_pass` releases a code before it reserves a pass.
    LOCK_ORDER = 50

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "event"], name="passes_once_per_membership"),
            models.CheckConstraint(name="passes_never_too_many", condition=WITHIN_CAPACITY),
        ]

    def __str__(self) -> str:
        return f"{self.membership}, {self.event}: {self.reserved}"

    @property
    def title(self) -> str:
        """Return the name used in the message that none is left."""
        return _("Membership pass")
