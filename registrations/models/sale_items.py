"""Base models of what is sold: VAT, price, and a sale period."""

import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from convention.db.limited_stock import LimitedStock
from convention.events.models import Event
from convention.money import Money
from registrations.invoices.tax_amounts import STANDARD_VAT_RATE
from registrations.invoices.vat_exemptions import VAT_EXEMPTION_CHOICES

# A rate of 0 needs a reason, and no other rate may have one.
VAT_EXEMPTION_CONDITION = Q(vat_rate=0) & ~Q(vat_exemption="") | Q(vat_rate__gt=0, vat_exemption="")


class TaxedItem(models.Model):
    """A price that includes VAT; the rate is in hundredths of a percent."""

    vat_rate = models.PositiveSmallIntegerField(
        _("VAT rate"), default=STANDARD_VAT_RATE, db_default=STANDARD_VAT_RATE
    )
    vat_exemption = models.CharField(
        _("reason for not charging VAT"),
        max_length=30,
        blank=True,
        default="",
        db_default="",
        choices=VAT_EXEMPTION_CHOICES,
    )

    class Meta:
        abstract = True


class SaleItem(TaxedItem, LimitedStock):
    """Limited stock with a name in two languages, a price including VAT in cents, and a sale period."""

    # Gives `event.tickets`, `event.addons` and `event.packages`.
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
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name

    @property
    def summary(self) -> str:
        english = translation.get_language() == "en" and self.description_en
        return self.description_en if english else self.description

    @property
    def cost(self) -> Money:
        return Money(self.price, self.currency)

    @property
    def is_not_open_yet(self) -> bool:
        return self.opens_at is not None and timezone.now() < self.opens_at

    def is_on_sale(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether `at` (default: now) is within the sale period."""
        now = at or timezone.now()
        return (self.opens_at is None or self.opens_at <= now) and (
            self.closes_at is None or now < self.closes_at
        )
