"""Price steps: what a ticket costs until a moment, before its own price holds."""

import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from convention.money import Money

from .tickets import Ticket


class PriceStep(models.Model):
    """A price of a ticket until a moment; of several, the one that ends next holds."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="steps")
    price = models.PositiveIntegerField(_("price, in cents"))
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("price step")
        verbose_name_plural = _("price steps")
        ordering = ["until", "pk"]
        constraints = [models.UniqueConstraint(fields=["ticket", "until"], name="one_price_per_moment")]

    def __str__(self) -> str:
        return f"{self.ticket}: {self.price} < {self.until}"

    @property
    def cost(self) -> Money:
        """The price with the ticket's currency."""
        return Money(self.price, self.ticket.currency)

    def holds(self, *, at: datetime.datetime) -> bool:
        """Whether it is not over."""
        return at < self.until
