"""Refund rules: how much of a price is refunded, by the day of the cancellation."""

import datetime

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event

from .tickets import Ticket

FULL_REFUND_PERCENT = 100
ONE_DAY = datetime.timedelta(days=1)


class RefundRule(models.Model):
    """The share of a price that is refunded until some days before the event, of one ticket or of all.

    A ticket with its own rules follows only these.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="refund_rules")
    ticket = models.ForeignKey(
        Ticket, models.CASCADE, null=True, blank=True, related_name="refund_rules", verbose_name=_("ticket")
    )
    days_before = models.PositiveSmallIntegerField(_("days before the event"))
    refund_percent = models.PositiveSmallIntegerField(
        _("refund (%)"), validators=[MaxValueValidator(FULL_REFUND_PERCENT)]
    )

    class Meta:
        verbose_name = _("refund rule")
        verbose_name_plural = _("refund rules")
        ordering = ["-days_before", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "days_before"],
                condition=Q(ticket__isnull=True),
                name="refund_rule_once_per_event",
            ),
            models.UniqueConstraint(fields=["ticket", "days_before"], name="refund_rule_once_per_ticket"),
            models.CheckConstraint(
                name="refund_share_is_a_part", condition=Q(refund_percent__lte=FULL_REFUND_PERCENT)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event}, {self.days_before}: {self.refund_percent} %"

    def get_deadline(self, event: Event) -> datetime.datetime:
        """Return its last moment: the end of that day in the event's time zone, or the event's start."""
        if not self.days_before:
            return event.starts_at
        # By dates rather than hours, so that a change of the clock does not move the deadline.
        day = event.starts_at.astimezone(event.zone).date() - self.days_before * ONE_DAY
        return datetime.datetime.combine(day + ONE_DAY, datetime.time(), event.zone)
