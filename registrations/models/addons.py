"""Add-ons that go with a ticket, such as a dinner or a workshop."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from convention.db.limited_stock import WITHIN_CAPACITY

from .sale_items import VAT_EXEMPTION_CONDITION, SaleItem
from .tickets import Ticket


class Addon(SaleItem):
    """An add-on for the holders of some tickets, or of every ticket if it names none."""

    LOCK_ORDER = 20

    class Kind(models.TextChoices):
        MEAL = "meal", _("meal")
        WORKSHOP = "workshop", _("workshop")
        OTHER = "other", _("other")

    kind = models.CharField(_("type"), max_length=20, choices=Kind.choices, default=Kind.OTHER)
    tickets = models.ManyToManyField(
        Ticket, blank=True, related_name="addons", verbose_name=_("available with these tickets")
    )

    class Meta(SaleItem.Meta):
        verbose_name = _("add-on")
        verbose_name_plural = _("add-ons")
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="addon_slug_once_per_event"),
            models.CheckConstraint(name="addon_never_oversold", condition=WITHIN_CAPACITY),
            models.CheckConstraint(name="addon_exempt_without_vat", condition=VAT_EXEMPTION_CONDITION),
        ]
