"""Add-ons: what goes with a ticket, such as the dinner or a workshop."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from convention.counters import NEVER_TOO_MANY

from .offered import Offered
from .tickets import Ticket
from .vat import EXEMPT_WITHOUT_VAT


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
