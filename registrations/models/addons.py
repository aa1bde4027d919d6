"""Add-ons: what goes with a ticket, such as the dinner or a workshop, and who takes it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from convention.counters import NEVER_TOO_MANY
from convention.money import Money

from .offered import Offered
from .registrations import Registration
from .tickets import Ticket
from .vat import EXEMPT_WITHOUT_VAT, Taxed


class Addon(Offered):
    """Something that a person takes besides the ticket; it goes with all tickets where it names none."""

    TURN = 20

    class Kind(models.TextChoices):
        MEAL = "meal", _("meal")
        WORKSHOP = "workshop", _("workshop")
        OTHER = "other", _("other")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.OTHER)
    tickets = models.ManyToManyField(
        Ticket, blank=True, related_name="addons", verbose_name=_("tickets it goes with")
    )

    class Meta(Offered.Meta):
        verbose_name = _("add-on")
        verbose_name_plural = _("add-ons")
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="addon_slug_once_per_event"),
            models.CheckConstraint(name="addon_never_oversold", condition=NEVER_TOO_MANY),
            models.CheckConstraint(name="addon_exempt_without_vat", condition=EXEMPT_WITHOUT_VAT),
        ]


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

    @property
    def cost(self) -> Money:
        """What it cost, with the add-on's currency."""
        return Money(self.price, self.addon.currency)
