"""What is offered for a price in a window of time: tickets, and what goes with them."""

import datetime

from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from convention.counters import Counted
from convention.events.models import Event
from convention.money import Money

from .vat import Taxed


class Offered(Taxed, Counted):
    """Something with a name in two languages, a price that includes the VAT, and a sale window."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="%(class)ss")
    slug = models.SlugField(_("address"), max_length=50)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    description_en = models.CharField(_("description in English"), max_length=300, blank=True)
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    opens_at = models.DateTimeField(_("on sale from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("on sale until"), null=True, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name in the language of the moment."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name

    @property
    def summary(self) -> str:
        """The description in the language of the moment."""
        english = translation.get_language() == "en" and self.description_en
        return self.description_en if english else self.description

    @property
    def cost(self) -> Money:
        """The price with its currency."""
        return Money(self.price, self.currency)

    @property
    def is_early(self) -> bool:
        """Whether its sale has yet to begin."""
        return self.opens_at is not None and timezone.now() < self.opens_at

    def is_on_sale(self, *, at: datetime.datetime | None = None) -> bool:
        """Whether the sale window is open."""
        now = at or timezone.now()
        return (self.opens_at is None or self.opens_at <= now) and (
            self.closes_at is None or now < self.closes_at
        )
