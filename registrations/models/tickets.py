"""Ticket types, their price steps, and companies' shares of their places."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.db.limited_stock import WITHIN_CAPACITY
from convention.events.models import Event
from convention.money import Money

from .quotas import Quota
from .sale_items import VAT_EXEMPTION_CONDITION, SaleItem

TICKET_CAPACITY_CONSTRAINT = "ticket_never_oversold"


class TicketQuerySet(models.QuerySet["Ticket"]):
    def with_prices(self) -> Self:
        """Load price steps and shared quotas along."""
        return self.select_related("quota").prefetch_related("price_steps")

    def for_members(self) -> Self:
        """Return the tickets for members, the one that people apply for last: the default, else the first.

        So a dict of these rows by event has that one.
        """
        return self.filter(audience=Ticket.Audience.MEMBER).order_by("is_default", "-position", "-pk")


class Ticket(SaleItem):
    """A ticket type; its `price` applies once all price steps are over.

    `company_cap` is how many members of one company can have it. It has places of its own, and takes one of
    its quota too, if it shares one.
    """

    # The row that all orders of a ticket wait for: locked last but for its quota.
    LOCK_ORDER = 90

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
    # Shares are counted only while there is a cap (`recount_company_shares`).
    company_cap = models.PositiveIntegerField(_("places per company"), null=True, blank=True)
    quota = models.ForeignKey(
        Quota, models.SET_NULL, null=True, blank=True, related_name="tickets", verbose_name=_("shared quota")
    )
    min_per_order = models.PositiveIntegerField(_("minimum per order"), default=1, db_default=1)
    max_per_order = models.PositiveIntegerField(_("maximum per order"), null=True, blank=True)
    uses_pass = models.BooleanField(_("free with a membership pass"), default=False, db_default=False)
    is_public = models.BooleanField(_("offered on the event page"), default=True)
    is_default = models.BooleanField(_("default ticket (imports)"), default=False)

    objects = TicketQuerySet.as_manager()
    loaded_price_steps: "list[PriceStep] | None" = None  # if they were loaded with the ticket

    class Meta(SaleItem.Meta):
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="ticket_slug_once_per_event"),
            models.UniqueConstraint(
                fields=["event"], condition=Q(is_default=True), name="one_default_ticket_per_event"
            ),
            models.CheckConstraint(name=TICKET_CAPACITY_CONSTRAINT, condition=WITHIN_CAPACITY),
            models.CheckConstraint(name="ticket_exempt_without_vat", condition=VAT_EXEMPTION_CONDITION),
        ]

    @property
    def own_remaining(self) -> int | None:
        """Return the places left of the ticket, whatever its quota; None without a limit."""
        return super().remaining

    @property
    def remaining(self) -> int | None:
        """Return the smaller number of places left, of the ticket or of its quota; None without a limit."""
        shared = self.quota.remaining if self.quota else None
        limits = [places for places in (self.own_remaining, shared) if places is not None]
        return min(limits, default=None)

    @property
    def is_for_members(self) -> bool:
        return self.audience == self.Audience.MEMBER

    @property
    def needs_member_verification(self) -> bool:
        """Return whether a mailed link has to verify a member.

        At an event for members only, guests' tickets need it too.
        """
        among_members = self.event.visibility == Event.Visibility.MEMBERS
        return self.is_for_members or (among_members and self.audience == self.Audience.GUEST)

    def count_company_places_left(self, company: Company, *, offer_count: int) -> int | None:
        """Return how many more places the company can have; None if the ticket has no cap.

        `offer_count` is how many places are on offer to its people: they are as good as taken, because
        accepting one must not exceed the cap.
        """
        if self.company_cap is None:
            return None
        reserved = self.shares.filter(company=company).values_list("reserved", flat=True).first() or 0
        return self.company_cap - reserved - offer_count

    @property
    def current_price(self) -> Money:
        """Return the price of this moment."""
        upcoming_steps = self.list_upcoming_steps()
        return upcoming_steps[0].cost if upcoming_steps else self.cost

    def list_upcoming_steps(self, *, at: datetime.datetime | None = None) -> "list[PriceStep]":
        """Return the price steps that end after `at` (default: now), the one that applies first."""
        # Filtered and sorted here, because a filtered query would not use the prefetched steps.
        steps = self.price_steps.all() if self.loaded_price_steps is None else self.loaded_price_steps
        now = at or timezone.now()
        return sorted((step for step in steps if now < step.ends_at), key=lambda step: step.ends_at)


class PriceStep(models.Model):
    """A price of a ticket until `ends_at`; of several, the one that ends next applies."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="price_steps")
    price = models.PositiveIntegerField(_("price, in cents"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("price step")
        verbose_name_plural = _("price steps")
        ordering = ["ends_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["ticket", "ends_at"], name="one_price_per_moment")]

    def __str__(self) -> str:
        return f"{self.ticket}: {self.price} < {self.ends_at}"

    @property
    def cost(self) -> Money:
        return Money(self.price, self.ticket.currency)


class CompanyShare(models.Model):
    """The number of places of a ticket that one company has; changed by conditional statements only."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="shares")
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    reserved = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "company"], name="one_share_per_company")]

    def __str__(self) -> str:
        return f"{self.company}: {self.reserved} × {self.ticket}"
