"""Tickets: ways to come to an event, each with its prices and its places."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.counters import NEVER_TOO_MANY
from convention.events.models import Event
from convention.money import Money

from .offered import Offered
from .quotas import Quota
from .vat import EXEMPT_WITHOUT_VAT

NEVER_OVERSOLD = "ticket_never_oversold"


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Sets of tickets."""

    def with_prices(self) -> Self:
        """With what says their prices and places: steps and shared quotas."""
        return self.select_related("quota").prefetch_related("steps")


class Ticket(Offered):
    """A way to come, with its price, and lower ones until their moments (`steps`)."""

    TURN = 90

    class Audience(models.TextChoices):
        MEMBER = "member", _("member")
        GUEST = "guest", _("guest")
        VENDOR = "vendor", _("vendor")
        SPEAKER = "speaker", _("speaker")
        PRESS = "press", _("press")
        STAFF = "staff", _("staff")

    audience = models.CharField(
        _("audience"), max_length=20, choices=Audience.choices, default=Audience.GUEST
    )
    company_cap = models.PositiveIntegerField(_("places per company"), null=True, blank=True)
    quota = models.ForeignKey(
        Quota, models.SET_NULL, null=True, blank=True, related_name="tickets", verbose_name=_("shared quota")
    )
    least = models.PositiveIntegerField(_("at least per order"), default=1, db_default=1)
    most = models.PositiveIntegerField(_("at most per order"), null=True, blank=True)
    uses_pass = models.BooleanField(_("included in the membership’s passes"), default=False, db_default=False)
    is_public = models.BooleanField(_("offered on the event page"), default=True)
    is_default = models.BooleanField(_("used where no ticket is named"), default=False)

    objects = TicketQuerySet.as_manager()
    known_steps: "list[PriceStep] | None" = None  # where they were read together with the ticket

    class Meta(Offered.Meta):
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="ticket_slug_once_per_event"),
            models.UniqueConstraint(
                fields=["event"], condition=Q(is_default=True), name="one_default_ticket_per_event"
            ),
            models.CheckConstraint(name=NEVER_OVERSOLD, condition=NEVER_TOO_MANY),
            models.CheckConstraint(name="ticket_exempt_without_vat", condition=EXEMPT_WITHOUT_VAT),
        ]

    @property
    def left(self) -> int | None:
        """Places left, of its own and of those it shares; None where there is no limit."""
        shared = self.quota.left if self.quota else None
        limits = [left for left in (super().left, shared) if left is not None]
        return min(limits, default=None)

    @property
    def is_for_members(self) -> bool:
        """Whether it is a member's ticket."""
        return self.audience == self.Audience.MEMBER

    @property
    def needs_proof(self) -> bool:
        """Whether a mailed link must prove a member; at an event for members guests' tickets need it too."""
        among_members = self.event.visibility == Event.Visibility.MEMBERS
        return self.is_for_members or (among_members and self.audience == self.Audience.GUEST)

    @property
    def cost_now(self) -> Money:
        """The price that holds at this moment, with its currency."""
        ahead = self.steps_ahead()
        return ahead[0].cost if ahead else self.cost

    def steps_ahead(self, *, at: datetime.datetime | None = None) -> "list[PriceStep]":
        """The prices that hold until their moments, the one of this moment first."""
        steps = self.steps.all() if self.known_steps is None else self.known_steps
        now = at or timezone.now()
        return sorted((step for step in steps if now < step.until), key=lambda step: step.until)


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


class CompanyShare(models.Model):
    """How many places of a ticket one company has taken, counted in one conditional statement."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="shares")
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "company"], name="one_share_per_company")]

    def __str__(self) -> str:
        return f"{self.company}: {self.taken} × {self.ticket}"
