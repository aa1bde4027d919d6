"""Add-ons: what goes with a ticket, such as the dinner or a workshop, and who takes it."""

import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from convention.counters import NEVER_TOO_MANY, Counted
from convention.events.models import Event
from convention.money import Money

from .registrations import Registration
from .tickets import Ticket
from .vat import EXEMPT_WITHOUT_VAT, Taxed


class Addon(Taxed, Counted):
    """Something that a person takes besides the ticket; it goes with all tickets where it names none."""

    TURN = 20

    class Kind(models.TextChoices):
        MEAL = "meal", _("meal")
        WORKSHOP = "workshop", _("workshop")
        OTHER = "other", _("other")

    event = models.ForeignKey(Event, models.CASCADE, related_name="addons")
    slug = models.SlugField(_("address"), max_length=50)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    description_en = models.CharField(_("description in English"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.OTHER)
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    tickets = models.ManyToManyField(
        Ticket, blank=True, related_name="addons", verbose_name=_("tickets it goes with")
    )
    opens_at = models.DateTimeField(_("on sale from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("on sale until"), null=True, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("add-on")
        verbose_name_plural = _("add-ons")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="addon_slug_once_per_event"),
            models.CheckConstraint(name="addon_never_oversold", condition=NEVER_TOO_MANY),
            models.CheckConstraint(name="addon_exempt_without_vat", condition=EXEMPT_WITHOUT_VAT),
        ]

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


class RegistrationAddon(Taxed):
    """An add-on that someone takes, at the price of that moment."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="addons")
    addon = models.ForeignKey(Addon, models.PROTECT, related_name="chosen")
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    class Meta:
        verbose_name = _("add-on of a registration")
        verbose_name_plural = _("add-ons of registrations")
        ordering = ["addon__position", "addon", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "addon"],
                condition=Q(cancelled_at__isnull=True),
                name="addon_once_per_registration",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.addon}, {self.registration.name}"
