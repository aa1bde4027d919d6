"""Refund rules: until when how much of a price comes back to whoever cancels."""

import datetime

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event

from .tickets import Ticket

WHOLE = 100
DAY = datetime.timedelta(days=1)


class RefundRule(models.Model):
    """Until so many days before the event, this share of the price comes back; of one ticket or of all.

    A ticket that has rules of its own follows these alone.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="refund_rules")
    ticket = models.ForeignKey(
        Ticket, models.CASCADE, null=True, blank=True, related_name="refund_rules", verbose_name=_("ticket")
    )
    days = models.PositiveSmallIntegerField(_("days before the event"))
    share = models.PositiveSmallIntegerField(
        _("share that comes back, in percent"), validators=[MaxValueValidator(WHOLE)]
    )

    class Meta:
        verbose_name = _("refund rule")
        verbose_name_plural = _("refund rules")
        ordering = ["-days", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "days"],
                condition=Q(ticket__isnull=True),
                name="refund_rule_once_per_event",
            ),
            models.UniqueConstraint(fields=["ticket", "days"], name="refund_rule_once_per_ticket"),
            models.CheckConstraint(name="refund_share_is_a_part", condition=Q(share__lte=WHOLE)),
        ]

    def __str__(self) -> str:
        return f"{self.event}, {self.days}: {self.share} %"

    def until(self, event: Event) -> datetime.datetime:
        """Its last moment: the end of that day where the event is, or the event's start."""
        if not self.days:
            return event.starts_at
        day = event.starts_at.astimezone(event.zone).date() - self.days * DAY
        return datetime.datetime.combine(day + DAY, datetime.time(), event.zone)
